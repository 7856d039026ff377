"""Granting and withdrawing: the use case behind each switch on the phone page.

Owns writing records into her chain and moving the state row with them. Must not decide what consent allows (gate, consent).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.privacy import records as records_
from app.privacy.consent import NEVER, ConsentRecord, Standing, judge, latest
from app.privacy.contracts import ConsentChanged, ConsentView
from app.privacy.controller import controller
from app.privacy.errors import NotForMinors
from app.privacy.holding import alone
from app.privacy.models import ConsentHeadRow, ConsentRow, ConsentStateRow, StandingRow
from app.privacy.purposes import NOT_FOR_MINORS, NOTICES, Purpose


def set_consent(session: Session, shopper_id: str, purpose: Purpose, *, granted: bool, source: str, at: datetime) -> bool:
    """Grant or withdraw one purpose, to the notice as it reads now. True when that changed anything.

    `source` says where it was said: phone_page, app, demo, operator, gpc, minor, joined. What is in force already is not recorded again.
    Raises `NotForMinors` for a grant a minor cannot give.
    Whoever acts on what she has agreed to commits first (`holding`); writers of one switch queue on its row, those of one chain on its
    end, so that records, state and chain tell the same story.
    """
    alone(session, (shopper_id,))
    end = _chain_end(session, shopper_id)
    if granted and end.minor and purpose in NOT_FOR_MINORS:
        raise NotForMinors
    stamp_change(session)
    notice = NOTICES[purpose]
    version = notice.version
    key = {"shopper_id": shopper_id, "purpose": purpose.value}
    said = {"granted": granted, "notice_version": version, "source": source, "at": at}
    sequence = 1
    if not insert_new(session, ConsentStateRow, {**key, **said, "sequence": sequence}, unique=["shopper_id", "purpose"]):
        change = (
            update(ConsentStateRow)
            .where(
                ConsentStateRow.shopper_id == shopper_id,
                ConsentStateRow.purpose == purpose.value,
                or_(ConsentStateRow.granted.is_not(granted), ConsentStateRow.notice_version != version),
            )
            .values(sequence=ConsentStateRow.sequence + 1, **said)
            .returning(ConsentStateRow.sequence)
            .execution_options(synchronize_session=False)
        )
        moved_to = session.scalars(change).one_or_none()
        if moved_to is None:
            return False
        sequence = moved_to
    record_id = new_id("con")
    record = records_.build(records_.Said(record_id, shopper_id, end.position + 1, granted, source, at), notice, controller(), end.hash)
    text = records_.canonical(record)
    link = {"position": end.position + 1, "hash": records_.hash_of(text)}
    session.add(ConsentRow(id=record_id, sequence=sequence, record=text, **link, **key, **said))
    session.flush()
    session.execute(update(StandingRow).where(StandingRow.shopper_id == shopper_id).values(**link).execution_options(synchronize_session=False))
    emit(session, ConsentChanged(shopper_id, purpose.value, granted, version, at), subject=shopper_id)
    return True


def _chain_end(session: Session, shopper_id: str) -> Row[int, str, bool]:
    """Position and hash of her last record, locked until the end of this transaction."""
    open_standing(session, shopper_id)
    return session.execute(select(StandingRow.position, StandingRow.hash, StandingRow.minor).where(StandingRow.shopper_id == shopper_id).with_for_update()).one()


def open_standing(session: Session, shopper_id: str) -> None:
    """Make sure there is a row to stand on: a chain without records, nothing known of her age and her phones."""
    nothing = {"shopper_id": shopper_id, "position": 0, "hash": records_.NO_HASH, "minor": False, "access": None, "coarse_device_ids": []}
    insert_new(session, StandingRow, nothing, unique=["shopper_id"])


def grant(session: Session, shopper_id: str, purpose: Purpose, *, source: str, at: datetime) -> bool:
    """`set_consent` with granted=True."""
    return set_consent(session, shopper_id, purpose, granted=True, source=source, at=at)


def withdraw(session: Session, shopper_id: str, purpose: Purpose, *, source: str, at: datetime) -> bool:
    """`set_consent` with granted=False; in force for whoever asks the gate after the commit."""
    return set_consent(session, shopper_id, purpose, granted=False, source=source, at=at)


def records(session: Session, shopper_id: str) -> list[ConsentRecord]:
    """Everything the shopper ever said, by purpose and in order."""
    rows = session.scalars(select(ConsentRow).where(ConsentRow.shopper_id == shopper_id).order_by(ConsentRow.purpose, ConsentRow.sequence))
    return [ConsentRecord(Purpose(r.purpose), r.granted, r.notice_version, r.sequence, r.source, r.at) for r in rows]


def consents(session: Session, shopper_id: str, at: datetime) -> list[ConsentView]:
    """Every purpose with its words and its state, in the order of `Purpose`."""
    rows = session.execute(
        select(
            ConsentStateRow.purpose,
            ConsentStateRow.granted,
            ConsentStateRow.notice_version,
            ConsentStateRow.sequence,
            ConsentStateRow.source,
            ConsentStateRow.at,
        ).where(ConsentStateRow.shopper_id == shopper_id),
    )
    state = {Purpose(row.purpose): ConsentRecord(Purpose(row.purpose), row.granted, row.notice_version, row.sequence, row.source, row.at) for row in rows}
    standing = standing_of(session, shopper_id)
    return [_view(purpose, state.get(purpose), standing, at) for purpose in Purpose]


def standing_of(session: Session, shopper_id: str) -> Standing:
    """Whether she is a minor, and whether any phone of hers permits its position."""
    found = session.execute(select(StandingRow.minor, StandingRow.access).where(StandingRow.shopper_id == shopper_id)).one_or_none()
    return Standing() if found is None else Standing(found.minor, found.access != NEVER)


def state_at(session: Session, shopper_id: str, at: datetime) -> dict[Purpose, ConsentRecord]:
    """What was in force at an instant, from the records alone: the newest of each purpose made by then. A purpose she had said nothing about is not there."""
    said = records(session, shopper_id)
    return {purpose: found for purpose in Purpose if (found := latest(said, purpose, at)) is not None}


def chain_fault(session: Session, shopper_id: str) -> str | None:
    """What is wrong with her chain of records, or None: one missing, changed, moved, or not what its own columns say."""
    rows = session.execute(select(ConsentRow.position, ConsentRow.record, ConsentRow.hash, *_SAYS).where(ConsentRow.shopper_id == shopper_id).order_by(ConsentRow.position)).all()
    end = session.execute(select(StandingRow.position, StandingRow.hash).where(StandingRow.shopper_id == shopper_id)).one_or_none()
    wrong = records_.fault((records_.Link(r.position, r.record, r.hash) for r in rows), head=(end.position, end.hash) if end else (0, records_.NO_HASH))
    if wrong is not None:
        return wrong
    return next((f"record {r.position} says something else than its columns" for r in rows if not records_.says(r.record, r.id, r.shopper_id, r.purpose, r.granted, r.notice_version, r.at)), None)


def shoppers_with_records(session: Session) -> list[str]:
    """Everybody who has a chain, by id: those with records, and those whose chain says there should be some."""
    return list(session.scalars(select(StandingRow.shopper_id).union(select(ConsentRow.shopper_id)).order_by("shopper_id")))


_SAYS = (ConsentRow.id, ConsentRow.shopper_id, ConsentRow.purpose, ConsentRow.granted, ConsentRow.notice_version, ConsentRow.at)


def receipt(session: Session, shopper_id: str, purpose: Purpose) -> dict[str, Any] | None:
    """The receipt of what she said last about a purpose; None if she never did."""
    mine = select(ConsentRow.record, ConsentRow.hash).where(ConsentRow.shopper_id == shopper_id, ConsentRow.purpose == purpose.value)
    found = session.execute(mine.order_by(ConsentRow.sequence.desc()).limit(1)).one_or_none()
    return None if found is None else records_.receipt(found.record, found.hash)


def rebuild_state(session: Session, shopper_id: str) -> int:
    """Make the state rows of one shopper anew from her records; returns how many there are."""
    alone(session, (shopper_id,))
    stamp_change(session)
    newest: dict[Purpose, ConsentRecord] = {}
    for record in records(session, shopper_id):
        newest[record.purpose] = record  # in order of sequence: the last one stays
    session.execute(delete(ConsentStateRow).where(ConsentStateRow.shopper_id == shopper_id).execution_options(synchronize_session=False))
    for purpose, r in newest.items():
        values = {"shopper_id": shopper_id, "purpose": purpose.value, "sequence": r.sequence, "granted": r.granted}
        insert_new(session, ConsentStateRow, {**values, "notice_version": r.notice_version, "source": r.source, "at": r.at}, unique=["shopper_id", "purpose"])
    return len(newest)


def stamp_change(session: Session) -> None:
    """To be called by whoever writes a state: others who remember states (app/privacy/gate.py) read them anew after the commit.

    Everybody who changes a consent writes this one row, so it is written last. The stamp is random, since one that was rolled back
    must never come again.
    """
    if not session.info.get("consents_changed"):
        session.info["consents_changed"] = True
        session.info["before_commit"].append(lambda: _stamp(session))


def _stamp(session: Session) -> None:
    stamp = new_id("cst")
    if not insert_new(session, ConsentHeadRow, {"id": 0, "stamp": stamp}, unique=["id"]):
        session.execute(update(ConsentHeadRow).values(stamp=stamp).execution_options(synchronize_session=False))


def _view(purpose: Purpose, record: ConsentRecord | None, standing: Standing, at: datetime) -> ConsentView:
    notice = NOTICES[purpose]
    verdict = judge(record, purpose, at, standing)
    return ConsentView(
        purpose=purpose.value,
        title=notice.title,
        text=notice.text,
        notice_version=notice.version,
        live=verdict.ok,
        granted=record is not None and record.granted,
        agreed_version=record.notice_version if record is not None and record.granted else None,
        at=record.at if record is not None else None,
        source=record.source if record is not None else None,
        why_not=verdict.reason if isinstance(verdict, Fail) else None,
    )
