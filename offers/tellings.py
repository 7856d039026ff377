"""A moment is told, taken back, told again: which of its events still counts, whatever order they arrive in.

Owns offers_weighed_moment. Each telling that stands is weighed once; a retraction that a newer telling has overtaken does nothing.
Events are compared by their ids, which sort by time. Must not weigh (issuance.py) and must not decide what becomes of coupons
(expiry.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import new_id
from geofences.contracts import MomentView
from offers import expiry
from offers.models import WeighedMoment


def parts(moment_id: str, telling: int) -> tuple[str | int, ...]:
    """What ids of this telling are derived from."""
    return (moment_id,) if telling == 1 else (moment_id, telling)


def begin(session: Session, moment: MomentView, at: datetime, told: str) -> int | None:
    """The number of this telling if it is to be weighed now; None for a repeat, for one that was taken back before it came, and
    for a moment that is true again and whose coupon was used meanwhile: that one is hers, and one is enough."""
    w = WeighedMoment
    first = {
        "moment_id": moment.id,
        "shopper_id": moment.shopper_id,
        "decided_at": at,
        "retracted_at": None,
        "noted_at": at,
        "telling": 1,
        "told": told,
        "taken_back": "",
    }
    if insert_new(session, w, first, unique=["moment_id"]):
        return 1
    again = update(w).where(w.moment_id == moment.id, w.retracted_at.is_not(None), w.taken_back < told)
    if moved(session, again.values(telling=w.telling + 1, told=told, decided_at=at, retracted_at=None)):
        if expiry.stands_again(session, moment.id, at):
            return None
        return session.scalar(select(w.telling).where(w.moment_id == moment.id))
    moved(session, update(w).where(w.moment_id == moment.id, w.told < told).values(told=told))
    return None


def take_back(session: Session, moment_id: str, shopper_id: str, at: datetime, taken_back: str | None = None) -> bool:
    """Note that the moment never was. False when that is known, or was told again since. Without `taken_back` it is news of now."""
    w, event = WeighedMoment, taken_back or new_id("evt")
    first = {
        "moment_id": moment_id,
        "shopper_id": shopper_id,
        "decided_at": None,
        "retracted_at": at,
        "noted_at": at,
        "telling": 0,
        "told": "",
        "taken_back": event,
    }
    if insert_new(session, w, first, unique=["moment_id"]):
        return True
    newer = update(w).where(w.moment_id == moment_id, w.told < event, w.taken_back < event)
    return moved(session, newer.values(retracted_at=at, taken_back=event))
