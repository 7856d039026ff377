"""What the storefront asks of a payment provider, and what it is told: five verbs about a payment, four about what is kept for the next one.

Owns the port and its shapes. A provider's words are translated in its adapter; nobody else knows them.
Errors: GatewayUnreachable (the outcome is not known: ask again with the same key), GatewayRefused (nothing was done),
GatewayMisconfigured. A declined card or an unknown method is an answer, not an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from storefront.disputes.states import DisputeTold
from storefront.methods.cards import Card


class PaymentState(StrEnum):
    """`succeeded` and `cancelled` are final; a decline leads back to `needs_method`."""

    NEEDS_METHOD = "needs_method"
    NEEDS_ACTION = "needs_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Payment:
    """What the provider says of one payment at one moment.

    `received_minor` is what was taken, `refunded_minor` what of it went back. `action_url` is where the shopper proves to
    her bank that it is she. `decline` is a reason code (storefront/reasons.py): why the
    last try failed, also once the payment is cancelled. `client_secret` lets her browser, and
    nobody else, go on with this payment. `methods` are the names of the way it was paid (`card`, `visa`, `apple_pay`); none
    while that is not told. `fingerprint` is the provider's own mark of the card or account, where it is told: the same card has
    the same, whoever pays with it. `payer` is the account at the provider the payment belongs to, if it belongs to one; `keeps`: what it is paid with
    will be attached to that. `card` is what it was paid with, where that is told.
    """

    id: str
    state: PaymentState
    amount_minor: int
    received_minor: int
    refunded_minor: int
    currency: str
    order_id: str | None
    client_secret: str | None = None
    action_url: str | None = None
    decline: str | None = None
    methods: tuple[str, ...] = ()
    fingerprint: str | None = field(default=None, repr=False)
    payer: str | None = field(default=None, repr=False)
    keeps: bool = False
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class PaymentNews:
    """A provider's event: `payment` is None for news that say nothing of a payment's truth, `dispute` for those that say nothing of a dispute.
    `subscription_id` or `membership_id`: what is to be looked at anew."""

    event_id: str
    kind: str
    payment: Payment | None
    dispute: DisputeTold | None = None
    subscription_id: str | None = None
    membership_id: str | None = None


class PaymentGateway(Protocol):
    """The verbs. Those that change something take a `key`: the same key does it once and answers the same."""

    @property
    def name(self) -> str: ...

    @property
    def publishable_key(self) -> str | None: ...

    def create_payment(self, *, order_id: str, amount_minor: int, currency: str, key: str) -> Payment:
        """Announce a payment; no money moves yet."""
        ...

    def confirm_payment(self, payment_id: str, *, method: str, return_url: str | None, key: str) -> Payment:
        """Try to take the money with `method` (a token, never a card number)."""
        ...

    def read_payment(self, payment_id: str) -> Payment:
        """The truth now."""
        ...

    def cancel_payment(self, payment_id: str) -> Payment:
        """Make sure no money can be taken any more; answers the truth when it already was."""
        ...

    def refund_payment(self, payment_id: str, *, key: str, amount_minor: int | None = None) -> Payment:
        """Give back so much, or everything that was taken and not yet given back; answers the payment afterwards."""
        ...

    def open_payer(self, *, key: str) -> str:
        """An account for somebody, with nothing about her in it: methods are attached to it. Returns the provider's name for it."""
        ...

    def bind_payment(self, payment_id: str, *, payer: str | None, keep: bool) -> Payment:
        """Before it is confirmed: whose it is (None: that stays as it is), and whether what it is paid with shall be attached to that account."""
        ...

    def detach_method(self, token: str) -> None:
        """It pays nothing any more. One that is not attached, or not known, is gone already."""
        ...

    def close_payer(self, payer: str) -> None:
        """The account goes with all that is attached to it. One that is not known is gone already."""
        ...
