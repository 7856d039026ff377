"""How times of the week are written, in areas that are served and in services that are given.

Owns the shapes of the pieces; what they make together stands with either.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from app.kernel.money import MAX_AMOUNT_MINOR

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"), Field(description="HH:MM in its zone; 24:00 is the end of the day.")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Prices = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")], Annotated[int, Field(strict=True, ge=0, le=min(MAX_AMOUNT_MINOR, 1_000_000))]],
    Field(max_length=30),
]


def _zone(name: str) -> str:
    try:
        return name if not name or ZoneInfo(name) else ""
    except (ValueError, OSError, KeyError):
        raise ValueError("the name of a time zone, such as Europe/Helsinki") from None


Timezone = Annotated[
    str, StringConstraints(max_length=60), AfterValidator(_zone), Field(description="IANA name, such as Europe/Helsinki; may be left out where a place is named.")
]
