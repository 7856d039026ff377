"""What the storefront asks of a provider of subscriptions, and what it is told.

Owns the port and its shapes. Errors are those of payments: GatewayUnreachable (the outcome is not known: ask again with the same key), GatewayRefused
(nothing was done), GatewayMisconfigured. A declined card is an answer, not an error. The money of an open invoice is taken by the payment gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from storefront.memberships.plan import Terms
from storefront.memberships.states import MembershipState
from storefront.methods.cards import Card


class InvoiceState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


@dataclass(frozen=True, slots=True)
class ToldInvoice:
    """`due_minor` is asked for, `paid_minor` is the money that came; `payment_id` by which it came or can come. `renews`: it is for a further period. `next_try_at`: when the
    provider tries again by itself."""

    id: str
    state: InvoiceState
    due_minor: int
    paid_minor: int
    currency: str
    starts_at: datetime
    ends_at: datetime
    told_at: datetime
    paid_at: datetime | None = None
    renews: bool = False
    payment_id: str | None = None
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A subscription as it is at the provider now. `leaves_at`: it ends then, by her wish. `end_reason`: a reason code."""

    id: str
    membership_id: str | None
    payer: str = field(repr=False)
    state: MembershipState
    terms: Terms
    period_ends_at: datetime
    trial_ends_at: datetime | None = None
    leaves_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    card: Card | None = None
    invoices: tuple[ToldInvoice, ...] = ()

    @property
    def due(self) -> ToldInvoice | None:
        """The newest that waits for money."""
        waiting = [one for one in self.invoices if one.state is InvoiceState.OPEN]
        return max(waiting, key=lambda one: (one.told_at, one.id), default=None)


class SetupState(StrEnum):
    NEEDS_METHOD = "needs_method"
    NEEDS_ACTION = "needs_action"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Setup:
    """A card being made ready to be charged later, while nothing is charged: `token` is the card once it is."""

    id: str
    state: SetupState
    payer: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    action_url: str | None = None
    decline: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of plan would cost at that second: to pay now, or left over for what comes next."""

    due_minor: int
    left_minor: int
    currency: str
    at: datetime


class BillingGateway(Protocol):
    """The verbs. Those that make something take a `key`: the same key does it once and answers the same."""

    def open_setup(self, *, membership_id: str, payer: str, key: str) -> Setup: ...

    def confirm_setup(self, setup_id: str, *, method: str, return_url: str | None, key: str) -> Setup: ...

    def read_setup(self, setup_id: str) -> Setup: ...

    def begin(self, *, membership_id: str, payer: str, terms: Terms, trial_days: int, token: str | None, key: str) -> Told:
        """Agree on it. Without a trial nothing is charged before the payment of its first invoice is confirmed."""
        ...

    def read(self, subscription_id: str) -> Told:
        """The truth now."""
        ...

    def pause(self, subscription_id: str) -> Told:
        """Nothing is asked for until it goes on."""
        ...

    def resume(self, subscription_id: str, *, anew: bool) -> Told:
        """It goes on; `anew`: a period begins now, and is asked for."""
        ...

    def leave(self, subscription_id: str, *, leaves: bool) -> Told:
        """Whether it ends with the period."""
        ...

    def end(self, subscription_id: str) -> None:
        """It is over at once. One that is over, or not known, is so already."""
        ...

    def use_card(self, subscription_id: str, token: str) -> Told:
        """From now on it is paid with this."""
        ...

    def price_change(self, subscription_id: str, terms: Terms, at: datetime) -> Change: ...

    def change(self, subscription_id: str, terms: Terms, at: datetime) -> Told:
        """Other terms from `at` on, and what they cost is paid at once or nothing is changed: raises GatewayRefused then."""
        ...
