"""People of ours work on cases: the queue, one claim at a time, the file, answers, notes, moves, priorities, and two cases that are one.

Owns these steps. Whoever has not taken a case reads nothing of what was said in it, operators excepted; every look stands in the audit log, and every
step in the case's own history.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.privacy import gate
from app.security.audit import journal
from app.security.principals import Principal, Role
from notifications.hours import is_late
from notifications.support import moving, repository, viewing
from notifications.support.contracts import By, CaseFile, Category, EntryKind, Priority, QueuedCase
from notifications.support.errors import CaseNotClaimed, CaseNotToClaim, CaseNotToMerge, UnknownCase
from notifications.support.models import Case
from notifications.support.opening import text_of
from notifications.support.settings import SupportSettings
from notifications.support.states import LIVE, CaseState, Move
from notifications.support.telling import Teller

BY_HAND = (Move.RESUME, Move.SOLVE, Move.REOPEN, Move.CLOSE)
"""What a person can say of a case; the rest follows from what is written."""


def queue(session: Session, at: datetime, take_over_after_s: int, *, every: bool = False, limit: int = 200) -> list[QueuedCase]:
    """What waits for us, the nearest promise first; with `every` also what waits for her."""
    mine = LIVE if every else [state for state in LIVE if state is not CaseState.WAITING_SHOPPER]
    soonest = func.coalesce(Case.answer_due_at, Case.solve_due_at)
    rows = session.scalars(select(Case).where(Case.state.in_(mine)).order_by(soonest.is_(None), soonest, Case.id).limit(limit))
    return [queued(row, at, take_over_after_s) for row in rows]


def queued(row: Case, at: datetime, take_over_after_s: int) -> QueuedCase:
    due = row.answer_due_at or row.solve_due_at
    late = is_late(row.answer_due_at, at) or is_late(row.solve_due_at, at)
    free = row.state in LIVE and (row.claimed_by is None or (row.owed_since is not None and row.owed_since <= at - timedelta(seconds=take_over_after_s)))
    return QueuedCase(
        row.id, Category(row.category), Priority(row.priority), CaseState(row.state), viewing.channel_of(row), repository.about(row), row.opened_at, due,
        "" if due is None else "first_answer" if row.answer_due_at else "solution", late, free, row.claimed_by,
    )  # fmt: skip


def claim(session: Session, case_id: str, *, by: Principal, at: datetime, take_over_after_s: int) -> None:
    """The case is this person's from now on: of two who reach for it one gets it. One whose shopper has waited too long for whoever has it can be taken over.
    Raises CaseNotToClaim, UnknownCase."""
    left = and_(Case.owed_since.is_not(None), Case.owed_since <= at - timedelta(seconds=take_over_after_s), Case.claimed_by != by.id)
    free = update(Case).where(Case.id == case_id, Case.state.in_(LIVE), or_(Case.claimed_by.is_(None), left))
    owner = session.scalar(select(Case.shopper_id).where(Case.id == case_id))
    if owner is None:
        raise UnknownCase
    gate.hold(session, (owner,))
    if not moved(session, free.values(claimed_by=by.id, changed_at=at)):
        raise CaseNotToClaim
    row = session.scalars(select(Case).where(Case.id == case_id).execution_options(populate_existing=True)).one()
    repository.step(session, row, "claimed", By.PERSON, at, who=by.id)
    journal.note(session, "support.claimed", by=by, about=row.shopper_id, at=at, detail={"case": case_id})


def release(session: Session, case_id: str, *, by: Principal, at: datetime) -> None:
    """Back into the queue. Raises CaseNotClaimed, UnknownCase."""
    row = _mine(session, case_id, by, at)
    row.claimed_by = None
    repository.step(session, row, "released", By.PERSON, at, who=by.id)
    journal.note(session, "support.released", by=by, about=row.shopper_id, at=at, detail={"case": case_id})


def file(session: Session, case_id: str, settings: SupportSettings, *, by: Principal, at: datetime, take_over_after_s: int) -> CaseFile:
    """All of it, for whoever has taken it, or an operator. Raises UnknownCase, CaseNotClaimed."""
    row = repository.find(session, case_id)
    if row is None:
        raise UnknownCase
    if by.kind is not Role.OPERATOR and row.claimed_by != by.id:
        raise CaseNotClaimed
    journal.looked_at(session, "support_case", by=by, about=row.shopper_id, at=at, of=case_id)
    others = [queued(one, at, take_over_after_s) for one in repository.live_of(session, row.shopper_id, but=row.id)]
    view = viewing.view(session, row, settings, at, for_her=False)
    return CaseFile(view, queued(row, at, take_over_after_s), row.shopper_id, row.solve_due_at, tuple(others), repository.rating_words(row))


def answer(session: Session, case_id: str, text: str, settings: SupportSettings, teller: Teller, *, by: Principal, at: datetime) -> None:
    """A person's word to her; it is her turn then. Raises Invalid, CaseNotClaimed, UnknownCase, CaseNotThere."""
    words = text_of(text)
    row = _mine(session, case_id, by, at)
    moving.go(session, row, Move.ANSWER, settings, at)
    entry = repository.add(session, row, EntryKind.MESSAGE, By.PERSON, words, at, who=by.id)
    teller.tell(session, row, "support.answer", entry.seq, at, words=words, subject=viewing.subject_of(row))
    journal.note(session, "support.answered", by=by, about=row.shopper_id, at=at, detail={"case": case_id})


def note(session: Session, case_id: str, text: str, *, by: Principal, at: datetime) -> None:
    """For us alone. Raises Invalid, CaseNotClaimed, UnknownCase."""
    words = text_of(text)
    repository.add(session, _mine(session, case_id, by, at), EntryKind.NOTE, By.PERSON, words, at, who=by.id)


def move(session: Session, case_id: str, what: Move, settings: SupportSettings, teller: Teller, *, by: Principal, at: datetime) -> None:
    """Solved, open again, ours again, or closed. When it is solved she is told, and asked how content she is. Raises CaseNotClaimed, UnknownCase, CaseNotThere."""
    if what not in BY_HAND:
        raise Invalid.field("move", f"one of {', '.join(BY_HAND)}")
    row = _mine(session, case_id, by, at)
    moving.go(session, row, what, settings, at)
    moving.noted(session, row, what, at, who=by.id)
    if what is Move.SOLVE:
        teller.tell(session, row, "support.solved", row.last_seq, at, subject=viewing.subject_of(row))
    journal.note(session, "support.moved", by=by, about=row.shopper_id, at=at, detail={"case": case_id, "move": what.value})


def sort(
    session: Session, case_id: str, settings: SupportSettings, *, by: Principal, at: datetime, priority: Priority | None = None, category: Category | None = None
) -> None:
    """Another priority, another category; the promises follow. Raises CaseNotClaimed, UnknownCase."""
    row = _mine(session, case_id, by, at)
    if priority is not None and priority != row.priority:
        repository.step(session, row, "set", By.PERSON, at, who=by.id, which="Priority", before=row.priority, after=priority.value)
        moving.set_priority(session, row, priority, settings, at)
    if category is not None and category != row.category:
        repository.step(session, row, "set", By.PERSON, at, who=by.id, which="Category", before=row.category, after=category.value)
        row.category = category.value
    session.flush()


def merge(session: Session, case_id: str, into: str, settings: SupportSettings, *, by: Principal, at: datetime) -> None:
    """One of two cases of the same shopper becomes a part of the other and closes; it stays readable, and its page leads there. Raises CaseNotClaimed,
    UnknownCase, CaseNotToMerge."""
    owners = {i: owner for i, owner in session.execute(select(Case.id, Case.shopper_id).where(Case.id.in_((case_id, into))))}  # noqa: C416
    if case_id in owners and (into == case_id or owners.get(into) != owners[case_id]):
        raise CaseNotToMerge
    gate.hold(session, set(owners.values()))
    for one in sorted(owners):  # in one order whichever is named first: two who merge each into the other do not wait for each other for ever
        repository.lock(session, one, at)
    row, other = _mine(session, case_id, by, at), repository.find(session, into)
    if other is None or CaseState.CLOSED in (row.state, other.state):
        raise CaseNotToMerge
    row.merged_into = other.id
    moving.go(session, row, Move.MERGE, settings, at)
    repository.step(session, row, "merge", By.PERSON, at, who=by.id, into=other.id)
    repository.step(session, other, "merged", By.PERSON, at, who=by.id, **{"from": row.id})
    journal.note(session, "support.merged", by=by, about=row.shopper_id, at=at, detail={"case": case_id, "into": into})


def _mine(session: Session, case_id: str, by: Principal, at: datetime) -> Case:
    """The case of this person, held until the transaction ends."""
    owner = session.scalar(select(Case.shopper_id).where(Case.id == case_id))
    if owner is None:
        raise UnknownCase
    gate.hold(session, (owner,))
    row = repository.lock(session, case_id, at)
    if row is None:
        raise UnknownCase
    if row.claimed_by != by.id:
        raise CaseNotClaimed
    return row
