"""How the times of a service are written, and what the routes of bookings take and give.

Owns the checks of a service's document; what is stored has passed them.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from storefront.slots.calendar import minute_of
from storefront.slots.schemas import Clock, Day, Prices, Timezone

Minutes = Annotated[int, Field(strict=True, ge=0, le=60 * 24 * 60)]


class HoursIn(BaseModel):
    """It is given between these, one time after the other; without a price the product's own holds."""

    model_config = ConfigDict(extra="forbid")

    begins: Clock
    ends: Clock
    prices_minor: Prices = {}

    @model_validator(mode="after")
    def _in_order(self) -> HoursIn:
        if minute_of(self.ends) <= minute_of(self.begins):
            raise ValueError("it ends after it begins, on the same day; 24:00 is the end of the day")
        return self


class WeeklyHoursIn(HoursIn):
    """On these days of every week."""

    days: Annotated[list[Day], Field(min_length=1, max_length=7)]


class OtherDayIn(BaseModel):
    """A date on which these hold instead; none at all: it is closed."""

    model_config = ConfigDict(extra="forbid")

    date: date
    open: Annotated[list[HoursIn], Field(max_length=24)] = []


class ServiceIn(BaseModel):
    """When a store gives a service. Written whole; what is booked stays booked."""

    model_config = ConfigDict(extra="forbid")

    duration_min: Annotated[int, Field(strict=True, ge=5, le=12 * 60, description="How long it takes.")]
    pause_min: Annotated[int, Field(strict=True, ge=0, le=12 * 60, description="Minutes between one and the next.")] = 0
    capacity: Annotated[int, Field(strict=True, ge=0, le=1_000, description="For how many one of the staff gives it at a time.")] = 1
    staff: Annotated[int, Field(strict=True, ge=1, le=100, description="How many give it side by side; capacity times staff fit in.")] = 1
    closes_min_before: Annotated[Minutes, Field(description="Minutes before it begins, from which on it cannot be booked.")] = 120
    free_min_before: Annotated[Minutes, Field(description="Minutes before it begins, until which a shopper may move or cancel it herself.")] = 24 * 60
    ahead_days: Annotated[int, Field(strict=True, ge=0, le=180, description="For how many days ahead it can be booked.")] = 28
    timezone: Timezone = ""
    open: Annotated[list[WeeklyHoursIn], Field(max_length=100)] = []
    other_days: Annotated[list[OtherDayIn], Field(max_length=400)] = []

    @model_validator(mode="after")
    def _apart(self) -> ServiceIn:
        if len({one.date for one in self.other_days}) != len(self.other_days):
            raise ValueError("other_days: name each date once")
        days: dict[str, list[HoursIn]] = defaultdict(list)
        for hours in self.open:
            for day in dict.fromkeys(hours.days):
                days[day].append(hours)
        for when, open_ in (*days.items(), *((one.date.isoformat(), one.open) for one in self.other_days)):
            spans = sorted((minute_of(one.begins), minute_of(one.ends)) for one in open_)
            if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans)):
                raise ValueError(f"open: two of {when} overlap; make them one")
            if any(ends - begins < self.duration_min for begins, ends in spans):
                raise ValueError(f"open: on {when} it would be over before it ends; it takes {self.duration_min} minutes")
        return self


class ServiceOfIn(ServiceIn):
    """The same in a file, with which service and which store it is about."""

    product_id: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    place_id: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class ServicesIn(BaseModel):
    """A file of them."""

    model_config = ConfigDict(extra="forbid")

    services: Annotated[list[ServiceOfIn], Field(max_length=2_000)]

    @model_validator(mode="after")
    def _each_once(self) -> ServicesIn:
        if len({(one.product_id, one.place_id) for one in self.services}) != len(self.services):
            raise ValueError("services: name each service of a store once")
        return self


class TimeOut(BaseModel):
    """`left` 0: full. `price_minor` of one place."""

    slot_id: str
    day: date
    starts_at: datetime
    ends_at: datetime
    left: int
    price_minor: int


class StoreTimesOut(BaseModel):
    """A store that gives it, in its zone, with what can be booked there."""

    place_id: str
    name: str
    timezone: str
    duration_min: int
    times: list[TimeOut]


class TimesOut(BaseModel):
    product_id: str
    currency: str
    stores: list[StoreTimesOut]


def stored(document: ServiceIn, timezone: str) -> dict[str, Any]:
    """As it is kept: with its zone."""
    return document.model_dump(mode="json", exclude={"product_id", "place_id"}) | {"timezone": timezone}
