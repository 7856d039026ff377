"""Where a membership stands, and until when it gives anything. Pure.

Owns the rule. What the provider says comes from a re-read and is taken as it is: nothing here knows an order of arrival. A membership is worth what is
paid for: until the end of what was paid (or of the trial), and a little longer while a payment is tried again. So a pause that skips a payment skips
its time too, and nobody has by a trick what others pay for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class MembershipState(StrEnum):
    """`starting`: nothing is agreed at the provider yet. `incomplete`: the first payment waits for her. `past_due`: a payment failed and is tried again;
    `unpaid`: it is not any more. `paused`: by her own wish. `ended` is final."""

    STARTING = "starting"
    INCOMPLETE = "incomplete"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    ENDED = "ended"


GIVES = frozenset({MembershipState.TRIALING, MembershipState.ACTIVE, MembershipState.PAST_DUE})
RUNS = GIVES | {MembershipState.PAUSED, MembershipState.UNPAID}
"""It has begun and is not over."""


@dataclass(frozen=True, slots=True)
class PaidTime:
    """What one invoice stands for. One whose money is back stands for nothing."""

    ends_at: datetime
    paid: bool
    amount_minor: int
    refunded_minor: int

    @property
    def counts(self) -> bool:
        return self.paid and not (self.amount_minor and self.refunded_minor >= self.amount_minor)


def paid_until(trial_ends_at: datetime | None, invoices: Iterable[PaidTime]) -> datetime | None:
    """The end of what is paid for, or of the trial."""
    ends = [one.ends_at for one in invoices if one.counts]
    return max((*ends, *([trial_ends_at] if trial_ends_at else [])), default=None)


def gives_until(state: MembershipState, paid: datetime | None, *, leaves: bool, grace_days: int) -> datetime | None:
    """Until when it unlocks its benefits; None: it does not. Who leaves at the end of what she paid has no days of grace after it."""
    if state not in GIVES or paid is None:
        return None
    return paid if leaves else paid + timedelta(days=grace_days)
