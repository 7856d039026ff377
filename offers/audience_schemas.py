"""What a marketer may write about the audience of a campaign.

Owns the validation of that part of a campaign document and its way there and back. Must not decide (segments.py does).
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.money import MAX_AMOUNT_MINOR
from offers.segments import (
    OF_ANSWERS,
    OF_COUPONS,
    OF_HERSELF,
    OF_MEMBERSHIPS,
    OF_ORDERS,
    OF_VISITS,
    SCOPES,
    Fact,
    Segment,
)

MOST_DEPTH, MOST_CONDITIONS = 4, 20
VISIT_DAYS, ORDER_DAYS = 90, 730
"""So far back: visits and orders are not kept for longer."""

Named = Annotated[
    list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]],
    Field(max_length=100),
]  # fmt: skip
Bound = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)]
SCOPES_OF: dict[frozenset[Fact], tuple[str, ...]] = {
    OF_HERSELF: (),
    OF_MEMBERSHIPS: ("plan_ids",),
    OF_VISITS: ("place_ids", "chains", "tags"),
    OF_ORDERS: ("product_ids", "categories"),
    OF_COUPONS: ("campaign_ids",),
    OF_ANSWERS: ("answers",),
}
WITHOUT_WINDOW = OF_HERSELF | OF_MEMBERSHIPS | {Fact.DAYS_SINCE_VISIT, Fact.DAYS_SINCE_ORDER}


class SegmentIn(BaseModel):
    """A condition (`fact` and a bound), or lists of them joined: all of `all`, one of `any`, none of `none`."""

    model_config = ConfigDict(extra="forbid")

    all: Annotated[list["SegmentIn"], Field(max_length=MOST_CONDITIONS)] = []
    any: Annotated[list["SegmentIn"], Field(max_length=MOST_CONDITIONS)] = []
    none: Annotated[list["SegmentIn"], Field(max_length=MOST_CONDITIONS)] = []
    fact: Fact | None = None
    at_least: Bound | None = Field(default=None, description="Inclusive.")
    at_most: Bound | None = Field(default=None, description="Inclusive; 0 is none at all.")
    within_days: Annotated[int, Field(strict=True, ge=1, le=ORDER_DAYS)] | None = Field(
        default=None, description="Days of 24 hours before now; visits up to 90, orders and coupons up to 730."
    )
    place_ids: Named = []
    chains: Named = []
    tags: Named = []
    product_ids: Named = []
    categories: Named = []
    campaign_ids: Named = []
    plan_ids: Named = []
    answers: Named = Field(default=[], description="What was chosen in surveys, as survey/question/choice; how many of them she chose is what counts.")
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(
        default=None, description="For spent_minor; that of the campaign unless said otherwise."
    )

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        joined = bool(self.all or self.any or self.none)
        alone = [name for name in type(self).model_fields if name not in ("all", "any", "none") and getattr(self, name) not in (None, [])]
        if joined and alone:
            raise ValueError(f"conditions are joined here; put {', '.join(alone)} into one of them")
        if not joined and self.fact is None:
            raise ValueError("give a fact with at_least or at_most, or conditions in all, any or none")
        return self

    @model_validator(mode="after")
    def _fits_its_fact(self) -> Self:
        fact = self.fact
        if fact is None:
            return self
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"{fact.value} needs at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most: nobody could be meant")
        if fact in (Fact.ACCOUNT, Fact.MESSAGES, Fact.MEMBER) and (self.at_least, self.at_most) not in ((1, None), (None, 0)):
            raise ValueError(f"{fact.value} is yes or no; say at_least: 1 or at_most: 0")
        may = next(scopes for facts, scopes in SCOPES_OF.items() if fact in facts)
        for name in SCOPES:
            if getattr(self, name) and name not in may:
                raise ValueError(f"{name} does not go with {fact.value}; take it out")
        if self.currency is not None and fact is not Fact.SPENT_MINOR:
            raise ValueError("currency goes with spent_minor alone; take it out")
        if self.within_days is not None and fact in WITHOUT_WINDOW:
            raise ValueError(f"within_days does not go with {fact.value}; take it out")
        if fact in OF_VISITS and (self.within_days or 0) > VISIT_DAYS:
            raise ValueError(f"visits are kept for {VISIT_DAYS} days; within_days is at most that")
        return self

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        deep, many = _size(self)
        if deep > MOST_DEPTH:
            raise ValueError(f"nested deeper than {MOST_DEPTH} levels; no audience needs that")
        if many > MOST_CONDITIONS:
            raise ValueError(f"{many} conditions; at most {MOST_CONDITIONS}")
        return self


def _size(given: SegmentIn) -> tuple[int, int]:
    inner = [_size(one) for one in (*given.all, *given.any, *given.none)]
    return 1 + max((deep for deep, _ in inner), default=0), (given.fact is not None) + sum(many for _, many in inner)


def segment_of(given: SegmentIn, currency: str) -> Segment:
    """As it is stored; names are sorted, so that their order makes no new version."""
    joined = {name: tuple(segment_of(one, currency) for one in getattr(given, name)) for name in ("all", "any", "none")}
    scopes = {name: tuple(sorted(set(getattr(given, name)))) for name in SCOPES}
    return Segment(
        **joined,
        **scopes,
        fact=given.fact.value if given.fact is not None else None,
        at_least=given.at_least,
        at_most=given.at_most,
        within_days=given.within_days,
        currency=(given.currency or currency) if given.fact is Fact.SPENT_MINOR else None,
    )


def segment_document(segment: Segment) -> dict[str, Any]:
    """The inverse of `segment_of`; what is not asked is left out."""
    out: dict[str, Any] = {
        name: [segment_document(one) for one in inner]
        for name in ("all", "any", "none")
        if (inner := getattr(segment, name))
    }
    for name in ("fact", "at_least", "at_most", "within_days", "currency"):
        if getattr(segment, name) is not None:
            out[name] = getattr(segment, name)
    return out | {name: list(named) for name in SCOPES if (named := getattr(segment, name))}
