"""One campaign that everybody wants: its cap, its budget and its counts, taken without waiting for one row.

Owns the statements that move a campaign's counter and its chunks. Whoever finds the counter's row held by somebody else takes from a chunk
that nobody is at, by the same conditional UPDATE; where there is none it waits for its turn at the counter and leases one. The counter counts
what is leased as given, so that nothing that asks it can go over. A chunk belongs to nobody: its lease is the lock of its row, which
ends with the transaction that holds it, however that ends, so that a killed process keeps nothing. Where the counter has no more, what is left in
chunks comes home first; a chunk somebody is at just now is passed over, and who asked looks again.

Nobody ever waits for a chunk, so that nobody waits in a circle. Must not decide whether there is an offer, nor move a coupon. On SQLite, which
lets one writer in at a time, there are no chunks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    Subquery,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.kernel.busy import DatabaseBusy, is_busy
from app.kernel.db import Database, connection_of, moved, prepared
from app.kernel.ids import new_id
from offers.chunking import offers_to_lease
from offers.models import Chunk, Counter

NO_LIMIT = 1 << 60
CHUNK_COUPONS = 64
WAIT_MS = 100
"""For a chunk that somebody is at: longer than a transaction takes, and too short to be waited for in turn."""
_SIZE = "offers.chunk_coupons"


def lease_by(database: Database, chunk_coupons: int) -> None:
    """From now on this process leases so many coupons at once; 0: it makes no chunks."""
    database.remembered[_SIZE] = chunk_coupons


@dataclass(frozen=True, slots=True)
class Want:
    """What one offer takes, and the limits it must keep to."""

    coupons: int
    minor: int
    cap: int = NO_LIMIT
    budget_minor: int = NO_LIMIT


@dataclass(frozen=True, slots=True)
class Counted:
    """What moves change of the counts."""

    revoked: int = 0
    redeemed: int = 0
    reserved_minor: int = 0
    spent_minor: int = 0


_N, _K = cast("Table", Counter.__table__), cast("Table", Chunk.__table__)
_OTHER_N, _OTHER_K = _N.alias("free_counter"), _K.alias("free_chunk")
_ITS = bindparam("of_campaign")


def _given(name: str) -> Any:
    return bindparam(f"given_{name}", type_=BigInteger)


def _as_given(campaign_id: str, **values: int) -> dict[str, Any]:
    """Named unlike any column: a value that is named like one would be written into it."""
    return {"of_campaign": campaign_id, **{f"given_{name}": value for name, value in values.items()}}


# --- taking -----------------------------------------------------------------------------------------------------------


def _room_in(counter: Any) -> tuple[Any, ...]:
    c = counter.c
    return (
        c.campaign_id == _ITS,
        c.issued - c.revoked + _given("coupons") <= _given("cap"),
        c.budget_reserved_minor + c.budget_spent_minor + _given("minor") <= _given("budget_minor"),
    )


_TAKEN = {"issued": _N.c.issued + _given("coupons"), "budget_reserved_minor": _N.c.budget_reserved_minor + _given("minor")}
_LEFT = (
    _given("cap") - (_N.c.issued - _N.c.revoked),
    _given("budget_minor") - (_N.c.budget_reserved_minor + _N.c.budget_spent_minor),
)
_TAKE = update(_N).where(*_room_in(_N)).values(_TAKEN)
_TAKE_AND_TELL = _TAKE.returning(*_LEFT)
_TAKE_IF_FREE = _TAKE.where(
    _N.c.campaign_id == select(_OTHER_N.c.campaign_id).where(*_room_in(_OTHER_N)).with_for_update(skip_locked=True).scalar_subquery()
)
_WITH_ROOM = (
    _OTHER_K.c.campaign_id == _ITS,
    _OTHER_K.c.room >= _given("coupons"),
    _OTHER_K.c.room_minor >= _given("minor"),
    _OTHER_K.c.cap <= _given("cap"),  # leased under a limit that was higher, it may hold more than there is by now
    _OTHER_K.c.budget_minor <= _given("budget_minor"),
)
_TAKE_OF_CHUNK = (
    update(_K)
    .where(
        _K.c.id == select(_OTHER_K.c.id).where(*_WITH_ROOM).limit(1).with_for_update(skip_locked=True).scalar_subquery(),
        _K.c.room >= _given("coupons"),
        _K.c.room_minor >= _given("minor"),
    )
    .values(room=_K.c.room - _given("coupons"), room_minor=_K.c.room_minor - _given("minor"))
)
_LEASE = update(_N).where(_N.c.campaign_id == _ITS).values(_TAKEN)


def take(session: Session, campaign_id: str, want: Want, *, alone: bool) -> bool:
    """Count one offer as given, or nothing: False when nothing is left, or what is left is in a chunk that somebody is at.

    `alone`: the counter's row is held from here to the end of the transaction, so that everybody else who asks for it comes after.
    """
    values = _as_given(campaign_id, **asdict(want))
    size = _size(session)
    if alone or not size:
        return moved(session, _TAKE, values) or (bring_home(session, campaign_id, waits=True) and moved(session, _TAKE, values))
    if moved(session, _TAKE_IF_FREE, values) or moved(session, _TAKE_OF_CHUNK, values):
        return True
    left = prepared(session, _TAKE_AND_TELL, values).first()
    if left is None and bring_home(session, campaign_id, waits=True):
        left = prepared(session, _TAKE_AND_TELL, values).first()
    if left is None:
        return False
    left_coupons, left_minor = left
    if count := offers_to_lease(size, left_coupons, left_minor, want.coupons, want.minor):
        used_up = prepared(session, _USED_UP, _as_given(campaign_id, coupons=want.coupons, minor=want.minor)).all()
        _bring(session, campaign_id, used_up)  # makes place
        room, room_minor = count * want.coupons, count * want.minor
        prepared(session, _LEASE, _as_given(campaign_id, coupons=room, minor=room_minor))
        _put(session, campaign_id, room=room, room_minor=room_minor, cap=want.cap, budget_minor=want.budget_minor)
    return True


def _size(session: Session) -> int:
    if connection_of(session).dialect.name == "sqlite":
        return 0
    return cast("int", session.info["remembered"].get(_SIZE, CHUNK_COUPONS))


def _put(session: Session, campaign_id: str, **values: int) -> None:
    prepared(session, _NEW, {"id": new_id("chk"), "campaign_id": campaign_id, **dict.fromkeys(_COUNTS, 0), **values})


_COUNTS = tuple(c.name for c in _K.columns if c.name not in ("id", "campaign_id"))
_NEW = insert(_K)


def claim(session: Session, campaign_id: str, take: Update) -> bool:
    """A conditional UPDATE of the counter that takes from it, by somebody who holds it; once more when what chunks hold has come home.
    Raises DatabaseBusy when somebody is at a chunk for so long that nobody can say."""
    if moved(session, take) or (bring_home(session, campaign_id, waits=True) and moved(session, take)):
        return True
    if _finds(session, _ANY_CHUNK, _as_given(campaign_id)):
        raise DatabaseBusy
    return False


# --- counting ---------------------------------------------------------------------------------------------------------

_MORE = {
    "revoked": _N.c.revoked + _given("revoked"),
    "redeemed": _N.c.redeemed + _given("redeemed"),
    "budget_reserved_minor": _N.c.budget_reserved_minor + _given("reserved_minor"),
    "budget_spent_minor": _N.c.budget_spent_minor + _given("spent_minor"),
}
_COUNT = update(_N).where(_N.c.campaign_id == _ITS).values(_MORE)
_COUNT_IF_IT_FITS = _COUNT.where(*(more >= 0 for name, more in _MORE.items() if name != "revoked"))
_FREE_COUNTER = select(_OTHER_N.c.campaign_id).where(_OTHER_N.c.campaign_id == _ITS).with_for_update(skip_locked=True)
_COUNT_IF_FREE = _COUNT_IF_IT_FITS.where(_N.c.campaign_id == _FREE_COUNTER.scalar_subquery())
_FREE_CHUNK = select(_OTHER_K.c.id).where(_OTHER_K.c.campaign_id == _ITS).limit(1).with_for_update(skip_locked=True)
_COUNT_IN_CHUNK = update(_K).where(_K.c.id == _FREE_CHUNK.scalar_subquery()).values({name: _K.c[name] + _given(name) for name in Counted.__slots__})
_ANY_CHUNK = select(_K.c.id).where(_K.c.campaign_id == _ITS).limit(1)


def count(session: Session, campaign_id: str, more: Counted) -> None:
    """Count what moves have changed: at the counter, or in a chunk there is, where somebody else holds the counter."""
    values = _as_given(campaign_id, **asdict(more))
    if _size(session) and (moved(session, _COUNT_IF_FREE, values) or moved(session, _COUNT_IN_CHUNK, values)):
        return
    if moved(session, _COUNT_IF_IT_FITS, values):
        return
    if _finds(session, _ANY_CHUNK, _as_given(campaign_id)):  # what this is to come off was counted there
        _put(session, campaign_id, **asdict(more))
    else:
        hold(session, campaign_id, more)  # the CHECK of the counter refuses it: what is to come off was never counted


def hold(session: Session, campaign_id: str, more: Counted = Counted()) -> None:
    """Wait for the turn at the counter, and keep it to the end of the transaction."""
    if not moved(session, _COUNT, _as_given(campaign_id, **asdict(more))):
        raise RuntimeError(f"campaign {campaign_id} has no counter")


def _finds(session: Session, statement: Select[Any], values: dict[str, Any]) -> bool:
    return prepared(session, statement, values).first() is not None


# --- bringing home ----------------------------------------------------------------------------------------------------

_OF_IT = select(_K).where(_K.c.campaign_id == _ITS).order_by(_K.c.id)
_ALL, _FREE = _OF_IT.with_for_update(), _OF_IT.with_for_update(skip_locked=True)
_USED_UP = _FREE.where(or_(_K.c.room < _given("coupons"), _K.c.room_minor < _given("minor")))
_COUNTER = select(_N).where(_N.c.campaign_id == _ITS).with_for_update()
_HOME = update(_N).where(_N.c.campaign_id == _ITS).values({name: _given(name) for name in ("issued", *_MORE)})


def bring_home(session: Session, campaign_id: str, *, waits: bool = False) -> bool:
    """Put what chunks hold back into the counter, which is then held: of those that nobody is at, or, if it `waits`, of all, unless
    somebody is at one for longer than others take. True if there was one."""
    if connection_of(session).dialect.name == "sqlite":
        return False
    its = _as_given(campaign_id)
    rows = (_waited_for(session, its) if waits else None) or prepared(session, _FREE, its).all()
    return _bring(session, campaign_id, rows)


def _waited_for(session: Session, its: dict[str, Any]) -> Sequence[Row[Any]] | None:
    """All chunks, held. None when somebody did not let go of one soon: who waits for longer could wait for somebody who waits for her."""
    connection = connection_of(session)
    session.flush()
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {WAIT_MS}")
            rows = connection.execute(_ALL, its).all()
            connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
            return rows
    except OperationalError as error:
        if not is_busy(error):
            raise
        return None


def _bring(session: Session, campaign_id: str, rows: Sequence[Row[Any]]) -> bool:
    if not rows:
        return False
    its = _as_given(campaign_id)
    prepared(session, delete(_K).where(_K.c.id.in_([row.id for row in rows])), {})
    old = prepared(session, _COUNTER, its).one()
    new = {
        "issued": old.issued - sum(row.room for row in rows),
        "revoked": old.revoked + sum(row.revoked for row in rows),
        "redeemed": old.redeemed + sum(row.redeemed for row in rows),
        "budget_reserved_minor": old.budget_reserved_minor + sum(row.reserved_minor - row.room_minor for row in rows),
        "budget_spent_minor": old.budget_spent_minor + sum(row.spent_minor for row in rows),
    }
    prepared(session, _HOME, _as_given(campaign_id, **{name: max(0, value) for name, value in new.items()}))
    owed = {name.removeprefix("budget_"): value for name, value in new.items() if value < 0}
    if owed:  # what it was counted by is in a chunk that somebody is at
        _put(session, campaign_id, **owed)
    return True


_BEGUN = select(_K.c.campaign_id).distinct().order_by(_K.c.campaign_id)


def with_chunks(session: Session) -> list[str]:
    """The campaigns that have any."""
    return list(prepared(session, _BEGUN, {}).scalars())


# --- telling ----------------------------------------------------------------------------------------------------------


class Given(NamedTuple):
    """What a campaign has given: what its counter and its chunks say together."""

    issued: Any
    revoked: Any
    redeemed: Any
    budget_reserved_minor: Any
    budget_spent_minor: Any


def given(campaign_ids: Select[Any] | Collection[str] | None = None) -> tuple[Subquery, Given]:
    """What is in the chunks, to be joined from the counter by `campaign_id` (an outer join: most campaigns have none), and the columns
    that say what has been given. Of these campaigns; None: of all."""
    k, n = _K.c, _N.c
    held = select(
        k.campaign_id,
        *(
            as_type(func.sum(value), BigInteger).label(name)
            for name, value in (
                ("issued", -k.room),  # leased is not given
                ("revoked", k.revoked),
                ("redeemed", k.redeemed),
                ("reserved_minor", k.reserved_minor - k.room_minor),
                ("spent_minor", k.spent_minor),
            )
        ),
    ).group_by(k.campaign_id)
    if campaign_ids is not None:
        held = held.where(k.campaign_id.in_(campaign_ids))
    chunks = held.subquery()
    both = ((n.issued, "issued"), (n.revoked, "revoked"), (n.redeemed, "redeemed"), (n.budget_reserved_minor, "reserved_minor"), (n.budget_spent_minor, "spent_minor"))
    return chunks, Given(*(column + func.coalesce(chunks.c[name], 0) for column, name in both))
