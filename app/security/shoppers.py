"""Shoppers and their devices: a shopper begins as an unknown holder of a phone.

Owns registration, finding a device by what it shows, and which shoppers are one and the same. Must not ask for a name
or an address: nothing here needs one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import moved, prepared
from app.kernel.ids import new_id
from app.security import joining
from app.security.models import DeviceRow, PersonRow, ShopperRow
from app.security.tokens import TokenKind, kind_of, new_token, token_hash
from app.security.vault import open_each, seal_for

NAME_SEALED_AS = "device_name"
SEEN_STEP = timedelta(hours=6)
"""`last_seen_at` is this coarse: a write for every request would be one too many."""


@dataclass(frozen=True, slots=True, repr=False)
class NewDevice:
    """What a new device is told, once. `token` opens everything the shopper may do, `tracking_key` only reports positions."""

    shopper_id: str
    device_id: str
    token: str
    tracking_key: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A live device."""

    device_id: str
    shopper_id: str
    platform: str
    created_at: datetime
    last_seen_at: datetime
    key: str | None = None
    """The thumbprint of the key its token works with, and with no other; None: the token alone is enough."""


def register_device(
    session: Session, name: str, platform: str, at: datetime, *, shopper_id: str | None = None, key: str | None = None
) -> NewDevice:
    """A new device with its keys; with a new anonymous shopper, or for the known `shopper_id`. `key`: its token works only with it."""
    if shopper_id is None:
        shopper_id = new_id("shp")
        session.add(ShopperRow(id=shopper_id, created_at=at))
    token, tracking = new_token(TokenKind.DEVICE), new_token(TokenKind.TRACKING)
    device_id = new_id("dev")
    session.add(
        DeviceRow(
            id=device_id,
            shopper_id=shopper_id,
            name_sealed=seal_for(shopper_id, NAME_SEALED_AS, name.encode(), device_id.encode()) if name else None,
            platform=platform,
            token_hash=token.hash,
            tracking_hash=tracking.hash,
            key_thumbprint=key,
            created_at=at,
            last_seen_at=at,
        ),
    )
    session.flush()
    return NewDevice(shopper_id, device_id, token.text, tracking.text)


def device_by_token(session: Session, token: str) -> DeviceView | None:
    """The live device that holds this bearer token."""
    return _device(session, _BY_TOKEN, token_hash(token)) if kind_of(token) is TokenKind.DEVICE else None


def device_by_tracking_key(session: Session, tracking_key: str) -> DeviceView | None:
    """The live device that holds this tracking key (the `id` of the OsmAnd protocol)."""
    return _device(session, _BY_TRACKING_KEY, token_hash(tracking_key)) if kind_of(tracking_key) is TokenKind.TRACKING else None


def device_by_credentials(session: Session, user: str, password: str) -> DeviceView | None:
    """The live device of HTTP Basic credentials: user is the device id, password its tracking key or its token."""
    device = device_by_tracking_key(session, password) or device_by_token(session, password)
    return device if device is not None and device.device_id == user else None


def device(session: Session, device_id: str) -> DeviceView | None:
    """A live device by id."""
    return _device(session, _BY_ID, device_id)


def owners_of(session: Session, device_ids: Collection[str]) -> dict[str, str]:
    """Whose each of these live devices is."""
    return {row.id: row.shopper_id for row in prepared(session, _OWNERS, {"ids": list(device_ids)})}


_OWNERS = select(DeviceRow.id, DeviceRow.shopper_id).where(DeviceRow.id.in_(bindparam("ids", expanding=True)), DeviceRow.revoked_at.is_(None))


def device_ids_of(session: Session, shopper_id: str) -> list[str]:
    """Of her live devices, oldest first: for whoever has no use for their names, which have to be opened."""
    return device_ids_of_each(session, [shopper_id])[shopper_id]


def device_ids_of_each(session: Session, shopper_ids: Collection[str]) -> dict[str, list[str]]:
    """The same of several, each of whom is in the answer."""
    found: dict[str, list[str]] = {shopper_id: [] for shopper_id in shopper_ids}
    for row in prepared(session, _DEVICE_IDS, {"ids": list(shopper_ids)}):
        found[row.shopper_id].append(row.id)
    return found


_DEVICE_IDS = select(DeviceRow.shopper_id, DeviceRow.id).where(DeviceRow.shopper_id.in_(bindparam("ids", expanding=True)), DeviceRow.revoked_at.is_(None)).order_by(DeviceRow.id)


def devices_of(session: Session, shopper_id: str) -> list[DeviceView]:
    """The live devices of a shopper, oldest first."""
    rows = session.scalars(select(DeviceRow).where(DeviceRow.shopper_id == shopper_id, DeviceRow.revoked_at.is_(None)).order_by(DeviceRow.id))
    return [_view(row) for row in rows]


def shopper_exists(session: Session, shopper_id: str) -> bool:
    return prepared(session, _SHOPPER, {"id": shopper_id}).first() is not None


_SHOPPER = select(ShopperRow.id).where(ShopperRow.id == bindparam("id"))


def shoppers_here(session: Session, shopper_ids: Collection[str]) -> set[str]:
    """`shopper_exists` of many: those that do."""
    return set(prepared(session, _SHOPPERS, {"ids": list(shopper_ids)}).scalars())


_SHOPPERS = select(ShopperRow.id).where(ShopperRow.id.in_(bindparam("ids", expanding=True)))


def every_shopper(session: Session) -> Iterator[str]:
    """The id of every shopper there is."""
    return iter(session.scalars(select(ShopperRow.id).execution_options(yield_per=5_000)))


def seen(session: Session, device_id: str, *, at: datetime) -> bool:
    """Note that the device is in use; True when it was written (at most every six hours)."""
    stale = (DeviceRow.id == device_id, DeviceRow.last_seen_at <= at - SEEN_STEP)
    return moved(session, update(DeviceRow).where(*stale).values(last_seen_at=at))


def join(session: Session, device_id: str, into_shopper_id: str) -> None:
    """The device goes on as another shopper. An anonymous one left without a device is remembered as the same person, and what was hers goes with
    her (joining.py).

    Her export and erasure then reach what was gathered before she signed in. One who has an account stays herself: on a
    shared phone the next to sign in must not come by her data.
    """
    row = session.scalars(select(DeviceRow).where(DeviceRow.id == device_id).with_for_update()).one()
    before = row.shopper_id
    if before == into_shopper_id:
        return
    joining.begin(session, (before, into_shopper_id))
    name = open_each(NAME_SEALED_AS, [(row.name_sealed, device_id.encode())])[0] if row.name_sealed is not None else None
    row.name_sealed = seal_for(into_shopper_id, NAME_SEALED_AS, name, device_id.encode()) if name is not None else None
    row.shopper_id = into_shopper_id
    session.flush()
    left = session.scalar(select(DeviceRow.id).where(DeviceRow.shopper_id == before).limit(1))
    account = session.scalar(select(PersonRow.id).where(PersonRow.shopper_id == before))
    if left is None and account is None:
        joining.carry_over(session, before, into_shopper_id)
        session.execute(update(ShopperRow).where(ShopperRow.id == before).values(joined_into_shopper_id=into_shopper_id))
        # those who had joined the one who now joins
        session.execute(update(ShopperRow).where(ShopperRow.joined_into_shopper_id == before).values(joined_into_shopper_id=into_shopper_id))


def same_person(session: Session, shopper_id: str) -> tuple[str, ...]:
    """This shopper id and those that were joined into it, for export and erasure."""
    return (shopper_id, *prepared(session, _JOINED, {"shopper_id": shopper_id}).scalars())


_JOINED = select(ShopperRow.id).where(ShopperRow.joined_into_shopper_id == bindparam("shopper_id")).order_by(ShopperRow.id)


def ids_and_owner(session: Session, shopper_id: str) -> tuple[tuple[str, ...], str]:
    """`same_person` and `known_as` of one shopper, at one look."""
    rows = prepared(session, _JOINED_OR_SELF, {"shopper_id": shopper_id}).all()
    owner = next((into for i, into in rows if i == shopper_id and into is not None), shopper_id)
    return (shopper_id, *(i for i, into in rows if into == shopper_id)), owner


_JOINED_OR_SELF = (
    select(ShopperRow.id, ShopperRow.joined_into_shopper_id)
    .where(or_(ShopperRow.id == bindparam("shopper_id"), ShopperRow.joined_into_shopper_id == bindparam("shopper_id")))
    .order_by(ShopperRow.id)
)


def known_as(session: Session, shopper_ids: Collection[str]) -> dict[str, str]:
    """For each id the shopper it belongs to today: itself, unless it was joined into another."""
    ids = set(shopper_ids)
    if len(ids) > _FEW:
        rows = session.execute(_JOINED_OF.where(ShopperRow.id.in_(listed(session, ids))))
    else:
        rows = prepared(session, _KNOWN_AS, {"ids": list(ids)})
    return {shopper_id: shopper_id for shopper_id in ids} | {old: new for old, new in rows if new is not None}


_FEW = 100
"""More are bound as one value: a name for each costs more than finding them."""
_JOINED_OF = select(ShopperRow.id, ShopperRow.joined_into_shopper_id).where(ShopperRow.joined_into_shopper_id.is_not(None))
_KNOWN_AS = _JOINED_OF.where(ShopperRow.id.in_(bindparam("ids", expanding=True)))


_SHOWN = (DeviceRow.id, DeviceRow.shopper_id, DeviceRow.platform, DeviceRow.created_at, DeviceRow.last_seen_at, DeviceRow.key_thumbprint)
_BY_ID, _BY_TOKEN, _BY_TRACKING_KEY = (
    select(*_SHOWN).where(column == bindparam("given"), DeviceRow.revoked_at.is_(None)) for column in (DeviceRow.id, DeviceRow.token_hash, DeviceRow.tracking_hash)
)
"""Built once: one of them is asked with every request of a phone."""


def _device(session: Session, statement: Select[*tuple[Any, ...]], given: str) -> DeviceView | None:
    row = prepared(session, statement, {"given": given}).one_or_none()
    return DeviceView(*row) if row is not None else None


def _view(row: DeviceRow) -> DeviceView:
    return DeviceView(row.id, row.shopper_id, row.platform, row.created_at, row.last_seen_at, row.key_thumbprint)
