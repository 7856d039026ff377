"""What the way she chose in her cart means now: what it costs, where and when it is brought, or what is still to be chosen.

Owns joining the way, her address, the area that serves it and the slot. A way without areas is what it always was: a name and a price.
Must not hold anything: booking.py does, by what is found here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.addresses import repository as addresses
from storefront.addresses.formats import squeezed
from storefront.addresses.repository import Kept
from storefront.delivery import repository
from storefront.delivery.areas import Area, serving
from storefront.loyalty import benefits
from storefront.memberships import benefits as membership
from storefront.reasons import StorefrontReason
from storefront.settings import DeliveryMethod
from storefront.slots import calendar, places
from storefront.slots.calendar import Slot


@dataclass(frozen=True, slots=True)
class Wish:
    """What lies in the cart about its delivery: the slot, the address, the store it is fetched from; None: not said. `here`: the store she is in, if she says so."""

    shopper_id: str
    currency: str
    slot_id: str | None = None
    address_id: str | None = None
    collect_at: str | None = None
    here: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """`price_minor` is what is charged (of a slot that is not chosen yet, the least it can be); `base_minor` the way's own price. `needs`: why it
    cannot be ordered like this; None: it can. `stores`: where it could be fetched; then `area` is the one it is."""

    way: DeliveryMethod
    currency: str
    base_minor: int
    price_minor: int
    slotted: bool = False
    kept: Kept | None = None
    area: Area | None = None
    slot: Slot | None = None
    needs: StorefrontReason | None = None
    stores: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """One that can be booked, or is full (`left` 0)."""

    slot: Slot
    left: int
    price_minor: int


def chosen(session: Session, way: DeliveryMethod, wish: Wish, at: datetime, *, areas: Sequence[Area] | None = None) -> Chosen:
    """`areas`: all there are, where the caller has read them already. The way must be offered in her currency. It costs nothing where her tier or her membership says so."""
    found = _chosen(session, way, wish, at, areas)
    free = found.price_minor and (benefits.free_delivery(session, wish.shopper_id, at) or membership.free_delivery(session, wish.shopper_id, at))
    return replace(found, price_minor=0) if free else found


def _chosen(session: Session, way: DeliveryMethod, wish: Wish, at: datetime, areas: Sequence[Area] | None) -> Chosen:
    base_minor = way.price_minor(wish.currency) or 0
    of_way = [area for area in (repository.areas(session) if areas is None else areas) if area.way == way.id]
    if not of_way:
        return Chosen(way, wish.currency, base_minor, base_minor)
    stores = tuple(area for area in of_way if area.collect)
    if stores:
        return _collected(way, wish, base_minor, stores)
    least_minor = min((_least(area, wish.currency, base_minor) for area in of_way), default=base_minor)
    kept = addresses.chosen(session, wish.shopper_id, wish.address_id)
    if kept is None:
        return Chosen(way, wish.currency, base_minor, least_minor, True, needs=StorefrontReason.ADDRESS_MISSING)
    area = serving(of_way, kept.address.country, squeezed(kept.address.postcode))
    if area is None:
        return Chosen(way, wish.currency, base_minor, least_minor, True, kept, needs=StorefrontReason.NOT_SERVED_THERE)
    slot = calendar.find(area.id, area.calendar, wish.slot_id, at) if wish.slot_id is not None else None
    if slot is None:
        needs = StorefrontReason.SLOT_MISSING if wish.slot_id is None else StorefrontReason.SLOT_GONE
        return Chosen(way, wish.currency, base_minor, _least(area, wish.currency, base_minor), True, kept, area, needs=needs)
    full = places.taken(session, [slot.id]).get(slot.id, 0) >= slot.capacity
    return Chosen(
        way, wish.currency, base_minor, slot.price_minor(wish.currency, base_minor), True, kept, area, slot,
        StorefrontReason.SLOT_FULL if full else None,
    )  # fmt: skip


def free_slots(session: Session, found: Chosen, at: datetime) -> list[FreeSlot]:
    """All that could be chosen where her address lies, the soonest first, and those that are full among them; none without an area."""
    if found.area is None or found.area.collect:
        return []
    open_ = calendar.bookable(found.area.id, found.area.calendar, at)
    gone = places.taken(session, [slot.id for slot in open_])
    return [FreeSlot(slot, max(0, slot.capacity - gone.get(slot.id, 0)), slot.price_minor(found.currency, found.base_minor)) for slot in open_]


def _least(area: Area, currency: str, base_minor: int) -> int:
    windows = [w for day in (*area.calendar.week, *area.calendar.other_days.values()) for w in day]
    return min((w.prices_minor.get(currency, base_minor) for w in windows), default=base_minor)


def _collected(way: DeliveryMethod, wish: Wish, base_minor: int, stores: tuple[Area, ...]) -> Chosen:
    """At the store she named, else where she is, else at the first: she sees it before she pays."""
    by_place = {area.place_id: area for area in reversed(stores)}
    area = by_place.get(wish.collect_at) if wish.collect_at is not None else by_place.get(wish.here) or stores[0]
    needs = StorefrontReason.STORE_GONE if area is None else None
    return Chosen(way, wish.currency, base_minor, base_minor, area=area, needs=needs, stores=stores)
