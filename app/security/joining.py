"""An anonymous shopper becomes somebody who has an account: what was hers goes with her, in the transaction of her signing in.

Owns the list of those who carry something over, the order of locks, and the note of what was joined, which she is shown. Must not know a table of a
room: each room says in its `joining.py` what it carries, and bootstrap registers it. What stays under the old id (visits, coupons, decisions) is
found by `people.same_person`, as before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.security.models import JoinRow, ShopperRow

SHOWN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Joiner:
    """`carry(session, before, into, at)` returns what it has carried, in words and numbers for her; nothing when there was nothing.

    `first(session, ids)` is called for all before anything is touched: locks that come before every row.
    """

    name: str
    carry: Callable[[Session, str, str, datetime], Mapping[str, Any]]
    first: Callable[[Session, Collection[str]], None] | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """What was joined, and when."""

    at: datetime
    told: Mapping[str, Any]


_joiners: dict[str, Joiner] = {}


def register_joiners(*joiners: Joiner) -> None:
    """Called by bootstrap. The same name again replaces."""
    for joiner in joiners:
        _joiners[joiner.name] = joiner


def begin(session: Session, ids: Collection[str]) -> None:
    """Before any row of theirs is touched."""
    for joiner in _joiners.values():
        if joiner.first is not None:
            joiner.first(session, ids)


def carry_over(session: Session, before: str, into: str) -> None:
    """Everything of `before` goes to `into`. Whoever writes for her meanwhile has said `now_of`, and comes before or after."""
    session.execute(select(ShopperRow.id).where(ShopperRow.id == before).with_for_update())
    at: datetime = session.info["clock"].now()
    told: dict[str, Any] = {}
    for joiner in _joiners.values():
        told |= joiner.carry(session, before, into, at)
    if told:
        session.add(JoinRow(id=new_id("joi"), shopper_id=into, from_shopper_id=before, told=told, at=at))
        session.flush()


def now_of(session: Session, shopper_id: str) -> str:
    """Under which id to write for her. It stays so until this transaction ends: a sign-in that joins her waits for it."""
    found = session.execute(select(ShopperRow.joined_into_shopper_id).where(ShopperRow.id == shopper_id).with_for_update(read=True)).scalar_one_or_none()
    return found or shopper_id


def last_joined(session: Session, shopper_id: str, at: datetime) -> Joined | None:
    """What was joined within the last day, to be shown to her."""
    lately = select(JoinRow.at, JoinRow.told).where(JoinRow.shopper_id == shopper_id, JoinRow.at > at - SHOWN)
    row = session.execute(lately.order_by(JoinRow.at.desc(), JoinRow.id.desc()).limit(1)).first()
    return Joined(row.at, row.told) if row is not None else None
