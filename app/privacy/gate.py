"""The gate: may this shopper's data be used for this purpose now?

Owns the question rooms ask before they use anything. Must not answer from memory alone: a withdrawal that has committed is seen
by the next question, in every process. Ask inside the transaction that does the work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, bindparam, exists, false, func, or_, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import Database, prepared
from app.kernel.verdict import Verdict
from app.privacy.consent import NEVER, UNKNOWN, ConsentRecord, Standing, judge
from app.privacy.holding import hold
from app.privacy.models import ConsentHeadRow, ConsentStateRow, StandingRow
from app.privacy.purposes import NOT_FOR_MINORS, NOTICES, Purpose

__all__ = ["agreed_to", "glance", "hold", "may", "may_many", "refused_now", "refused_of"]

CLOCKS_APART = timedelta(seconds=30)
"""So much two machines' clocks may differ."""
_BATCH = 500
"""Ids per statement: well under the smallest limit on bound values."""


def may(session: Session, shopper_id: str, purpose: Purpose, at: datetime) -> Verdict:
    """PASS, or Fail: `no_consent_<purpose>` with the fact `why` (never_granted, withdrawn, notice_changed), `minor`, `os_permission_never`."""
    return _of_one(prepared(session, _STATE, {"purpose": purpose.value, "id": shopper_id}), purpose, at)


def may_many(session: Session, shopper_ids: Collection[str], purpose: Purpose, at: datetime) -> dict[str, Verdict]:
    """The verdict for each of the ids (all of them are in the answer); one statement for 500."""
    ids = list(dict.fromkeys(shopper_ids))
    found: dict[str, tuple[ConsentRecord, Standing]] = {}
    for start in range(0, len(ids), _BATCH):
        # columns, not rows of the session's identity map: what this session has seen before must not be the answer
        rows = prepared(session, _STATES, {"purpose": purpose.value, "ids": ids[start : start + _BATCH]})
        for shopper_id, granted, notice_version, sequence, source, made_at, minor, access in rows:
            standing = Standing(bool(minor), access != NEVER) if minor or access else UNKNOWN
            found[shopper_id] = ConsentRecord(purpose, granted, notice_version, sequence, source, made_at), standing
    return {shopper_id: _judged(found.get(shopper_id), purpose, at) for shopper_id in ids}


def _judged(found: tuple[ConsentRecord, Standing] | None, purpose: Purpose, at: datetime) -> Verdict:
    return judge(None, purpose, at) if found is None else judge(found[0], purpose, at, found[1])


_STAMP = select(ConsentHeadRow.stamp)
"""The newest change of any consent."""
_STATES = select(
    ConsentStateRow.shopper_id,
    ConsentStateRow.granted,
    ConsentStateRow.notice_version,
    ConsentStateRow.sequence,
    ConsentStateRow.source,
    ConsentStateRow.at,
    StandingRow.minor,
    StandingRow.access,
).outerjoin(StandingRow, StandingRow.shopper_id == ConsentStateRow.shopper_id).where(ConsentStateRow.purpose == bindparam("purpose"), ConsentStateRow.shopper_id.in_(bindparam("ids", expanding=True)))


_STATE = select(*_STATES.selected_columns).select_from(*_STATES.get_final_froms()).where(ConsentStateRow.purpose == bindparam("purpose"), ConsentStateRow.shopper_id == bindparam("id"))


def glance(database: Database, shopper_id: str, purpose: Purpose, at: datetime) -> Verdict:
    """`may` outside any transaction, for the last look before something that cannot be called back."""
    return _of_one(database.glance(_STATE, {"purpose": purpose.value, "id": shopper_id}), purpose, at)


def _of_one(rows: Iterable[Any], purpose: Purpose, at: datetime) -> Verdict:
    for _, granted, notice_version, sequence, source, made_at, minor, access in rows:
        standing = Standing(bool(minor), access != NEVER) if minor or access else UNKNOWN
        return judge(ConsentRecord(purpose, granted, notice_version, sequence, source, made_at), purpose, at, standing)
    return judge(None, purpose, at)


def refused_of(session: Session, shopper_ids: Collection[str], purpose: Purpose, at: datetime) -> frozenset[str]:
    """Those of the ids for whom the verdict is not PASS, for thousands of ids at a time.

    Who has agreed is remembered from one transaction to the next, under the stamp of the newest change of any consent: one row is
    read, and only if it says the same as before is what was read before still so. The condition in SQL is `judge` said once more;
    a test holds the two against each other.
    """
    ids = shopper_ids if isinstance(shopper_ids, set | frozenset) else set(shopper_ids)
    stamp = prepared(session, _STAMP, {}).scalar()  # before the states: they may be newer than it, never older
    notice = NOTICES[purpose].version
    remembered = cast("dict[Any, _Agreed]", session.info.setdefault("remembered", {}))
    known = None if session.info.get("consents_changed") else remembered.get((_Agreed, purpose))
    if known is None or known.stamp != stamp or known.notice_version != notice or at < known.newest_at:
        known = _Agreed(stamp, notice, datetime.min.replace(tzinfo=UTC), set())
    if known.shopper_ids.issuperset(ids):
        return frozenset()
    unsure = ids - known.shopper_ids
    agreed = (*_agreed(purpose, at), ConsentStateRow.shopper_id.in_(listed(session, unsure)))
    count, newest_at = session.execute(select(func.count(), func.max(ConsentStateRow.at)).where(*agreed)).one()
    sure = unsure if count == len(unsure) else set(session.scalars(select(ConsentStateRow.shopper_id).where(*agreed)))
    if stamp is not None and not session.info.get("consents_changed") and newest_at is not None and len(known.shopper_ids) + len(sure) <= MOST_REMEMBERED:
        known.newest_at = max(newest_at, known.newest_at)
        known.shopper_ids.update(sure)  # last: whoever finds them has the time as well
        remembered[_Agreed, purpose] = known
    return frozenset(unsure - sure)


def refused_now(session: Session, shopper_ids: Collection[str], purpose: Purpose) -> frozenset[str]:
    """`refused_of` for what is done in this transaction. The clock is read here, since whoever asks may have been asleep since it looked at one; and
    what has committed is not from the future, though the clock of the machine that wrote it may be ahead of ours."""
    return refused_of(session, shopper_ids, purpose, session.info["clock"].now() + CLOCKS_APART)


def agreed_to(session: Session, purpose: Purpose, at: datetime) -> set[str]:
    """Everybody for whom the verdict is PASS, for those who count people."""
    return set(session.scalars(select(ConsentStateRow.shopper_id).where(*_agreed(purpose, at))))


def _agreed(purpose: Purpose, at: datetime) -> tuple[ColumnElement[bool], ...]:
    """`judge` said once more, in SQL."""
    state, standing = ConsentStateRow, StandingRow
    against: list[ColumnElement[bool]] = []
    if purpose in NOT_FOR_MINORS:
        against.append(standing.minor.is_(True))
    if purpose is Purpose.LOCATION:
        against.append(standing.access == NEVER)
    barred = exists().where(standing.shopper_id == state.shopper_id, or_(*against)) if against else false()
    return state.purpose == purpose.value, state.granted.is_(True), state.at <= at, state.notice_version >= NOTICES[purpose].version, ~barred


MOST_REMEMBERED = 1_000_000


@dataclass(slots=True)
class _Agreed:
    """Shoppers who had agreed when `stamp` was the newest change, to at least this notice, the last of them at `newest_at`."""

    stamp: str | None
    notice_version: int
    newest_at: datetime
    shopper_ids: set[str]
