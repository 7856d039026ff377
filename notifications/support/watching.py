"""What time does to cases: a promise that was not kept is told, once, and what was solved long enough ago closes.

Owns this periodic work; a transaction for each case, so that one that fails holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.logs import get_logger
from notifications.support import moving, repository
from notifications.support.models import Case
from notifications.support.settings import SupportSettings
from notifications.support.states import CaseState, Move

log = get_logger(__name__)
BATCH = 200
PROMISES = ((Case.answer_due_at, Case.answer_late_at), (Case.solve_due_at, Case.solve_late_at))


def look(database: Database, settings: SupportSettings) -> int:
    """How many promises were found broken or cases closed."""
    at, done = database.clock.now(), 0
    with database.reading() as session:
        late = {case_id for due, told in PROMISES for case_id in session.scalars(select(Case.id).where(due < at, told.is_(None)).order_by(due).limit(BATCH))}
        over = (Case.state == CaseState.SOLVED.value, Case.solved_at < at - timedelta(seconds=settings.close_after_s))
        ended = session.scalars(select(Case.id).where(*over).order_by(Case.solved_at).limit(BATCH)).all()
    for case_id in sorted(late):
        done += _each(database, partial(_late, case_id))
    for case_id in ended:
        done += _each(database, partial(_close, settings, case_id))
    return done


def _late(case_id: str, session: Session) -> int:
    at = session.info["clock"].now()
    row = repository.lock(session, case_id, at)
    return moving.tell_late(session, row, at) if row is not None else 0


def _close(settings: SupportSettings, case_id: str, session: Session) -> int:
    at = session.info["clock"].now()
    row = repository.lock(session, case_id, at)
    if row is None or row.state != CaseState.SOLVED or row.solved_at is None or row.solved_at >= at - timedelta(seconds=settings.close_after_s):
        return 0  # she has written meanwhile
    moving.go(session, row, Move.CLOSE, settings, at)
    moving.noted(session, row, Move.CLOSE, at, who=None)
    return 1


def _each(database: Database, work: Callable[[Session], int]) -> int:
    try:
        with database.transaction() as session:
            return work(session)
    except Exception as error:
        log.exception("support_not_looked_at", error=type(error).__name__, exc_info=error)
        return 0
