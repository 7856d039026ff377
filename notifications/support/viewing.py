"""Cases as they are read: hers without our notes and without names, and how many of a time were answered, solved, late and how well.

Owns the way from rows to contracts. Must not move anything.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.privacy.aggregates import FEWEST
from notifications.support import repository
from notifications.support.contracts import CaseView, Category, Channel, EntryKind, SupportFigures
from notifications.support.errors import UnknownCase
from notifications.support.models import Case
from notifications.support.settings import SupportSettings
from notifications.support.states import CaseState

RATED_STATES = (CaseState.SOLVED, CaseState.CLOSED)


def hers(session: Session, shopper_id: str, settings: SupportSettings, at: datetime) -> list[CaseView]:
    """Her cases, the newest first, without what is in them."""
    rows = repository.of_shopper(session, shopper_id)
    named = repository.subjects(rows)
    return [_view(row, named[row.id], settings, at) for row in rows if row.id in named]


def one_of_hers(session: Session, shopper_id: str, case_id: str, settings: SupportSettings, at: datetime) -> CaseView:
    """Raises UnknownCase, also for another's."""
    row = repository.find(session, case_id, shopper_id=shopper_id)
    if row is None:
        raise UnknownCase
    return view(session, row, settings, at, for_her=True)


def view(session: Session, row: Case, settings: SupportSettings, at: datetime, *, for_her: bool) -> CaseView:
    if for_her:
        said = tuple(replace(entry, who=None) for entry in repository.entries(session, row.id, kinds=(EntryKind.MESSAGE,)))
    else:
        said = tuple(repository.entries(session, row.id))
    return _view(row, subject_of(row), settings, at, said)


def _view(row: Case, subject: str, settings: SupportSettings, at: datetime, entries: tuple[repository.EntryView, ...] = ()) -> CaseView:
    return CaseView(
        row.id, subject, Category(row.category), CaseState(row.state), channel_of(row), repository.about(row), row.opened_at, row.changed_at, row.answer_due_at,
        row.merged_into, row.stars, may_rate(row, settings, at), entries,
    )  # fmt: skip


def may_rate(row: Case, settings: SupportSettings, at: datetime) -> bool:
    """Once, of a case that was solved and is not a part of another, for a while."""
    lately = row.solved_at is not None and at <= row.solved_at + timedelta(seconds=settings.rate_within_s)
    return row.state in RATED_STATES and lately and row.merged_into is None and row.stars is None


def subject_of(row: Case) -> str:
    return repository.subjects([row]).get(row.id, "")


def channel_of(row: Case) -> Channel:
    return Channel(row.channel)


def figures(session: Session, *, since: datetime, until: datetime) -> SupportFigures:
    """Of the cases opened in between. What people said of us is told only where enough of them did."""
    of = (Case.opened_at >= since, Case.opened_at < until)
    count = func.count
    opened, answered, solved, late_answers, late_solutions = session.execute(
        select(count(Case.id), count(Case.answered_at), count(Case.solved_at), count(Case.answer_late_at), count(Case.solve_late_at)).where(*of)
    ).one()
    people = session.scalar(select(count(Case.shopper_id.distinct())).where(*of, Case.stars.is_not(None))) or 0
    if people < FEWEST:
        return SupportFigures(opened, answered, solved, late_answers, late_solutions, None, None, None, f"fewer than {FEWEST} shoppers have rated")
    stars = {value: number for value, number in session.execute(select(Case.stars, count()).where(*of, Case.stars.is_not(None)).group_by(Case.stars)) if value}
    rated = sum(stars.values())
    average = (10 * sum(value * number for value, number in stars.items()) + rated // 2) // rated
    return SupportFigures(opened, answered, solved, late_answers, late_solutions, rated, average, {value: stars.get(value, 0) for value in range(1, 6)}, "")
