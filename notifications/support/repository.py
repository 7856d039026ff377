"""How cases are found, held, sealed and opened.

Owns the queries, the sealing and the numbering of what is in a case. Must not decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved, touched
from app.security import people
from app.security.vault import open_each, seal_for
from notifications.support.contracts import About, By, Category, Channel, EntryKind, EntryView
from notifications.support.models import Case, CaseEntry
from notifications.support.states import LIVE, CaseState

SEALED_AS = "support_case"
ABOUT = ("order_id", "visit_id", "decision_id", "coupon_id", "thread_id")
STEPS = {
    "opened": "Opened ({channel}).", "claimed": "Taken.", "released": "Given back to the queue.", "solve": "Solved.", "reopen": "Opened again.", "resume": "Ours again.",
    "close": "Closed.", "merge": "Made a part of {into}.", "merged": "{from} became a part of this.", "set": "{which}: {before} became {after}.",
}  # fmt: skip


def find(session: Session, case_id: str, *, shopper_id: str | None = None) -> Case | None:
    """One case; with `shopper_id` only hers, also of who she was before she signed in."""
    found = select(Case).where(Case.id == case_id)
    return session.scalar(found if shopper_id is None else found.where(Case.shopper_id.in_(people.same_person(session, shopper_id))))


def lock(session: Session, case_id: str, at: datetime) -> Case | None:
    """The case, held until the transaction ends: of two who would move it the second waits here, and sees where the first went."""
    if not moved(session, update(Case).where(Case.id == case_id).values(changed_at=at)):
        return None
    return session.scalars(select(Case).where(Case.id == case_id).execution_options(populate_existing=True)).one()


def of_shopper(session: Session, shopper_id: str, *, limit: int = 50) -> list[Case]:
    """Hers, also of who she was before she signed in; the newest first."""
    hers = Case.shopper_id.in_(people.same_person(session, shopper_id))
    return list(session.scalars(select(Case).where(hers).order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit)))


def live_of(session: Session, shopper_id: str, *, but: str = "") -> list[Case]:
    open_now = select(Case).where(Case.shopper_id == shopper_id, Case.state.in_([*LIVE, CaseState.SOLVED]), Case.id != but)
    return list(session.scalars(open_now.order_by(Case.opened_at, Case.id)))


def sealed(shopper_id: str, text: str, *bound: str) -> bytes:
    return seal_for(shopper_id, SEALED_AS, text.encode(), ".".join(bound).encode())


def add(session: Session, row: Case, kind: EntryKind, by: By, text: str, at: datetime, *, who: str | None = None) -> CaseEntry:
    """One thing more in a case that this transaction holds."""
    row.last_seq += 1
    entry = CaseEntry(
        case_id=row.id, seq=row.last_seq, shopper_id=row.shopper_id, kind=kind.value, author=by.value, who=who,
        sealed=sealed(row.shopper_id, text, row.id, str(row.last_seq)), at=at,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def step(session: Session, row: Case, what: str, by: By, at: datetime, *, who: str | None = None, **facts: str) -> None:
    """What was done, by whom; the words are made when it is read."""
    add(session, row, EntryKind.STEP, by, json.dumps({"step": what, **facts}), at, who=who)


def entries(session: Session, case_id: str, *, kinds: Sequence[EntryKind] = tuple(EntryKind)) -> list[EntryView]:
    """In order; without what was erased."""
    rows = session.scalars(select(CaseEntry).where(CaseEntry.case_id == case_id, CaseEntry.kind.in_(kinds)).order_by(CaseEntry.seq)).all()
    opened = open_each(SEALED_AS, [(row.sealed, f"{row.case_id}.{row.seq}".encode()) for row in rows])
    return [
        EntryView(row.seq, EntryKind(row.kind), By(row.author), row.who, _told(row, plain.decode()), row.at)
        for row, plain in zip(rows, opened, strict=True) if plain is not None
    ]  # fmt: skip


def _told(row: CaseEntry, text: str) -> str:
    if row.kind != EntryKind.STEP:
        return text
    facts: dict[str, str] = json.loads(text)
    return STEPS[facts.pop("step")].format(**facts)


def subjects(rows: Sequence[Case]) -> dict[str, str]:
    """Case id -> its subject; without those that were erased."""
    opened = open_each(SEALED_AS, [(row.subject_sealed, f"{row.id}.subject".encode()) for row in rows])
    return {row.id: plain.decode() for row, plain in zip(rows, opened, strict=True) if plain is not None}


def rating_words(row: Case) -> str:
    if row.rating_sealed is None:
        return ""
    (plain,) = open_each(SEALED_AS, [(row.rating_sealed, f"{row.id}.rating".encode())])
    return plain.decode() if plain is not None else ""


def about(row: Case) -> About:
    return About(**{name: getattr(row, name) for name in ABOUT})


def fresh(case_id: str, shopper_id: str, subject: str, category: Category, channel: Channel, linked: About, at: datetime) -> dict[str, Any]:
    """What a new case begins with, its clock excepted."""
    return {
        "id": case_id, "shopper_id": shopper_id, "state": CaseState.OPEN.value, "category": category.value, "channel": channel.value,
        "subject_sealed": sealed(shopper_id, subject, case_id, "subject"), **{name: getattr(linked, name) for name in ABOUT},
        "last_seq": 0, "owed_since": at, "opened_at": at, "changed_at": at,
    }  # fmt: skip


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """All of it, our notes too: they are about her."""
    rows = session.scalars(select(Case).where(Case.shopper_id == shopper_id).order_by(Case.opened_at, Case.id)).all()
    named = subjects(rows)
    return {"support_cases": [
        {
            "id": row.id, "subject": named.get(row.id, ""), "category": row.category, "priority": row.priority, "state": row.state, "channel": row.channel,
            **{name: value for name in ABOUT if (value := getattr(row, name)) is not None}, "opened_at": row.opened_at, "solved_at": row.solved_at,
            "stars": row.stars, "rating": rating_words(row) or None,
            "entries": [{"kind": e.kind, "by": e.by, "text": e.text, "at": e.at} for e in entries(session, row.id)],
        }
        for row in rows
    ]}  # fmt: skip


def erase(session: Session, shopper_id: str) -> int:
    gone = touched(session, delete(CaseEntry).where(CaseEntry.shopper_id == shopper_id))
    return gone + touched(session, delete(Case).where(Case.shopper_id == shopper_id))
