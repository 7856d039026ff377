"""A shopper's addresses, written and read. An address is always found with its shopper: another's does not exist here.

Owns the statements and the sealing. Must not check what an address looks like: formats.py has.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import insert_new, moved, touched
from app.kernel.ids import new_id
from app.security import people
from app.security.vault import open_each, seal_for
from storefront.addresses.formats import Address, label
from storefront.addresses.models import AddressBookRow, AddressRow
from storefront.errors import AddressBookFull, UnknownAddress

MOST_ADDRESSES = 20
SEALED_AS = "storefront_address"


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """An address of hers. `text` is it as on a label; `default`: it counts where none is named."""

    id: str
    address: Address
    default: bool
    text: tuple[str, ...]
    changed_at: datetime


def sealed(shopper_id: str, address: Address, bound_to: str) -> bytes:
    """Opens for the row `bound_to` names and nowhere else, and not at all once she is erased."""
    return seal_for(shopper_id, SEALED_AS, json.dumps(asdict(address), ensure_ascii=False).encode(), bound_to.encode())


def opened(values: Sequence[tuple[bytes, str]]) -> list[Address | None]:
    """Of each (sealed, bound to); None where her key is no more."""
    return [_address(plain) if plain is not None else None for plain in open_each(SEALED_AS, [(value, to.encode()) for value, to in values])]


def _address(plain: bytes) -> Address:
    held: dict[str, Any] = json.loads(plain)
    held["lines"] = tuple(held["lines"])
    return Address(**held)


def addresses(session: Session, shopper_id: str) -> list[Kept]:
    """The default first, then the newest."""
    rows = session.scalars(select(AddressRow).where(AddressRow.shopper_id == shopper_id).order_by(AddressRow.created_at.desc(), AddressRow.id.desc())).all()
    default_id = session.scalar(select(AddressBookRow.default_id).where(AddressBookRow.shopper_id == shopper_id))
    found = zip(rows, opened([(row.sealed, row.id) for row in rows]), strict=True)
    kept = [Kept(row.id, address, row.id == default_id, label(address), row.changed_at) for row, address in found if address is not None]
    return sorted(kept, key=lambda one: not one.default)


def address(session: Session, shopper_id: str, address_id: str) -> Kept:
    """Raises UnknownAddress, also for another's."""
    for one in addresses(session, shopper_id):
        if one.id == address_id:
            return one
    raise UnknownAddress


def chosen(session: Session, shopper_id: str, address_id: str | None) -> Kept | None:
    """The one she named while it is there, else her default; None when she has none."""
    kept = addresses(session, shopper_id)
    return next((one for one in kept if one.id == address_id), None) or next(iter(kept), None)


def defaults(session: Session, shopper_ids: Collection[str]) -> dict[str, Address]:
    """The default address of each who has one that can still be opened."""
    hers = select(AddressBookRow.shopper_id, AddressRow.id, AddressRow.sealed).join(AddressRow, AddressRow.id == AddressBookRow.default_id)
    rows = session.execute(hers.where(AddressBookRow.shopper_id.in_(listed(session, shopper_ids)))).all()
    found = zip(rows, opened([(value, row_id) for _, row_id, value in rows]), strict=True)
    return {shopper_id: address for (shopper_id, _, _), address in found if address is not None}


def _changing(session: Session, shopper_id: str, at: datetime) -> AddressBookRow:
    shopper_id = people.now_of(session, shopper_id)
    insert_new(session, AddressBookRow, {"shopper_id": shopper_id, "changes": 0, "changed_at": at}, unique=["shopper_id"])
    moved(session, update(AddressBookRow).where(AddressBookRow.shopper_id == shopper_id).values(changes=AddressBookRow.changes + 1, changed_at=at))
    return session.execute(select(AddressBookRow).where(AddressBookRow.shopper_id == shopper_id).execution_options(populate_existing=True)).scalar_one()


def add(session: Session, shopper_id: str, new: Address, *, default: bool, at: datetime) -> str:
    """Her first is the default, asked or not. Raises AddressBookFull. Returns its id."""
    book = _changing(session, shopper_id, at)
    if (session.scalar(select(func.count()).where(AddressRow.shopper_id == shopper_id)) or 0) >= MOST_ADDRESSES:
        raise AddressBookFull(extra={"most": MOST_ADDRESSES})
    row_id = new_id("adr")
    session.add(AddressRow(id=row_id, shopper_id=shopper_id, sealed=sealed(shopper_id, new, row_id), created_at=at, changed_at=at))
    if default or book.default_id is None:
        book.default_id = row_id
    session.flush()
    return row_id


def change(session: Session, shopper_id: str, address_id: str, new: Address, *, default: bool, at: datetime) -> None:
    """Raises UnknownAddress. `default` False leaves it what it is: one is always the default."""
    book = _changing(session, shopper_id, at)
    hers = update(AddressRow).where(AddressRow.id == address_id, AddressRow.shopper_id == shopper_id)
    if not moved(session, hers.values(sealed=sealed(shopper_id, new, address_id), changed_at=at)):
        raise UnknownAddress
    if default:
        book.default_id = address_id
    session.flush()


def remove(session: Session, shopper_id: str, address_id: str, *, at: datetime) -> None:
    """Raises UnknownAddress. When the default goes, the newest of the others takes its place."""
    book = _changing(session, shopper_id, at)
    hers = delete(AddressRow).where(AddressRow.id == address_id, AddressRow.shopper_id == shopper_id)
    if not touched(session, hers):
        raise UnknownAddress
    if book.default_id == address_id:
        newest = select(AddressRow.id).where(AddressRow.shopper_id == shopper_id).order_by(AddressRow.created_at.desc(), AddressRow.id.desc())
        book.default_id = session.scalar(newest.limit(1))
    session.flush()


def hand_over(session: Session, before: str, into: str, *, at: datetime) -> int:
    """Hers from now on, sealed as they are; her default stays, or theirs becomes it. Returns how many came."""
    if session.scalar(select(AddressBookRow.shopper_id).where(AddressBookRow.shopper_id == before)) is None:
        return 0
    theirs, hers = _changing(session, before, at), _changing(session, into, at)
    moving = update(AddressRow).where(AddressRow.shopper_id == before).values(shopper_id=into)
    came = touched(session, moving)
    if hers.default_id is None:
        hers.default_id = theirs.default_id
    session.delete(theirs)
    session.flush()
    return came


def forget(session: Session, shopper_id: str) -> int:
    """Everything of hers; returns how many rows."""
    gone = 0
    for model in (AddressRow, AddressBookRow):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone
