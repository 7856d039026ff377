"""What a case is about: an order, visit, offer, coupon or conversation of hers, and the store whose opening hours its clock counts.

Owns that nothing of somebody else is ever linked: another's is as none. Must not read those rooms' tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.security import people
from geofences import facade as geofences
from notifications.conversations import repository as threads
from notifications.hours import ALWAYS, OpenHours
from notifications.support.contracts import About
from notifications.support.errors import UnknownMatter
from offers import facade as offers
from storefront import facade as storefront


@dataclass(frozen=True, slots=True)
class Matter:
    """`owner`: whose it all is. `place_id`: the store it has to do with, if any."""

    owner: str | None
    place_id: str | None


def of(session: Session, about: About, shopper_id: str | None = None) -> Matter:
    """`shopper_id` None: whoever it belongs to (a person of ours opens the case). Raises UnknownMatter, also where it belongs to two people."""
    found: list[tuple[str, str | None]] = []
    if about.order_id is not None:
        order = storefront.order(session, about.order_id)
        found.append(_known((order.order.shopper_id, order.place_id or (order.collection.place_id if order.collection else None)) if order else None))
    if about.visit_id is not None:
        visit = geofences.visit(session, about.visit_id)
        found.append(_known((visit.shopper_id, visit.place_id) if visit else None))
    if about.coupon_id is not None:
        coupon = offers.coupon(session, about.coupon_id, with_code=False)
        found.append(_known((coupon.shopper_id, coupon.redeemed_place_id or next(iter(coupon.place_ids), None)) if coupon else None))
    if about.decision_id is not None:
        decision = offers.decision(session, about.decision_id)
        found.append(_known((decision.shopper_id, decision.place_id) if decision else None))
    if about.thread_id is not None:
        thread = threads.thread(session, about.thread_id)
        found.append(_known((thread.shopper_id, None) if thread else None))
    owner = shopper_id or next((who for who, _ in found), None)
    hers = set(people.same_person(session, owner)) | {owner} if owner else set[str | None]()
    if any(who not in hers for who, _ in found):
        raise UnknownMatter
    return Matter(owner, next((place_id for _, place_id in found if place_id), None))


def _known(found: tuple[str, str | None] | None) -> tuple[str, str | None]:
    if found is None:
        raise UnknownMatter
    return found


def hours_of(session: Session, place_id: str | None, otherwise: str) -> OpenHours:
    """Of the store, else of the place the settings name; day and night where neither tells any."""
    place = next((place for one in (place_id, otherwise) if one and (place := geofences.place(session, one)) is not None and place.hours), None)
    return OpenHours(place.timezone, place.hours) if place is not None else ALWAYS
