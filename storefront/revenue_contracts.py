"""What may leave the books of revenue: what a new file of terms would change, a partner's statement with its lines, and what others may want to hear.

Owns shapes only. Nothing here says who bought or looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RevenuePlan:
    """`version`: in force now, None: there are no terms yet. Without `changes` there is nothing to do."""

    version: int | None
    changes: tuple[str, ...]

    @property
    def changes_something(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booking. `kind`: commission or placement. `base_minor`: by how much more (or, below nothing, less) the line is kept than before. `why`: paid,
    pieces_returned, refunded or disputed; viewed or clicked."""

    kind: str
    cause: str
    line_no: int
    product_id: str
    rate_bp: int
    base_minor: int
    amount_minor: int
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """What a partner owes for a month (or, below nothing, is owed). `id`, `sha256` and `closed_at`: once it is closed, and nothing in it changes any more."""

    partner_id: str
    partner_name: str
    period: str
    currency: str
    commission_minor: int
    placements_minor: int
    total_minor: int
    id: str | None
    sha256: str | None
    closed_at: datetime | None
    lines: tuple[StatementLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacementFigures:
    """`spent_minor` of `budget_minor`. `views` and `clicks` are counted, however it is paid for."""

    id: str
    partner_id: str
    product_id: str
    views: int
    clicks: int
    spent_minor: int
    budget_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class StatementClosed:
    """Event `statement.closed`: for whoever bills. The lines are read by its id."""

    TYPE: ClassVar[str] = "statement.closed"

    statement_id: str
    partner_id: str
    period: str
    currency: str
    total_minor: int
    closed_at: datetime
