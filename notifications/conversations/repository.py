"""How the rows of conversations are found, sealed and opened.

Owns the queries and the sealing. Must not decide, and must not move a thread's state (hearing and handing do).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id, new_id
from app.security.vault import open_each, open_for, seal_for
from notifications.conversations import recalling, sayings
from notifications.conversations.contracts import Author, SaidView, Sealed, ThreadState, ThreadView, Way
from notifications.conversations.models import Said, Thread
from notifications.conversations.proposing import Line
from notifications.conversations.recalling import Memory

TEXT, MEMORY = "conversation", "conversation_memory"
"""What is sealed: a value opens for its purpose and its row alone."""


def take_turn(session: Session, shopper_id: str, way: Way, identity: str, at: datetime) -> Thread:
    """The thread, made where there is none, and locked until the transaction ends: of two who speak at once the second waits here."""
    thread_id = derived_id("cnv", shopper_id, way.value, identity)
    fresh = {
        "id": thread_id, "shopper_id": shopper_id, "channel": way.value, "identity": identity, "state": ThreadState.BOT.value, "language": "en",
        "last_seq": 0, "created_at": at, "changed_at": at,
    }  # fmt: skip
    insert_new(session, Thread, fresh, unique=[])
    found = lock(session, thread_id, at)
    if found is None:
        raise LookupError("a thread vanished between insert and update")
    return found


def lock(session: Session, thread_id: str, at: datetime) -> Thread | None:
    """The thread, held until the transaction ends."""
    if not moved(session, update(Thread).where(Thread.id == thread_id).values(changed_at=at)):
        return None
    return session.scalars(select(Thread).where(Thread.id == thread_id).execution_options(populate_existing=True)).one()


def thread(session: Session, thread_id: str, *, shopper_id: str | None = None) -> Thread | None:
    """One thread; with `shopper_id` only hers."""
    found = select(Thread).where(Thread.id == thread_id)
    return session.scalar(found if shopper_id is None else found.where(Thread.shopper_id == shopper_id))


def threads_of(session: Session, shopper_id: str) -> list[Thread]:
    return list(session.scalars(select(Thread).where(Thread.shopper_id == shopper_id).order_by(Thread.created_at, Thread.id)))


def memory_of(row: Thread) -> Memory:
    return recalling.read(open_for(MEMORY, row.memory, row.id.encode())) if row.memory is not None else recalling.NOTHING


def remember(row: Thread, memory: Memory) -> None:
    row.memory = seal_for(row.shopper_id, MEMORY, recalling.written(memory), row.id.encode())


def say(session: Session, row: Thread, author: Author, content: Sealed, at: datetime, *, by: str | None = None, is_open: bool = False) -> Said:
    """One thing more in a thread whose turn this transaction has."""
    row.last_seq += 1
    message_id = new_id("cvm")
    sealed = seal_for(row.shopper_id, TEXT, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), message_id.encode())
    said = Said(
        thread_id=row.id, seq=row.last_seq, id=message_id, shopper_id=row.shopper_id, author=author.value, said_by=by, open=is_open, sealed=sealed, at=at
    )
    session.add(said)
    session.flush()
    return said


def close_proposals(session: Session, thread_id: str) -> None:
    """What was proposed is answered, or not asked any more."""
    row = update(Said).where(Said.thread_id == thread_id, Said.open.is_(True))
    session.execute(row.values(open=False).execution_options(synchronize_session=False))


def said_in(session: Session, thread_id: str, *, after: int = 0, limit: int = 200) -> list[Said]:
    """In order, after a number; of a longer thread the newest."""
    newest = select(Said).where(Said.thread_id == thread_id, Said.seq > after).order_by(Said.seq.desc()).limit(limit)
    return list(reversed(session.scalars(newest.execution_options(populate_existing=True)).all()))


def views(rows: Sequence[Said]) -> list[SaidView]:
    """Opened. What was erased is left out."""
    opened = open_each(TEXT, [(r.sealed, r.id.encode()) for r in rows])
    return [_view(row, json.loads(content)) for row, content in zip(rows, opened, strict=True) if content is not None]


def _view(row: Said, content: Sealed) -> SaidView:
    lines = tuple(Line(str(li["product_id"]), int(li["quantity"])) for li in content.get("lines", ()))
    return SaidView(row.id, row.seq, Author(row.author), content["text"], row.at, content.get("link", ""), tuple(content.get("sources", ())), lines, row.open, content.get("advice"))


def thread_view(row: Thread, language: str = languages.PLAIN) -> ThreadView:
    return ThreadView(row.id, Way(row.channel), ThreadState(row.state), row.language, row.last_seq, row.why, sayings.say(f"why.{row.why}", language, sayings.WHY) if row.why else None, row.changed_at)
