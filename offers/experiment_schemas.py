"""What a marketer may write about an experiment: the share that is held out, and the versions of the offer.

Owns the validation of that part of a campaign document and its way there and back. Must not draw (experiment.py does).
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.money import MAX_AMOUNT_MINOR
from offers.definition import Experiment, Variant

HOLDOUT_BP = 1_000
"""Of a new campaign: one shopper in ten is not made the offer, so that one can tell what it brings."""

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=160, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Minor = Annotated[int, Field(strict=True, ge=1, le=MAX_AMOUNT_MINOR)]
VALUE_OF_KIND = {"percent": "percent", "amount": "amount_minor", "fixed_price": "price_minor"}


class VariantIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")] = Field(
        description="Letters, digits, - and _; `holdout` is taken."
    )
    weight: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        default=1, description="Its share of all weights."
    )
    title: Annotated[Text, Field(max_length=120)] | None = None
    because: Text | None = None
    percent: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    amount_minor: Minor | None = None
    price_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)] | None = None
    max_discount_minor: Minor | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.name == "holdout":
            raise ValueError("`holdout` is the group that is offered nothing; choose another name")
        if self.percent is not None and abs(self.percent * 100 - round(self.percent * 100)) > 1e-6:
            raise ValueError("percent: use at most two decimals, for example 12.5")
        return self


class ExperimentIn(BaseModel):
    """Drawn for each shopper from salt, shopper and campaign; the same each time, and for each campaign anew."""

    model_config = ConfigDict(extra="forbid")

    holdout_bp: Annotated[int, Field(strict=True, ge=0, le=9_000)] = Field(
        default=HOLDOUT_BP, description="Share of shoppers who are not made the offer, in basis points (1000 is 10 %)."
    )
    variants: Annotated[list[VariantIn], Field(max_length=10)] = []
    salt: Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")] = Field(
        default="", description="Another salt draws everybody anew; leave it alone while the campaign runs."
    )

    @model_validator(mode="after")
    def _tells_them_apart(self) -> Self:
        if len(self.variants) == 1:
            raise ValueError("one variant is no test; give at least two, or none")
        if len({v.name for v in self.variants}) != len(self.variants):
            raise ValueError("two variants have the same name; name each differently")
        return self

    def must_fit(self, kind: str, budget_minor: int | None) -> None:
        """Raises ValueError where a variant's value does not go with the campaign's benefit or budget."""
        for variant in self.variants:
            for name in VALUE_OF_KIND.values():
                if getattr(variant, name) is not None and VALUE_OF_KIND.get(kind) != name:
                    raise ValueError(f"variant {variant.name}: {name} does not go with kind {kind}; take it out")
            most = [m for m in (variant.amount_minor, variant.max_discount_minor) if m is not None]
            if budget_minor is not None and most and min(most) > budget_minor:
                raise ValueError(f"variant {variant.name}: one coupon may cost more than the budget; lower it")


def experiment_of(given: ExperimentIn) -> Experiment:
    """As it is stored; variants by name, so that their order makes no new version."""
    variants = tuple(
        Variant(
            v.name,
            v.weight,
            v.title,
            v.because.rstrip(".") if v.because is not None else None,
            round(v.percent * 100) if v.percent is not None else None,
            v.amount_minor,
            v.price_minor,
            v.max_discount_minor,
        )
        for v in sorted(given.variants, key=lambda v: v.name)
    )
    return Experiment(given.holdout_bp, variants, given.salt)


def experiment_document(experiment: Experiment) -> dict[str, Any]:
    """The inverse of `experiment_of`."""
    variants: list[dict[str, Any]] = []
    for v in experiment.variants:
        document: dict[str, Any] = {"name": v.name, "weight": v.weight, "title": v.title, "because": v.because}
        document |= {"percent": v.percent_bp / 100 if v.percent_bp is not None else None}
        document |= {"amount_minor": v.amount_minor, "price_minor": v.price_minor}
        variants.append(document | {"max_discount_minor": v.max_discount_minor})
    return {"holdout_bp": experiment.holdout_bp, "variants": variants, "salt": experiment.salt}
