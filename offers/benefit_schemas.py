"""What a marketer may write about a benefit: its kind, what goes with that kind, its scope, minimums and floors.

Owns the validation of that part of a campaign document and its way there and back. Must not reckon (benefits.py does).
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from app.kernel.money import MAX_AMOUNT_MINOR
from offers.definition import ENTITLEMENTS, Benefit, BenefitKind, Tier

Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Words = Annotated[list[Word], Field(max_length=500)]
Minor = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)]
MinorFromOne = Annotated[int, Field(strict=True, ge=1, le=MAX_AMOUNT_MINOR)]
Items = Annotated[int, Field(strict=True, ge=1, le=1000)]
Percent = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]

NEEDS: dict[BenefitKind, tuple[str, ...]] = {
    BenefitKind.PERCENT: ("percent",),
    BenefitKind.AMOUNT: ("amount_minor",),
    BenefitKind.FIXED_PRICE: ("price_minor",),
    BenefitKind.FREE_ITEM: (),
    BenefitKind.BUY_X_GET_Y: ("buy_items", "get_items"),
    BenefitKind.TIERED: ("tiers",),
    BenefitKind.FREE_DELIVERY: (),
    BenefitKind.CASHBACK: ("payment_methods",),
    BenefitKind.POINTS: ("multiplier",),
}
MAY: dict[BenefitKind, tuple[str, ...]] = {
    BenefitKind.BUY_X_GET_Y: ("percent", "max_items"),
    BenefitKind.FIXED_PRICE: ("max_items",),
    BenefitKind.FREE_ITEM: ("max_items",),
    BenefitKind.CASHBACK: ("percent", "amount_minor"),
}
OF_A_KIND = (
    "percent",
    "amount_minor",
    "price_minor",
    "buy_items",
    "get_items",
    "tiers",
    "payment_methods",
    "multiplier",
)


def _fields_of(kind: BenefitKind) -> tuple[str, ...]:
    floors = () if kind in ENTITLEMENTS else ("floor_percent", "floor_unit_minor")
    most = () if kind is BenefitKind.POINTS else ("max_discount_minor",)
    return (*NEEDS[kind], *MAY.get(kind, ()), *most, *floors)


FIELDS: dict[str, tuple[str, ...]] = {kind.value: _fields_of(kind) for kind in BenefitKind}
"""What may be said of a benefit of each kind, beside its scope and its minimums: for forms."""


def two_decimals(value: float | None) -> float | None:
    if value is not None and abs(value * 100 - round(value * 100)) > 1e-6:
        raise ValueError("use at most two decimals, for example 12.5")
    return value


class TierIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    from_minor: Minor = Field(description="From this much on, reckoned over the items in scope.")
    percent: Percent | None = None
    amount_minor: MinorFromOne | None = None

    _percent = field_validator("percent")(two_decimals)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount_minor is None):
            raise ValueError("give percent or amount_minor, one of the two")
        return self


class BenefitIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: BenefitKind
    percent: Percent | None = Field(
        default=None,
        description="For kind percent: 0.01 to 100. For buy_x_get_y: off the gift, 100 unless said otherwise.",
    )
    amount_minor: Minor | None = None
    price_minor: Minor | None = None
    buy_items: Items | None = Field(default=None, description="For buy_x_get_y: how many are bought.")
    get_items: Items | None = Field(default=None, description="For buy_x_get_y: how many more come with them.")
    tiers: Annotated[list[TierIn], Field(max_length=20)] = Field(default=[], description="For tiered: the steps.")
    payment_methods: Annotated[list[Word], Field(max_length=20)] = Field(
        default=[], description="For cashback: paying with one of these earns it."
    )
    multiplier: Annotated[float, Field(gt=1, le=100, allow_inf_nan=False)] | None = Field(
        default=None, description="For points: 2 is double points."
    )
    product_ids: Words = []
    categories: Words = []
    min_basket_minor: Minor = 0
    min_items: Annotated[int, Field(strict=True, ge=0, le=1000)] = Field(
        default=0, description="So many items in scope must be in the basket."
    )
    max_items: Items | None = None
    max_discount_minor: MinorFromOne | None = None
    floor_percent: Annotated[float, Field(ge=0, lt=100, allow_inf_nan=False)] = Field(
        default=0, description="The share of each line that is always paid, in percent: your margin."
    )
    floor_unit_minor: Minor = Field(default=0, description="What is always paid for each item: your margin.")

    _percent = field_validator("percent", "multiplier", "floor_percent")(two_decimals)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        needs, may, kind = NEEDS[self.kind], MAY.get(self.kind, ()), self.kind.value
        for name in OF_A_KIND:
            given = getattr(self, name) not in (None, [])
            if given and name not in needs and name not in may:
                raise ValueError(f"kind {kind} needs {' and '.join(needs) or 'none of these'}; take out {name}")
            if not given and name in needs:
                raise ValueError(f"kind {kind} needs {' and '.join(needs)}; add {name}")
        if self.max_items is not None and "max_items" not in may:
            raise ValueError(f"max_items does not go with kind {kind}; take it out")
        if self.kind is BenefitKind.AMOUNT and not self.amount_minor:
            raise ValueError("amount_minor must be at least 1")
        if self.kind is BenefitKind.CASHBACK and bool(self.percent) == bool(self.amount_minor):
            raise ValueError("kind cashback needs percent or amount_minor, one of the two")
        if self.kind in ENTITLEMENTS and (self.floor_percent or self.floor_unit_minor):
            raise ValueError(f"kind {kind} takes nothing off a line; take out floor_percent and floor_unit_minor")
        if self.kind is BenefitKind.POINTS and self.max_discount_minor is not None:
            raise ValueError("kind points costs no money; take out max_discount_minor")
        return self

    @model_validator(mode="after")
    def _steps_rise(self) -> Self:
        starts = [tier.from_minor for tier in self.tiers]
        if len(set(starts)) != len(starts):
            raise ValueError("two tiers begin at the same from_minor; give each step its own")
        return self


def benefit_of(b: BenefitIn) -> Benefit:
    """As it is stored; lists are sorted, so that their order makes no new version."""
    percent = 100.0 if b.kind is BenefitKind.BUY_X_GET_Y and b.percent is None else b.percent or 0
    steps = sorted(b.tiers, key=lambda tier: tier.from_minor)
    return Benefit(
        kind=b.kind,
        percent_bp=round(percent * 100),
        amount_minor=b.amount_minor or 0,
        price_minor=b.price_minor or 0,
        product_ids=tuple(sorted(set(b.product_ids))),
        categories=tuple(sorted(set(b.categories))),
        min_basket_minor=b.min_basket_minor,
        max_items=b.max_items,
        max_discount_minor=b.max_discount_minor,
        buy_items=b.buy_items or 0,
        get_items=b.get_items or 0,
        tiers=tuple(Tier(t.from_minor, round((t.percent or 0) * 100), t.amount_minor or 0) for t in steps),
        payment_methods=tuple(sorted(set(b.payment_methods))),
        multiplier_bp=round((b.multiplier or 0) * 10_000),
        min_items=b.min_items,
        floor_bp=round(b.floor_percent * 100),
        floor_unit_minor=b.floor_unit_minor,
    )


def _step(tier: Tier) -> dict[str, Any]:
    given = {"percent": tier.percent_bp / 100} if tier.percent_bp else {"amount_minor": tier.amount_minor}
    return {"from_minor": tier.from_minor, **given}


def benefit_document(b: Benefit) -> dict[str, Any]:
    """The inverse of `benefit_of`: of what belongs to one kind only, that of this kind."""
    every: dict[str, Any] = {
        "percent": b.percent_bp / 100 if b.percent_bp else None,
        "amount_minor": b.amount_minor or None,
        "price_minor": b.price_minor,
        "buy_items": b.buy_items,
        "get_items": b.get_items,
        "tiers": [_step(tier) for tier in b.tiers],
        "payment_methods": list(b.payment_methods),
        "multiplier": b.multiplier_bp / 10_000,
    }
    own = (*NEEDS[b.kind], *MAY.get(b.kind, ()))
    return {
        "kind": b.kind.value,
        "product_ids": list(b.product_ids),
        "categories": list(b.categories),
        "min_basket_minor": b.min_basket_minor,
        "min_items": b.min_items,
        "max_items": b.max_items,
        "max_discount_minor": b.max_discount_minor,
        "floor_percent": b.floor_bp / 100,
        "floor_unit_minor": b.floor_unit_minor,
        **{name: value for name, value in every.items() if name in own and value is not None},
    }
