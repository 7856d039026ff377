"""What the routes of cash take."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.money import MAX_AMOUNT_MINOR
from storefront.cash.claims import Means
from storefront.cash.drawers import Differs, Kind

Minor = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Place = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Day = Annotated[date | None, Field(description="As the shop's clock has it; today unless named.")]


class TakeIn(BaseModel):
    """What is put down for the whole of what is due; by card terminal exactly that. `code`: what her phone shows, to hand the goods over with it."""

    model_config = ConfigDict(extra="forbid")

    means: Means = Means.CASH
    tendered_minor: Minor
    code: Annotated[str, StringConstraints(max_length=120)] = ""


class PayOutIn(BaseModel):
    """`to_balance`: nothing is handed out, it becomes her balance."""

    model_config = ConfigDict(extra="forbid")

    to_balance: bool = False


class DrawerIn(BaseModel):
    """A drawer with what lies in it."""

    model_config = ConfigDict(extra="forbid")

    place_id: Place
    kind: Kind = Kind.TILL
    float_minor: Minor
    currency: Currency


class ShiftIn(BaseModel):
    """Into the drawer from the safe, or below nothing from it into the safe."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: Annotated[int, Field(strict=True, ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR)]
    currency: Currency


class CountIn(BaseModel):
    """Everything that lies in it. `why`: where a difference comes from, if there is one."""

    model_config = ConfigDict(extra="forbid")

    counted_minor: Minor
    why: Differs | None = None
