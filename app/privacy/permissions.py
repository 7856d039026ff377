"""What the system of a shopper's phone permits of its position, mirrored: never, while in use, always; precise or coarse.

Owns the history of what each phone reported and what follows from it for her standing. Whoever takes positions in asks `coarse_phones`. Must not grant anything: a permission of the
system is not consent, and consent does not help against the system (app/privacy/gate.py asks for both).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import String, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import prepared
from app.kernel.ids import new_id
from app.privacy.consents import open_standing, stamp_change
from app.privacy.holding import alone
from app.privacy.models import ConsentHeadRow, PermissionRow, StandingRow
from app.security.shoppers import devices_of


class Access(StrEnum):
    """How far the system lets us see, from nothing to always."""

    NEVER = "never"
    WHILE_IN_USE = "while_in_use"
    ALWAYS = "always"


def report(session: Session, shopper_id: str, device_id: str, access: Access, *, precise: bool | None, at: datetime) -> bool:
    """What the phone says now. True when that is new; then a row of the history is kept. `precise` None: it does not say."""
    alone(session, (shopper_id,))
    newest = _newest(session, shopper_id)
    if newest.get(device_id) == (access, precise):
        return False
    newest[device_id] = (access, precise)
    session.add(PermissionRow(id=new_id("prm"), shopper_id=shopper_id, device_id=device_id, access=access.value, precise=precise, at=at))
    open_standing(session, shopper_id)
    stamp_change(session)
    most: Access | None = max((known for known, _ in newest.values()), key=list(Access).index)
    if most is Access.NEVER and any(device.device_id not in newest for device in devices_of(session, shopper_id)):
        most = None  # another phone of hers may permit it, and has not said
    coarse = sorted(device for device, (_, exact) in newest.items() if exact is False)
    session.execute(
        update(StandingRow).where(StandingRow.shopper_id == shopper_id).values(access=most.value if most else None, coarse_device_ids=coarse).execution_options(synchronize_session=False)
    )
    session.flush()
    return True


def permission(session: Session, device_id: str) -> tuple[Access, bool | None] | None:
    """What a phone reported last: (access, precise); None if it never did."""
    said = select(PermissionRow.access, PermissionRow.precise).where(PermissionRow.device_id == device_id)
    found = session.execute(said.order_by(PermissionRow.at.desc(), PermissionRow.id.desc()).limit(1)).one_or_none()
    return None if found is None else (Access(found.access), found.precise)


def coarse_phones(session: Session, shopper_ids: Collection[str]) -> frozenset[tuple[str, str]]:
    """(shopper, device) of those phones of theirs whose system permits only an approximate position.

    For thousands of shoppers at a time: as with consents (gate.refused_of), what was read under the stamp that is still the newest
    is still so.
    """
    stamp = prepared(session, _STAMP, {}).scalar()
    remembered = cast("dict[Any, Any]", session.info.setdefault("remembered", {}))
    changed = bool(session.info.get("consents_changed"))
    known = cast("_Phones | None", None if changed else remembered.get(_Phones))
    if known is None or known.stamp != stamp:
        known = _Phones(stamp)
    if not known.shopper_ids.issuperset(shopper_ids):
        unknown = set(shopper_ids) - known.shopper_ids
        some = sql_cast(StandingRow.coarse_device_ids, String) != "[]"
        rows = session.execute(select(StandingRow.shopper_id, StandingRow.coarse_device_ids).where(StandingRow.shopper_id.in_(listed(session, unknown)), some))
        known.coarse.update({shopper_id: tuple(devices) for shopper_id, devices in rows})
        if stamp is not None and not changed and len(known.shopper_ids) + len(unknown) <= MOST_REMEMBERED:
            known.shopper_ids.update(unknown)  # last: whoever finds them has the phones as well
            remembered[_Phones] = known
    if not known.coarse:
        return frozenset()
    return frozenset((shopper_id, device_id) for shopper_id in shopper_ids for device_id in known.coarse.get(shopper_id, ()))


_STAMP = select(ConsentHeadRow.stamp)
MOST_REMEMBERED = 1_000_000


@dataclass(slots=True)
class _Phones:
    """Of these shoppers, when `stamp` was the newest change, the phones that permit only an approximate position."""

    stamp: str | None
    shopper_ids: set[str] = field(default_factory=set[str])
    coarse: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


def _newest(session: Session, shopper_id: str) -> dict[str, tuple[Access, bool | None]]:
    rows = session.scalars(select(PermissionRow).where(PermissionRow.shopper_id == shopper_id).order_by(PermissionRow.at, PermissionRow.id))
    return {row.device_id: (Access(row.access), row.precise) for row in rows}
