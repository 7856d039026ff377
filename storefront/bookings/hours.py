"""A service as a store gives it: how long it takes, when it is open for it, how many at a time. Pure.

Owns reading its document (schemas.py has checked it) and cutting the hours it is open into times. Must not know the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from storefront.slots.calendar import DAYS, Calendar, Slot, Window, minute_of


@dataclass(frozen=True, slots=True)
class Service:
    """`id` begins the names of its slots. Until `free_min_before` minutes before it begins, what is booked may be moved or cancelled."""

    id: str
    product_id: str
    place_id: str
    calendar: Calendar
    duration_min: int
    free_min_before: int

    def free_until(self, slot: Slot) -> datetime:
        return slot.starts_at - timedelta(minutes=self.free_min_before)

    def has(self, slot_id: str) -> bool:
        """Whether a slot of that name would be one of its own."""
        return slot_id.startswith(f"{self.id}.")


def service_of(service_id: str, product_id: str, place_id: str, document: Mapping[str, Any]) -> Service:
    """From what is stored."""
    week: list[list[Window]] = [[] for _ in DAYS]
    for hours in document["open"]:
        for day in hours["days"]:
            week[DAYS.index(day)].extend(_times(hours, document))
    other = {date.fromisoformat(one["date"]): [w for hours in one["open"] for w in _times(hours, document)] for one in document["other_days"]}
    calendar = Calendar(document["timezone"], week, other, document["ahead_days"])
    return Service(service_id, product_id, place_id, calendar, document["duration_min"], document["free_min_before"])


def _times(hours: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Window]:
    """One after the other, as many as end while it is open."""
    begins, ends = minute_of(hours["begins"]), minute_of(hours["ends"])
    lasts, pause = document["duration_min"], document["pause_min"]
    capacity = document["capacity"] * document["staff"]
    for start in range(begins, ends - lasts + 1, lasts + pause):
        yield Window(start, start + lasts, capacity, document["closes_min_before"], hours["prices_minor"], lasts)
