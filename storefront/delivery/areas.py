"""An area that is served: which way brings things there, to which postcodes, at which times. Pure.

Owns reading an area's document (schemas.py has checked it) and who is served. Must not know the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from storefront.slots.calendar import DAYS, Calendar, Window, minute_of


@dataclass(frozen=True, slots=True)
class Served:
    """A whole country, or its postcodes that begin so, or those from one to another (of equal length, both included); capitals and digits."""

    country: str
    starts: tuple[str, ...] = ()
    first: str = ""
    last: str = ""

    def holds(self, country: str, postcode: str) -> bool:
        if country != self.country:
            return False
        if self.starts and not postcode.startswith(self.starts):
            return False
        return not self.first or (len(postcode) == len(self.first) and self.first <= postcode <= self.last)


@dataclass(frozen=True, slots=True)
class Area:
    """`way`: the delivery method it belongs to. `place_id`: the store it is served from, if any. `collect`: nothing is brought, it is fetched from that store,
    which keeps it so many days once it is ready."""

    id: str
    way: str
    name: str
    place_id: str | None
    served: tuple[Served, ...]
    calendar: Calendar
    collect: bool = False
    kept_days: int = 0

    def serves(self, country: str, postcode: str) -> bool:
        """`postcode` in capitals and digits alone."""
        return any(one.holds(country, postcode) for one in self.served)


def serving(areas: Sequence[Area], country: str, postcode: str) -> Area | None:
    """The first by its id that serves there."""
    return next((area for area in sorted(areas, key=lambda a: a.id) if area.serves(country, postcode)), None)


def area_of(area_id: str, document: Mapping[str, Any]) -> Area:
    """From what is stored."""
    week: list[list[Window]] = [[] for _ in DAYS]
    for one in document["windows"]:
        for day in one["days"]:
            week[DAYS.index(day)].append(_window(one))
    other = {date.fromisoformat(one["date"]): [_window(w) for w in one["windows"]] for one in document["other_days"]}
    served = tuple(Served(s["country"], tuple(s["starts"]), s["first"], s["last"]) for s in document["serves"])
    return Area(
        area_id, document["way"], document["name"], document["place_id"], served,
        Calendar(document["timezone"], week, other, document["ahead_days"]), document.get("collect", False), document.get("kept_days", 0),
    )  # fmt: skip


def _window(told: Mapping[str, Any]) -> Window:
    return Window(minute_of(told["begins"]), minute_of(told["ends"]), told["capacity"], told["closes_min_before"], told["prices_minor"])
