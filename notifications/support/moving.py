"""A case goes from one state to another, and its clock with it: the one way there is.

Owns that a move, its clock, its step and its event are one. The case is held by the transaction (repository.lock) before anything is asked of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from notifications.hours import OpenHours, is_late
from notifications.support import matters, repository
from notifications.support.clock import Clock
from notifications.support.contracts import By, CaseMoved, Priority, PromiseMissed
from notifications.support.errors import CaseNotThere
from notifications.support.models import Case
from notifications.support.reasons import SupportReason, sentence
from notifications.support.settings import SupportSettings
from notifications.support.states import OURS, CaseState, Move, after


def begun(session: Session, row: Case, priority: Priority, settings: SupportSettings, at: datetime) -> None:
    """The clock of a new case runs."""
    row.priority = priority.value
    _keep(row, Clock(settings.answer_within_s[priority], settings.solve_within_s[priority]).started(at), matters.hours_of(session, row.place_id, settings.hours_of))


def go(session: Session, row: Case, move: Move, settings: SupportSettings, at: datetime) -> bool:
    """True when it stands elsewhere now. Raises CaseNotThere with the reason where this move leads nowhere."""
    state = after(move, CaseState(row.state))
    if isinstance(state, Fail):
        raise CaseNotThere(sentence(SupportReason(state.reason)), extra={"reason": str(state.reason), **state.facts})
    tell_late(session, row, at)
    hours = matters.hours_of(session, row.place_id, settings.hours_of)
    now = clock_of(row)
    if move is Move.ANSWER and row.answered_at is None:
        row.answered_at, now = at, now.stopped(at, hours).answered()
    _keep(row, now.started(at) if state in OURS else now.stopped(at, hours), hours)
    row.owed_since = None if state not in OURS else row.owed_since or at
    if move is Move.ANSWER:
        row.owed_since = None
    elsewhere = state.value != row.state
    row.state = state.value
    if elsewhere:
        if state is CaseState.SOLVED:
            row.solved_at = at
        emit(session, CaseMoved(row.id, row.shopper_id, state.value, row.merged_into, at), subject=row.shopper_id)
    session.flush()
    return elsewhere


def tell_late(session: Session, row: Case, at: datetime) -> int:
    """What was promised until before now and was not kept, each told once. Asked before the clock is touched: a late answer is late, whoever was quicker."""
    found = 0
    if is_late(row.answer_due_at, at) and row.answer_late_at is None:
        found, row.answer_late_at = found + 1, at
        emit(session, PromiseMissed(row.id, row.shopper_id, "first_answer", row.priority, row.answer_due_at or at), subject=row.shopper_id)
    if is_late(row.solve_due_at, at) and row.solve_late_at is None:
        found, row.solve_late_at = found + 1, at
        emit(session, PromiseMissed(row.id, row.shopper_id, "solution", row.priority, row.solve_due_at or at), subject=row.shopper_id)
    return found


def set_priority(session: Session, row: Case, priority: Priority, settings: SupportSettings, at: datetime) -> None:
    """The promises are those of the new priority, less what has passed already."""
    hours, before = matters.hours_of(session, row.place_id, settings.hours_of), Priority(row.priority)
    more = settings.answer_within_s[priority] - settings.answer_within_s[before], settings.solve_within_s[priority] - settings.solve_within_s[before]
    tell_late(session, row, at)
    clock = clock_of(row)
    ran = clock.running_since is not None
    clock = clock.stopped(at, hours).promised(*more)
    row.priority = priority.value
    _keep(row, clock.started(at) if ran else clock, hours)


def noted(session: Session, row: Case, move: Move, at: datetime, *, who: str | None) -> None:
    repository.step(session, row, move.value, By.PERSON if who else By.HOUSE, at, who=who)


def clock_of(row: Case) -> Clock:
    return Clock(row.answer_left_s, row.solve_left_s, row.running_since)


def _keep(row: Case, clock: Clock, hours: OpenHours) -> None:
    row.answer_left_s, row.solve_left_s, row.running_since = clock.answer_left_s, clock.solve_left_s, clock.running_since
    row.answer_due_at, row.solve_due_at = clock.answer_due(hours), clock.solve_due(hours)
