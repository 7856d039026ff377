"""What may leave memberships: the plans, what somebody has and pays, what a file would change, and what others may want to hear.

Owns shapes only. contracts.py hands them out with the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as it can be joined. `prices`: currency -> minor units for each `every`, tax included. `trial_days` is 0 for who has had a trial."""

    id: str
    name: str
    every: str
    prices: Mapping[str, int]
    trial_days: int
    benefits: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class MembershipInvoiceView:
    """`state`: open, paid, void, uncollectible. `papers`: the numbers of its receipt and credit notes."""

    id: str
    state: str
    amount_minor: int
    refunded_minor: int
    currency: str
    starts_at: datetime
    ends_at: datetime
    paid_at: datetime | None
    papers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MembershipView:
    """`state`: starting, incomplete, trialing, active, past_due, unpaid, paused, ended; `text` says it in words. `gives_until`: its benefits are hers until
    then. `leaves_at`: it ends then, by her wish. `next_try_at`: a failed payment is tried again. `card`: what it is paid with (visa 4242)."""

    id: str
    plan_id: str
    plan_name: str
    amount_minor: int
    currency: str
    every: str
    state: str
    text: str
    benefits: tuple[str, ...]
    gives: bool
    gives_until: datetime | None
    trial_ends_at: datetime | None
    period_ends_at: datetime | None
    leaves_at: datetime | None
    next_try_at: datetime | None
    card: str | None
    joined_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    invoices: tuple[MembershipInvoiceView, ...]


@dataclass(frozen=True, slots=True)
class MembershipsView:
    """What there is to join, and what she has or had last."""

    plans: tuple[PlanView, ...]
    membership: MembershipView | None


@dataclass(frozen=True, slots=True)
class MembershipPlan:
    """What applying a file would change. `version` None: there is no plan yet."""

    version: int | None
    changes: tuple[str, ...]

    @property
    def changes_something(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class MembershipMoved:
    """What every event of a membership says."""

    membership_id: str
    shopper_id: str
    plan_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MembershipStarted(MembershipMoved):
    """Event `membership.started`: its benefits are hers from now on, in a trial or paid."""

    TYPE: ClassVar[str] = "membership.started"


@dataclass(frozen=True, slots=True)
class MembershipRenewed(MembershipMoved):
    """Event `membership.renewed`: a further period is paid."""

    TYPE: ClassVar[str] = "membership.renewed"

    invoice_id: str
    paid_until: datetime


@dataclass(frozen=True, slots=True)
class MembershipPaymentFailed(MembershipMoved):
    """Event `membership.payment_failed`: a payment failed. Its benefits stay until `gives_until`, while it is tried again."""

    TYPE: ClassVar[str] = "membership.payment_failed"

    invoice_id: str
    gives_until: datetime


@dataclass(frozen=True, slots=True)
class MembershipPaused(MembershipMoved):
    """Event `membership.paused`: nothing is charged and nothing unlocked until she goes on."""

    TYPE: ClassVar[str] = "membership.paused"


@dataclass(frozen=True, slots=True)
class MembershipResumed(MembershipMoved):
    """Event `membership.resumed`: it goes on after a pause, or after a payment that had failed."""

    TYPE: ClassVar[str] = "membership.resumed"


@dataclass(frozen=True, slots=True)
class MembershipEnded(MembershipMoved):
    """Event `membership.ended`: it is over; `reason` says why."""

    TYPE: ClassVar[str] = "membership.ended"

    reason: str
