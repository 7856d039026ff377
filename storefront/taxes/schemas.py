"""What the routes of taxes take."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TaxClass = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,19}$"), Field(description="standard, food, meal, books, voucher (gift cards), or one of yours.")]


class RateIn(BaseModel):
    """A rate from a day on. `rate_bp` 2550 is 25.5 %."""

    model_config = ConfigDict(extra="forbid")

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{0,10}$")] = ""
    tax_class: TaxClass
    valid_from: Annotated[date, Field(ge=date(1960, 1, 1), le=date(2199, 12, 31))]
    rate_bp: Annotated[int, Field(strict=True, ge=0, le=10_000)]
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]


class ClassIn(BaseModel):
    """The class of a category's products."""

    model_config = ConfigDict(extra="forbid")

    tax_class: TaxClass
