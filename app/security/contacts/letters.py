"""Letters: written in the transaction of what they tell of, sent with none open.

Owns the queue and the states of a letter. Must not hold a transaction while a mail server is asked. A process that dies between
sending and recording leaves a lease that runs out; the repeat carries the same id, so that a mailbox shows it once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, moved
from app.kernel.errors import AppError
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.security.contacts import losing, repository
from app.security.contacts.models import LetterRow
from app.security.contacts.ports import ContactGateway, Letter, Receipt, Sent
from app.security.contacts.settings import ContactSettings
from app.security.contacts.texts import Text
from app.security.contacts.values import ContactKind
from app.security.vault import open_for, seal_for

log = get_logger(__name__)

BATCH = 20
FIRST_WAIT_S = 5.0
TTL = timedelta(days=2)
LETTER = "letter"


@dataclass(frozen=True, slots=True, repr=False)
class _Claimed:
    """A letter that is ours to send as long as the claim runs."""

    claim: str
    attempts: int
    shopper_id: str
    to_hash: str | None
    letter: Letter


def queue(session: Session, shopper_id: str, kind: ContactKind, to: str, about: str, text: Text, *, at: datetime, expires_at: datetime | None = None) -> str:
    """Write a letter in the caller's transaction; returns its id. Not sent after `expires_at` (default: two days)."""
    letter_id = new_id("ltr")
    plain = json.dumps({"to": to, "subject": text.subject, "text": text.text}).encode()
    row = LetterRow(id=letter_id, shopper_id=shopper_id, kind=kind.value, about=about, state="queued", due_at=at, expires_at=expires_at or at + TTL, created_at=at)
    row.to_hash = repository.value_hash(kind, to)
    row.sealed = seal_for(shopper_id, LETTER, plain, letter_id.encode())
    session.add(row)
    session.flush()
    return letter_id


def send_due(database: Database, gateway: ContactGateway, settings: ContactSettings) -> int:
    """Claim what is due, send each with no transaction open, record it. Returns how many were claimed."""
    with database.reading() as session:
        if session.execute(_due(database.clock.now()).limit(1)).first() is None:
            return 0
    with database.transaction() as session:
        claimed = _claim(session, database.clock.now(), settings)
    for one in claimed:
        receipt = gateway.send(one.letter) if one.letter.kind in gateway.kinds else Receipt(Sent.REFUSED)
        with database.transaction() as session:
            _record(session, one, receipt, settings, database.clock.now())
    return len(claimed)


def _due(at: datetime) -> Select[Any]:
    free = or_(LetterRow.state == "queued", LetterRow.state == "claimed")
    return select(LetterRow).where(free, LetterRow.due_at <= at).order_by(LetterRow.due_at, LetterRow.id)


def _claim(session: Session, at: datetime, settings: ContactSettings) -> list[_Claimed]:
    """A claim is a lease: while it runs the letter is due again only after its end."""
    claimed: list[_Claimed] = []
    for row in session.scalars(_due(at).limit(BATCH).with_for_update(skip_locked=True)).all():
        letter = _opened(row)
        ended = "expired" if row.expires_at <= at else "failed" if letter is None or row.attempts >= settings.letter_attempts else None
        mine = update(LetterRow).where(LetterRow.id == row.id, LetterRow.state == row.state, LetterRow.attempts == row.attempts)
        if ended is not None or letter is None:
            moved(session, mine.values(state=ended, sealed=None, claim=None))
            continue
        claim = new_id("clm")
        lease_until = at + timedelta(seconds=settings.letter_lease_s)
        if moved(session, mine.values(state="claimed", claim=claim, due_at=lease_until, attempts=LetterRow.attempts + 1)):
            claimed.append(_Claimed(claim, row.attempts + 1, row.shopper_id, row.to_hash, letter))
    return claimed


def _opened(row: LetterRow) -> Letter | None:
    """None when its key is gone: she was erased while it waited."""
    try:
        plain = json.loads(open_for(LETTER, row.sealed or b"", row.id.encode()))
    except AppError:
        return None
    return Letter(row.id, ContactKind(row.kind), plain["to"], plain["subject"], plain["text"])


def _record(session: Session, one: _Claimed, receipt: Receipt, settings: ContactSettings, at: datetime) -> None:
    values: dict[str, Any] = {"mail_status": receipt.status or None}
    if receipt.sent is Sent.ACCEPTED:
        values |= {"state": "sent", "sent_at": at, "sealed": None}  # what it said is nobody's business any more, ours neither
    elif receipt.sent is Sent.NOBODY:
        values |= {"state": losing.NOBODY, "sealed": None}
        repository.contacts(session, one.shopper_id, for_change=True)  # before the letter, as whoever loses a contact does
    elif receipt.sent is Sent.REFUSED or one.attempts >= settings.letter_attempts:
        values |= {"state": "failed", "sealed": None}
    else:
        values |= {"state": "queued", "due_at": at + timedelta(seconds=FIRST_WAIT_S * 2 ** (one.attempts - 1))}
    mine = update(LetterRow).where(LetterRow.id == one.letter.id, LetterRow.state == "claimed", LetterRow.claim == one.claim)
    if not moved(session, mine.values(claim=None, **values)):
        log.info("letter_claim_was_lost", letter_id=one.letter.id)
    if receipt.sent is Sent.NOBODY:  # whoever claimed it meanwhile hears the same
        losing.lose(session, one.shopper_id, one.letter.kind, at, told_of=one.letter.id, shown_before=at, value_hash=one.to_hash)
