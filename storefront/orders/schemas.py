"""What the routes of checkout and orders take and give."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from app.kernel.money import MAX_AMOUNT_MINOR
from storefront.cash.risk import PayBy
from storefront.collection.proof import LiveProof
from storefront.contracts import CollectionView, DeliveryView, OrderDetail
from storefront.orders.return_policy import Cause

MethodToken = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_]{3,120}$"),
    Field(description="A payment method's token from the provider's page (pm_...); never a card number."),
]
ReturnPath = Annotated[
    str,
    StringConstraints(pattern=r"^/([!-.0-\[\]-~][!-~]{0,400})?$"),
    Field(description="A path of this site to come back to after the bank's page, such as /m/orders."),
]
Id = Annotated[str, StringConstraints(min_length=1, max_length=60)]


KeptId = Annotated[str, StringConstraints(min_length=1, max_length=60), Field(description="One of GET /v1/me/payment-methods, instead of `payment_method`.")]
Keep = Annotated[bool, Field(description="Keep what you pay with for the next time. Only if you say so.")]


class MeansIn(BaseModel):
    """What is paid with."""

    model_config = ConfigDict(extra="forbid")

    payment_method: MethodToken | None = None
    kept_method: KeptId | None = None
    keep_method: Keep = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.kept_method is not None and (self.payment_method is not None or self.keep_method):
            raise ValueError("name a kept method, or another one that may be kept, not both")
        return self


class CheckoutIn(MeansIn):
    """Without `payment_method` the order is placed and the browser confirms the payment itself. `pay_by`: one of the ways the quote names in `pay`; in cash the order
    stands at once and is paid when it is handed over. `use_balance`: what the quote calls
    `balance_minor` is taken from your balance."""

    return_url: ReturnPath | None = None
    expected_total_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)] | None = None
    place_id: Id | None = None
    use_balance: bool = False
    expected_balance_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)] | None = None
    pay_by: PayBy = PayBy.ONLINE

    @model_validator(mode="after")
    def _cash_alone(self) -> Self:
        if self.pay_by is not PayBy.ONLINE and (self.payment_method is not None or self.kept_method is not None or self.keep_method):
            raise ValueError("pay in cash, or name a payment method, not both")
        return self


class ConfirmIn(MeansIn):
    """Another try to pay, with another method perhaps; without one the payment is only looked up."""

    return_url: ReturnPath | None = None


class RefundIn(BaseModel):
    """`restock` false when the pieces do not come back."""

    model_config = ConfigDict(extra="forbid")

    restock: bool = True


class PiecesIn(BaseModel):
    """So many pieces of one line of the order."""

    model_config = ConfigDict(extra="forbid")

    line_no: Annotated[int, Field(strict=True, ge=1, le=1000)]
    quantity: Annotated[int, Field(strict=True, ge=1, le=99)]


class ReturnIn(BaseModel):
    """What comes back, each line once; `restock` false when the pieces do not go back on the shelf, `to_credit` says whether the
    money goes to her balance; without it as she asked for."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[PiecesIn], Field(min_length=1, max_length=201)]
    restock: bool = True
    to_credit: bool | None = None

    @field_validator("lines")
    @classmethod
    def _each_once(cls, lines: list[PiecesIn]) -> list[PiecesIn]:
        if len({one.line_no for one in lines}) != len(lines):
            raise ValueError("name each line once, with all the pieces of it that come back")
        return lines


class GiveBackIn(BaseModel):
    """Which pieces, each line once, why, and whether the money shall go to her balance. `exchange_for`: a product (or variant) she wants instead, for
    pieces of one line; then only what is left over is money."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[PiecesIn], Field(min_length=1, max_length=201)]
    reason: Cause
    to_credit: bool = False
    exchange_for: Id | None = None


class GiveBackNowIn(GiveBackIn):
    """`expected_minor` is what the quote said she gets, `expected_pay_minor` what she pays for the exchange."""

    expected_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)]
    expected_pay_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)] = 0


class PaymentOut(BaseModel):
    """What the browser needs to go on paying. `state`: needs_method, needs_action (go to `action_url`), processing, succeeded, cancelled."""

    provider: str
    payment_id: str
    state: str
    client_secret: str | None
    publishable_key: str | None
    action_url: str | None
    decline: str | None
    decline_text: str | None


class OrderOut(BaseModel):
    """An order and, while there is one, its payment."""

    detail: OrderDetail
    payment: PaymentOut | None


class SlotIn(BaseModel):
    """One of the times GET /v1/orders/{id}/delivery, or of a booking GET /v1/orders/{id}/bookings, names."""

    model_config = ConfigDict(extra="forbid")

    slot_id: Id


class OtherSlotOut(BaseModel):
    """`left` 0: full."""

    slot_id: str
    starts_at: datetime
    ends_at: datetime
    left: int


class DeliveryOut(BaseModel):
    """`to`: the address as on a label. No delivery: the order is not brought at a time."""

    delivery: DeliveryView | None
    to: tuple[str, ...]
    others: list[OtherSlotOut]


class CollectionOut(BaseModel):
    """No collection: the order is not fetched from a store. `proof`: the code to show there, while it is ready."""

    collection: CollectionView | None
    proof: LiveProof | None


class ProofIn(BaseModel):
    """What was scanned or typed."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(min_length=1, max_length=120)]
