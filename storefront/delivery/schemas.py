"""How an area is written, and what the routes of delivery give.

Owns the checks of an area's document; what is stored has passed them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from storefront.addresses.formats import country_names, squeezed
from storefront.delivery.choosing import Chosen, FreeSlot
from storefront.slots.calendar import minute_of
from storefront.slots.schemas import Clock, Day, Prices, Timezone

Postcode = Annotated[str, StringConstraints(min_length=1, max_length=16)]
AreaId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class WindowIn(BaseModel):
    """So many orders fit in; without a price the way's own holds."""

    model_config = ConfigDict(extra="forbid")

    begins: Clock
    ends: Clock
    capacity: Annotated[int, Field(strict=True, ge=0, le=10_000)]
    closes_min_before: Annotated[int, Field(strict=True, ge=0, le=14 * 24 * 60, description="Minutes before it begins, from which on it is neither booked nor left.")] = 120
    prices_minor: Prices = {}

    @model_validator(mode="after")
    def _in_order(self) -> WindowIn:
        if minute_of(self.ends) <= minute_of(self.begins):
            raise ValueError("a window ends after it begins, on the same day; 24:00 is the end of the day")
        return self


class WeeklyWindowIn(WindowIn):
    """On these days of every week."""

    days: Annotated[list[Day], Field(min_length=1, max_length=7)]


class OtherDayIn(BaseModel):
    """A date on which these hold instead; none at all: nothing is brought."""

    model_config = ConfigDict(extra="forbid")

    date: date
    windows: Annotated[list[WindowIn], Field(max_length=48)] = []


class ServedIn(BaseModel):
    """A whole country, or the postcodes of it that begin with one of `starts`, or from `first` to `last` (both included)."""

    model_config = ConfigDict(extra="forbid")

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    starts: Annotated[list[Postcode], Field(max_length=500)] = []
    first: Annotated[str, StringConstraints(max_length=16)] = ""
    last: Annotated[str, StringConstraints(max_length=16)] = ""

    @field_validator("country")
    @classmethod
    def _known(cls, code: str) -> str:
        if code not in country_names():
            raise ValueError("a country's two letters (ISO 3166-1), such as FI")
        return code

    @model_validator(mode="after")
    def _squeezed(self) -> ServedIn:
        self.starts = [squeezed(one) for one in self.starts]
        self.first, self.last = squeezed(self.first), squeezed(self.last)
        if not all(self.starts):
            raise ValueError("starts: letters or digits a postcode begins with")
        if bool(self.first) is not bool(self.last) or len(self.first) != len(self.last) or self.first > self.last:
            raise ValueError("first and last: two postcodes of equal length, the lower one first")
        return self


class AreaIn(BaseModel):
    """An area of a way of delivery: whom it serves, and the week's grid of times. Written whole; what is booked stays booked."""

    model_config = ConfigDict(extra="forbid")

    way: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    timezone: Timezone = ""
    place_id: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    collect: Annotated[bool, Field(description="Nothing is brought: it is fetched from the store `place_id` names. Then it serves no postcodes and has no windows.")] = False
    kept_days: Annotated[int, Field(strict=True, ge=1, le=60, description="How long the store keeps what is ready to be fetched.")] = 7
    serves: Annotated[list[ServedIn], Field(max_length=200)] = []
    windows: Annotated[list[WeeklyWindowIn], Field(max_length=200)] = []
    other_days: Annotated[list[OtherDayIn], Field(max_length=400)] = []
    ahead_days: Annotated[int, Field(strict=True, ge=0, le=60)] = 14

    @model_validator(mode="after")
    def _each_once(self) -> AreaIn:
        if self.collect and (self.place_id is None or self.serves or self.windows or self.other_days):
            raise ValueError("collect: name the store in place_id, and neither postcodes nor windows")
        if not self.collect and not self.serves:
            raise ValueError("serves: say which postcodes are served, or collect")
        begun = [(day, one.begins) for one in self.windows for day in one.days]
        if len(set(begun)) != len(begun):
            raise ValueError("windows: two begin at the same time on the same day; make them one")
        if len({one.date for one in self.other_days}) != len(self.other_days):
            raise ValueError("other_days: name each date once")
        if any(len({w.begins for w in one.windows}) != len(one.windows) for one in self.other_days):
            raise ValueError("other_days: two windows begin at the same time on the same day; make them one")
        return self


class SlotOut(BaseModel):
    """`left` 0: full."""

    id: str
    day: date
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    left: int
    price_minor: int


class SlotsOut(BaseModel):
    """`needs`: what is to be chosen or changed first, a reason code, with its words."""

    way: str
    area: str | None
    timezone: str | None
    currency: str
    address_id: str | None
    needs: str | None
    needs_text: str | None
    slots: list[SlotOut]


def slot_out(free: FreeSlot) -> SlotOut:
    s = free.slot
    return SlotOut(id=s.id, day=s.day, starts_at=s.starts_at, ends_at=s.ends_at, closes_at=s.closes_at, left=free.left, price_minor=free.price_minor)


def slots_out(found: Chosen, free: list[FreeSlot], sentence: str | None) -> SlotsOut:
    return SlotsOut(
        way=found.way.id, area=found.area.name if found.area else None, timezone=found.area.calendar.timezone if found.area else None, currency=found.currency,
        address_id=found.kept.id if found.kept else None, needs=found.needs, needs_text=sentence, slots=[slot_out(one) for one in free],
    )  # fmt: skip


def stored(document: AreaIn, timezone: str) -> dict[str, Any]:
    """As it is kept: with its zone."""
    return document.model_dump(mode="json") | {"timezone": timezone}
