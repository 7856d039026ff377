"""Granting and withdrawing: the use case behind each switch on the phone page.

Owns writing records and moving the state row with them. Must not decide what consent allows (gate, consent).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from app.privacy.consent import ConsentRecord, judge
from app.privacy.contracts import ConsentChanged, ConsentView
from app.privacy.models import ConsentHeadRow, ConsentRow, ConsentStateRow
from app.privacy.purposes import NOTICES, Purpose


def set_consent(session: Session, shopper_id: str, purpose: Purpose, *, granted: bool, source: str, at: datetime) -> bool:
    """Grant or withdraw one purpose, to the notice as it reads now. True when that changed anything.

    `source` says where it was said: phone_page, app, demo, operator. What is in force already is not recorded again.
    Writers of the same switch queue on its row, so records and state always tell the same story.
    """
    stamp_change(session)
    version = NOTICES[purpose].version
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
    session.add(ConsentRow(id=new_id("con"), sequence=sequence, **key, **said))
    session.flush()
    emit(session, ConsentChanged(shopper_id, purpose.value, granted, version, at), subject=shopper_id)
    return True


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
    return [_view(purpose, state.get(purpose), at) for purpose in Purpose]


def rebuild_state(session: Session, shopper_id: str) -> int:
    """Make the state rows of one shopper anew from her records; returns how many there are."""
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
    """To be called before any state row is written: whoever remembers states (app/privacy/gate.py) reads them anew after the commit.

    Writers queue here, each before it touches a state row, so that none waits for the other's rows. The stamp is random, since one
    that was rolled back must never come again.
    """
    stamp = new_id("cst")
    if not insert_new(session, ConsentHeadRow, {"id": 0, "stamp": stamp}, unique=["id"]):
        session.execute(update(ConsentHeadRow).values(stamp=stamp).execution_options(synchronize_session=False))


def _view(purpose: Purpose, record: ConsentRecord | None, at: datetime) -> ConsentView:
    notice = NOTICES[purpose]
    return ConsentView(
        purpose=purpose.value,
        title=notice.title,
        text=notice.text,
        notice_version=notice.version,
        live=judge(record, purpose, at).ok,
        granted=record is not None and record.granted,
        agreed_version=record.notice_version if record is not None and record.granted else None,
        at=record.at if record is not None else None,
    )
