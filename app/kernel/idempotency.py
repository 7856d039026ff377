"""Idempotency keys: the same request sent twice is done once and answered twice.

Owns the table of keys and their stored answers (24 h). The answer is stored in the transaction of the effect, so there is
no moment at which one exists without the other. Must not know routes or frameworks.
Follows draft-ietf-httpapi-idempotency-key-header: same key and request -> stored answer; another request -> 422;
still being worked on -> 409 with Retry-After.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

from sqlalchemy import LargeBinary, String, Table, bindparam, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.db import Base, Instant, insert_new, moved
from app.kernel.errors import AppError
from app.kernel.processes import is_dead, this_process

KEEP_ANSWER = timedelta(hours=24)
ATTEMPT_LEASE = timedelta(seconds=30)
"""A staged attempt that has not finished by then is taken to have crashed; a retry goes on where it stopped. At once, when the
process that made it has provably ended."""


class IdempotencyKeyReused(AppError):
    """This Idempotency-Key was used for a different request; send a new key."""

    status = 422
    code = "idempotency_key_reused"


class StillInProgress(AppError):
    """The first request with this Idempotency-Key is still being worked on; ask again after Retry-After seconds."""

    status = 409
    code = "still_in_progress"


class IdempotencyRow(Base):
    __tablename__ = "kernel_idempotency"
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    media_type: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempt: Mapped[int] = mapped_column(default=1)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    claimed_by: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class AnswerKeeper(Protocol):
    """What becomes of answers on their way into the table and out of it (`Database.answers`)."""

    def kept(self, caller: str, key_hash: str, body: bytes) -> bytes: ...

    def given(self, key_hash: str, stored: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer: HTTP status, media type and body bytes."""

    status: int
    body: bytes
    media_type: str = "application/json"


def begin(session: Session, key_hash: str, request_hash: str, at: datetime, *, staged: bool) -> tuple[Answer | None, int]:
    """Claim the key in this transaction. Returns (stored answer or None: go ahead, attempt number).

    `staged`: the work spans several transactions, so this claim will be committed before the work is done and carries a lease.
    """
    claim = {"lease_until": at + ATTEMPT_LEASE, "claimed_by": this_process()} if staged else {"lease_until": None, "claimed_by": None}
    values = {"key_hash": key_hash, "request_hash": request_hash, "attempt": 1, "created_at": at, **claim}
    if insert_new(session, IdempotencyRow, values, unique=["key_hash"]):
        return None, 1
    row = session.execute(select(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash).with_for_update()).scalar_one()
    if row.created_at <= at - KEEP_ANSWER and (row.status is not None or row.lease_until is None or row.lease_until <= at):
        session.execute(delete(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash))
        session.expunge(row)
        return begin(session, key_hash, request_hash, at, staged=staged)
    if row.request_hash != request_hash:
        raise IdempotencyKeyReused
    if row.status is not None:
        keeper = _keeper(session)
        body = keeper.given(key_hash, row.body) if keeper is not None and row.body else row.body
        return Answer(row.status, body or b"", row.media_type or "application/json"), row.attempt
    if row.lease_until is not None and row.lease_until > at and not is_dead(row.claimed_by):
        wait_s = max(1, int((row.lease_until - at).total_seconds()) + 1)
        raise StillInProgress(extra={"retry_after_s": wait_s})
    attempt = row.attempt + 1
    taken = update(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash, IdempotencyRow.attempt == row.attempt, IdempotencyRow.status.is_(None))
    session.expunge(row)
    if not moved(session, taken.values(attempt=attempt, **claim)):
        raise StillInProgress(extra={"retry_after_s": 1})
    return None, attempt


def finish(session: Session, key_hash: str, answer: Answer, caller: str = "") -> None:
    """Store the answer beside its effect, in the effect's transaction, as the keeper wants an answer to this caller kept."""
    keeper = _keeper(session)
    body = keeper.kept(caller, key_hash, answer.body) if keeper is not None else answer.body
    moved(session, _ANSWERED, {"whose": key_hash, "answered": answer.status, "as_type": answer.media_type, "with_body": body})


_ROW = cast("Table", IdempotencyRow.__table__)
_ANSWERED = (
    update(_ROW)
    .where(_ROW.c.key_hash == bindparam("whose"), _ROW.c.status.is_(None))
    .values(status=bindparam("answered"), media_type=bindparam("as_type"), body=bindparam("with_body"), lease_until=None)
)


def _keeper(session: Session) -> AnswerKeeper | None:
    return cast("AnswerKeeper | None", session.info["database"].answers)


def give_up(session: Session, key_hash: str, attempt: int) -> None:
    """A staged attempt ended in a clear refusal: the key is free, so that a corrected retry need not wait for the lease."""
    row = update(IdempotencyRow).where(IdempotencyRow.key_hash == key_hash, IdempotencyRow.attempt == attempt, IdempotencyRow.status.is_(None))
    moved(session, row.values(lease_until=None))


def sweep(session: Session, at: datetime) -> int:
    """Forget answers older than 24 h."""
    stale = IdempotencyRow.created_at <= at - KEEP_ANSWER
    old = select(IdempotencyRow.key_hash).where(stale, or_(IdempotencyRow.lease_until.is_(None), IdempotencyRow.lease_until <= at)).limit(1000)
    keys = session.scalars(old).all()
    if keys:
        session.execute(delete(IdempotencyRow).where(IdempotencyRow.key_hash.in_(keys)))
    return len(keys)
