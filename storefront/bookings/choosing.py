"""What the times she chose in her cart mean now: what a place costs, how many are left, or what is to be chosen again.

Owns joining a line, the service and the slot. A service that no store has set times for is what it always was: a product with a number.
Must not hold anything: booking.py does, by what is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.bookings import repository
from storefront.bookings.errors import ChooseTime
from storefront.bookings.hours import Service
from storefront.contracts import ProductView
from storefront.errors import UnknownSlot
from storefront.reasons import StorefrontReason
from storefront.slots import calendar, places
from storefront.slots.calendar import Slot

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of a cart: so many places, and the time she chose, if any."""

    line_id: str
    product_id: str
    quantity: int
    slot_id: str | None


@dataclass(frozen=True, slots=True)
class Time:
    """What a line of a cart is booked at. `price_minor` of one place then; `base_minor` at a time that names none. `needs`: why it cannot be ordered like
    this; None: it can."""

    service: Service | None
    slot: Slot | None
    quantity: int
    left: int
    currency: str
    base_minor: int
    price_minor: int
    needs: StorefrontReason | None = None


@dataclass(frozen=True, slots=True)
class FreeTime:
    """One that can be booked, or is full (`left` 0)."""

    slot: Slot
    left: int
    price_minor: int


def times(session: Session, wanted: Iterable[Wanted], products: Mapping[str, ProductView], at: datetime) -> dict[str, Time]:
    """By line, those that are at a time or must be. `products` at their own prices."""
    asked = [one for one in wanted if (item := products.get(one.product_id)) is not None and (item.kind == SERVICE or one.slot_id is not None)]
    if not asked:
        return {}
    known = repository.services(session, {one.product_id for one in asked})
    found = {one.line_id: _time(one, products[one.product_id], known.get(one.product_id, []), at) for one in asked if one.slot_id is not None or one.product_id in known}
    gone = places.taken(session, [time.slot.id for time in found.values() if time.slot is not None])
    return {line_id: _with_left(time, gone) for line_id, time in found.items()}


def _time(one: Wanted, item: ProductView, services: list[Service], at: datetime) -> Time:
    mine = next((s for s in services if one.slot_id is not None and s.has(one.slot_id)), None)
    slot = calendar.find(mine.id, mine.calendar, one.slot_id, at) if mine is not None and one.slot_id is not None else None
    needs = None if slot is not None else StorefrontReason.TIME_MISSING if one.slot_id is None else StorefrontReason.SLOT_GONE
    price_minor = slot.price_minor(item.currency, item.price_minor) if slot is not None else item.price_minor
    return Time(mine, slot, one.quantity, 0, item.currency, item.price_minor, price_minor, needs)


def _with_left(time: Time, gone: Mapping[str, int]) -> Time:
    if time.slot is None:
        return time
    left = max(0, time.slot.capacity - gone.get(time.slot.id, 0))
    return replace(time, left=left, needs=StorefrontReason.SLOT_FULL if left < time.quantity else None)


def at_times(products: Mapping[str, ProductView], wanted: Iterable[Wanted], found: Mapping[str, Time]) -> dict[str, ProductView]:
    """The same products at what a place costs at the time that was chosen; `in_stock` is what is left of it."""
    timed = {one.product_id: found[one.line_id] for one in wanted if one.line_id in found}
    return {i: replace(item, price_minor=timed[i].price_minor, in_stock=timed[i].left) if i in timed else item for i, item in products.items()}


def for_adding(session: Session, item: ProductView, slot_id: str | None, at: datetime) -> ProductView:
    """What is laid into a cart, at the price of its time. Raises ChooseTime where one must be chosen, UnknownSlot for one that cannot be booked."""
    wanted = Wanted("", item.id, 1, slot_id)
    time = times(session, [wanted], {item.id: item}, at).get("")
    if time is None:
        return item
    if time.needs is StorefrontReason.TIME_MISSING:
        raise ChooseTime(extra={"times": f"/v1/products/{item.id}/times"})
    if time.slot is None:
        raise UnknownSlot
    return at_times({item.id: item}, [wanted], {"": time})[item.id]


def free_times(session: Session, item: ProductView, at: datetime) -> list[tuple[Service, list[FreeTime]]]:
    """By store, all that could be booked now, the soonest first, and those that are full among them."""
    out: list[tuple[Service, list[FreeTime]]] = []
    for one in repository.services(session, {item.id}).get(item.id, []):
        open_ = calendar.bookable(one.id, one.calendar, at)
        gone = places.taken(session, [slot.id for slot in open_])
        out.append((one, [FreeTime(slot, max(0, slot.capacity - gone.get(slot.id, 0)), slot.price_minor(item.currency, item.price_minor)) for slot in open_]))
    return out
