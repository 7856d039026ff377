"""What a marketer may write about the coupon of a campaign: how long and where it is good, how it is shown, how often it is used.

Owns the validation of that part of a campaign document and its way there and back. Must not mint one (minting.py).
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from offers.definition import CouponPlaces, CouponTerms, Show

MOST_DAYS_S = 366 * 86_400
MOST_USES = 20


class CouponIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    valid_for_s: Annotated[int, Field(strict=True, ge=60, le=MOST_DAYS_S)] = 86_400
    places: CouponPlaces = CouponPlaces.CAMPAIGN
    in_app: bool = True
    at_till: bool = True
    show: Show = Field(
        default=Show.BY_VALUE,
        description="What the till asks to see: `live` the changing code of her phone, `any` also paper or a picture, `by_value` the live code where the coupon may take off more than the house allows without.",
    )
    uses: Annotated[int, Field(strict=True, ge=1, le=MOST_USES)] = Field(
        default=1, description="How often it can be used: she gets a book of that many coupons. Caps and budget count each of them."
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not (self.in_app or self.at_till):
            raise ValueError("a coupon must be usable in_app or at_till")
        return self


def coupon_of(given: CouponIn) -> CouponTerms:
    return CouponTerms(**given.model_dump())


def coupon_document(terms: CouponTerms) -> dict[str, Any]:
    """The inverse of `coupon_of`."""
    return {
        "valid_for_s": terms.valid_for_s,
        "places": terms.places.value,
        "in_app": terms.in_app,
        "at_till": terms.at_till,
        "show": terms.show.value,
        "uses": terms.uses,
    }
