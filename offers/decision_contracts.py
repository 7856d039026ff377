"""What is told of decisions: all of a moment at once inside the house, one by one outside it.

Owns shapes only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DecisionRecorded:
    """Event `decision.recorded`: a campaign has weighed a moment; `outcome` is offer or withheld. Inside the house it is told with the
    others of its moment (`moment.decided`)."""

    TYPE: ClassVar[str] = "decision.recorded"

    decision_id: str
    moment_id: str
    campaign_id: str
    shopper_id: str
    place_id: str
    outcome: str
    reason_codes: tuple[str, ...]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class MomentDecided:
    """Event `moment.decided`: all campaigns that listened have weighed a moment. Of each, at the same position of the last four fields,
    what `decision.recorded` says of it."""

    TYPE: ClassVar[str] = "moment.decided"

    moment_id: str
    shopper_id: str
    place_id: str
    decided_at: datetime
    decision_ids: tuple[str, ...]
    campaign_ids: tuple[str, ...]
    outcomes: tuple[str, ...]
    reason_codes: tuple[tuple[str, ...], ...]

    def each(self) -> Iterator[DecisionRecorded]:
        """One by one, in their order."""
        for decision_id, campaign_id, outcome, codes in zip(self.decision_ids, self.campaign_ids, self.outcomes, self.reason_codes, strict=True):
            yield DecisionRecorded(decision_id, self.moment_id, campaign_id, self.shopper_id, self.place_id, outcome, codes, self.decided_at)
