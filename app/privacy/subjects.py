"""Everything we hold about one person, and making it gone.

Owns the registry of data holders, `export` and `erase`. Must not know any table of a room: each room declares its own
holders in its `privacy.py`, and bootstrap registers them. tests/architecture finds a table nobody holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, Table, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import Base
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from app.privacy import farewell, shredding
from app.privacy.contracts import ErasureReceipt, SubjectErased, SubjectExport
from app.privacy.holding import alone
from app.privacy.models import ErasureRow
from app.privacy.tags import registered_tags
from app.security.audit import journal
from app.security.people import same_person
from app.security.principals import Principal
from app.security.sealing import keyed_hash


@dataclass(frozen=True, slots=True)
class DataHolder:
    """One room's (or noun's) part of what is held about a shopper.

    `name` is stable and shows in exports (`geofences.visits`). `tables` are the tables this holder answers for.
    `export(session, shopper_id)` gives plain JSON values; `erase(session, shopper_id)` deletes, or takes the shopper id
    out, and returns the number of rows touched; a second call returns 0. `books` names those of `tables` whose rows the
    law makes us keep, each with the reason; even there the shopper id should be replaced where it can be.
    """

    name: str
    tables: tuple[str, ...]
    export: Callable[[Session, str], Mapping[str, Any]]
    erase: Callable[[Session, str], int]
    books: Mapping[str, str] = field(default_factory=dict[str, str])


_holders: dict[str, DataHolder] = {}


def register_holders(*holders: DataHolder) -> None:
    """Called by bootstrap, rooms first and the cellar last (erasing goes in that order). The same name again replaces."""
    for holder in holders:
        unknown = set(holder.books) - set(holder.tables)
        if unknown:
            raise ValueError(f"{holder.name}: books {sorted(unknown)} are not among its tables")
        _holders[holder.name] = holder


def registered_holders() -> tuple[DataHolder, ...]:
    return tuple(_holders.values())


def export(session: Session, shopper_id: str, *, at: datetime) -> SubjectExport:
    """What every holder holds about the shopper, including what was gathered before she signed in."""
    ids = same_person(session, shopper_id)
    holders: dict[str, Any] = {}
    for holder in _holders.values():
        parts = [holder.export(session, one) for one in ids]
        holders[holder.name] = parts[0] if len(parts) == 1 else {one: part for one, part in zip(ids, parts, strict=True) if part}
    return SubjectExport(shopper_id, at, ids[1:], holders, _rows(session, ids))


def _rows(session: Session, shopper_ids: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """Every row that holds one of the ids, as it stands: what no holder has thought of telling is told all the same.

    Left out is what says nothing to her and would help a thief: sealed values, whose contents the holders give, and what proves who
    somebody is (`user.authorization...`) or finds a value without holding it (a keyed hash).
    """
    out: dict[str, list[dict[str, Any]]] = {}
    for name, columns in tables_with_people(Base.metadata).items():
        table = Base.metadata.tables[name]
        told = [c for c in table.columns if not is_secret(name, c)]
        mine = or_(*(table.c[column].in_(shopper_ids) for column in columns))
        rows = session.execute(select(*told).where(mine).order_by(*table.primary_key.columns))
        if found := [dict(row._mapping) for row in rows]:  # noqa: SLF001 - its public name
            out[name] = found
    return out


def is_secret(table: str, column: Column[Any]) -> bool:
    """Whether the column's value is of no use to anybody but a thief."""
    if isinstance(column.type, LargeBinary) or column.name.endswith(("_hash", "digest")) or column.name == "hash":
        return True
    return any(
        category.startswith("user.authorization") and column.name in columns.split()
        for category, columns in registered_tags().get(table, {}).items()
    )


def erase(session: Session, shopper_id: str, at: datetime, *, by: Principal | str = "house") -> ErasureReceipt:
    """Delete the shopper everywhere, in the caller's transaction; afterwards her devices and sessions are unknown, and her key is
    destroyed: what copies of the database hold of her opens no more.

    Idempotent: erasing again returns the first receipt with `already` True, and nothing is written. Whatever arrives
    later for the id finds no consent and no device. `by` is who asked for it, for the audit log.
    """
    erased: dict[str, int] = {}
    kept: dict[str, str] = {}
    ids = same_person(session, shopper_id)
    alone(session, ids)  # before any row: whoever acts on her consents holds them first and touches rows after
    for holder in _holders.values():
        erased[holder.name] = sum(holder.erase(session, one) for one in ids)
        kept |= holder.books
    subject_hash = keyed_hash("erasure", shopper_id)
    if not any(erased.values()):
        before = session.scalars(select(ErasureRow).where(ErasureRow.subject_hash == subject_hash).order_by(ErasureRow.id).limit(1)).first()
        if before is not None:
            return ErasureReceipt(before.id, before.erased, before.kept, before.at, already=True)
    receipt = ErasureReceipt(new_id("era"), erased, kept, at, already=False)
    session.add(ErasureRow(id=receipt.id, subject_hash=subject_hash, erased=erased, kept=kept, at=at))
    session.flush()
    journal.note(session, "subject.erased", by=by, about=shopper_id, detail={"receipt": receipt.id, "rows": sum(erased.values())}, at=at)
    emit(session, SubjectErased(receipt.id, at, farewell.sealed(ids)), subject=receipt.id)
    shredding.order(session, ids, at)
    return receipt


def person_columns(table: Table) -> tuple[str, ...]:
    """The columns that hold a shopper id: named so, or marked `info={"person": True}`."""
    return tuple(c.name for c in table.columns if c.name == "shopper_id" or c.name.endswith("_shopper_id") or c.info.get("person"))


def tables_with_people(metadata: MetaData) -> dict[str, tuple[str, ...]]:
    """Table name -> its columns with a shopper id; each of these tables needs a holder and a retention rule."""
    return {table.name: columns for table in metadata.sorted_tables if (columns := person_columns(table))}


def rows_about(session: Session, metadata: MetaData, shopper_id: str) -> Iterator[tuple[str, int]]:
    """(table, rows that hold the id) for every table that has any: an independent look, for tests and the operator."""
    for name, columns in tables_with_people(metadata).items():
        table = metadata.tables[name]
        found = sum(len(session.execute(select(table.c[column]).where(table.c[column] == shopper_id)).all()) for column in columns)
        if found:
            yield name, found
