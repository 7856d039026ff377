"""What the routes of balances and gift cards take."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class CodeIn(BaseModel):
    """A gift card's code, as it is printed; spaces, dashes and small letters do no harm."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class CardIn(BaseModel):
    """A card to give away, or to sell outside."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: Annotated[int, Field(strict=True, ge=1, le=100_000_00)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    valid_days: Annotated[int, Field(strict=True, ge=1, le=3650)] = 3 * 365
