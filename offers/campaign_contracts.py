"""What may leave the room about a campaign's life: what a version changed, who moved it, what a file would do.

Owns shapes only; other rooms import them from contracts.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class CampaignChange:
    """One field of a campaign that differs: `field` is its path, `text` says it in words."""

    field: str
    before: Any
    after: Any
    text: str


@dataclass(frozen=True, slots=True)
class CampaignPreview:
    """What a campaign would say if it were written down: the whole document, its benefit in words.

    `changes` are against `compared_to`, the version that was live last, or the one in force if none ever was; None: a new campaign.
    """

    document: dict[str, Any]
    benefit_text: str
    compared_to: int | None
    was_live: bool
    changes: tuple[CampaignChange, ...]


@dataclass(frozen=True, slots=True)
class PlannedCampaign:
    """What a file would do to one campaign: `moves` in their order (none: it stays), `changes` and `said` in words."""

    id: str
    name: str
    version: int | None
    moves: tuple[str, ...]
    changes: tuple[CampaignChange, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """One entry for each campaign of the file."""

    campaigns: tuple[PlannedCampaign, ...]

    @property
    def changes_something(self) -> bool:
        return any(one.moves for one in self.campaigns)


@dataclass(frozen=True, slots=True)
class CampaignStepView:
    """Who moved it, when, from which state to which, and why."""

    version: int
    from_state: str
    to_state: str
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class CampaignVersionView:
    """`changes` is what it says otherwise than the version before it."""

    version: int
    created_by: str
    created_at: datetime
    changes: tuple[CampaignChange, ...]


@dataclass(frozen=True, slots=True)
class CampaignHistory:
    """Moves and versions, oldest first."""

    campaign_id: str
    steps: tuple[CampaignStepView, ...]
    versions: tuple[CampaignVersionView, ...]
