"""Whose a coupon is today, and what lately happened to her: all a till has to know of a holder, at one look.

Owns that one statement, and the one that finds whom a till should not meet alone. Each part of the first has its own module
(shoppers.known_as, devices/freezing.py, contacts/verifying.py), and is meant as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ScalarSelect, bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.db import Instant, prepared
from app.security.contacts.contracts import RecentChanges
from app.security.contacts.models import ContactChangeRow, UnknownCodeRow
from app.security.contacts.verifying import ADDED
from app.security.devices import freezing
from app.security.models import ShopperRow


@dataclass(frozen=True, slots=True)
class Holder:
    """`id`: whose it is now. `frozen`: under her id or under that of whom she has become. `lately`: how she is reached."""

    id: str
    frozen: bool
    lately: RecentChanges


_then = cast("Any", ShopperRow.__table__)
_now = _then.alias("now")
_changes = cast("Any", ContactChangeRow.__table__)
_asked = cast("Any", UnknownCodeRow.__table__)
_hers = func.coalesce(_now.c.id, _then.c.id)


def _newest(*conditions: Any) -> ScalarSelect[Any]:
    return select(func.max(_changes.c.at)).where(_changes.c.shopper_id == _hers, _changes.c.at <= bindparam("at", type_=Instant), *conditions).scalar_subquery()


_LOOK = (
    select(
        _then.c.frozen_why,
        _now.c.id,
        _now.c.frozen_why,
        _newest(_changes.c.cooling.is_(True)),
        _newest(_changes.c.cooling.is_(False), _changes.c.change == ADDED),
        select(_asked.c.at).where(_asked.c.shopper_id == _hers, _asked.c.at <= bindparam("at", type_=Instant)).scalar_subquery(),
    )
    .select_from(_then.outerjoin(_now, _now.c.id == _then.c.joined_into_shopper_id))
    .where(_then.c.id == bindparam("shopper_id"))
)
_LOCKED = _LOOK.with_for_update(read=True, of=_then)


LATELY = timedelta(days=1)
"""No rule looks further back at how somebody is reached."""
_CONCERNED = (
    select(_changes.c.shopper_id)
    .where(_changes.c.at > bindparam("since", type_=Instant), (_changes.c.cooling.is_(True)) | (_changes.c.change == ADDED))
    .union(select(_asked.c.shopper_id).where(_asked.c.at > bindparam("since", type_=Instant)), select(_then.c.id).where(_then.c.frozen_why.is_not(None)))
).subquery()
_ALL_THEIR_IDS = select(_then.c.id).where(
    (_then.c.id.in_(select(_CONCERNED.c.shopper_id))) | (_then.c.joined_into_shopper_id.in_(select(_CONCERNED.c.shopper_id)))
)


def to_be_careful_with(session: Session, at: datetime, most: int) -> list[str]:
    """Ids, also earlier ones, of whoever is frozen was lately given another way to be reached, or asked about a message that is not from us: what is theirs is better looked at one by one."""
    return list(session.scalars(_ALL_THEIR_IDS.order_by(_then.c.id.desc()).limit(most), {"since": at - LATELY}))


def holder(session: Session, shopper_id: str, at: datetime, *, locked: bool = False) -> Holder:
    """Of what was given to `shopper_id`. Somebody who is not there (any more) is herself, with nothing known.

    `locked`: whether she is frozen stays as it is found until the transaction ends, as in freezing.frozen.
    """
    row = prepared(session, _LOCKED if locked else _LOOK, {"shopper_id": shopper_id, "at": at}).one_or_none()
    if row is None:
        return Holder(shopper_id, False, RecentChanges(None, None))
    was_frozen, now_id, is_frozen, *lately = row
    if locked and now_id is not None:  # the lock is on the row that was asked for alone
        return Holder(now_id, freezing.frozen(session, shopper_id, locked=True), _since(lately, at))
    return Holder(now_id or shopper_id, was_frozen is not None or is_frozen is not None, _since(lately, at))


def _since(lately: Sequence[datetime | None], at: datetime) -> RecentChanges:
    return RecentChanges(*(None if then is None else int((at - then).total_seconds()) for then in lately))
