"""What the routes of memberships accept and answer."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from storefront.membership_contracts import MembershipView
from storefront.orders.schemas import KeptId, MethodToken, PaymentOut, ReturnPath
from storefront.payments.collecting import Means

PlanId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class CardIn(BaseModel):
    """A card: a token of the provider's page, or one you have kept. Neither: your browser goes on with the answer's client secret."""

    model_config = ConfigDict(extra="forbid")

    payment_method: MethodToken | None = None
    kept_method: KeptId | None = None
    return_url: ReturnPath | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.payment_method is not None and self.kept_method is not None:
            raise ValueError("name payment_method or kept_method, not both")
        return self

    @property
    def means(self) -> Means:
        return Means(self.payment_method, self.kept_method)


class JoinIn(CardIn):
    """`expected_amount_minor` is the price you were shown, for each month or year."""

    plan_id: PlanId
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    expected_amount_minor: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]


class ChangeIn(BaseModel):
    """As `GET /v1/membership/change` has said it within the last quarter of an hour."""

    model_config = ConfigDict(extra="forbid")

    plan_id: PlanId
    expected_due_minor: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
    priced_at: datetime


class MembershipRefundIn(BaseModel):
    """How much; left out: everything that is not back yet."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] | None = None


class SetupOut(BaseModel):
    """A card being made ready: `state` is needs_method, needs_action, succeeded or cancelled. Go on with `client_secret`, or at `action_url`."""

    state: str
    client_secret: str | None
    publishable_key: str | None
    action_url: str | None
    decline: str | None
    decline_text: str | None


class MembershipStepOut(BaseModel):
    """Your membership, and what still waits for you: a payment, or a card being made ready."""

    membership: MembershipView | None
    payment: PaymentOut | None = None
    setup: SetupOut | None = None
