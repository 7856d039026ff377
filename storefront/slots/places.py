"""Places in slots: how many are taken, taking some, giving them back.

Owns that a hold is one conditional UPDATE, so that nothing is ever taken that is not there. Who holds which is written down by the caller in the same
transaction; one that takes several takes them by their ids.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from storefront.slots.calendar import Slot
from storefront.slots.models import SlotRow

S = SlotRow


def taken(session: Session, slot_ids: Collection[str]) -> dict[str, int]:
    """How many have been taken of each that anybody has booked."""
    return {row.id: row.taken for row in session.execute(select(S.id, S.taken).where(S.id.in_(slot_ids)))}


def take(session: Session, slot: Slot, count: int = 1) -> bool:
    """So many more; False when they do not all fit in. The condition stands in the UPDATE, so that of two who want the last one gets it."""
    insert_new(session, S, {"id": slot.id, "taken": 0, "ends_at": slot.ends_at}, unique=["id"])
    return moved(session, update(S).where(S.id == slot.id, S.taken + count <= slot.capacity).values(taken=S.taken + count))


def untake(session: Session, slot_id: str, count: int = 1) -> None:
    moved(session, update(S).where(S.id == slot_id, S.taken >= count).values(taken=S.taken - count))


def swap(session: Session, left: str, slot: Slot, count: int = 1) -> bool:
    """From the slot `left` to another; False when they do not fit in there, and the caller's transaction must come to nothing."""
    if left < slot.id:  # two rows are always locked by their ids, or two who swap would wait for each other
        untake(session, left, count)
    if not take(session, slot, count):
        return False
    if left > slot.id:
        untake(session, left, count)
    return True
