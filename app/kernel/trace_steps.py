"""Where a trace goes on in another transaction, thread or process: what was under way when something was written down.

Owns `kernel_trace_step`: a row for each event, batch, message and coupon that was written while a trace was being told, and none where none is.
Must not say more than which trace: of whom it is stands in no row here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import tracing
from app.kernel.bulk import Rows, insert_many
from app.kernel.db import Base, Instant, touched

KEEP = timedelta(days=7)
"""As long as deliveries that are done: a coupon that is used within a week shows in the trace where it came from."""


class TraceStep(Base):
    __tablename__ = "kernel_trace_step"
    step: Mapped[str] = mapped_column(String(60), primary_key=True)
    trace: Mapped[str] = mapped_column(String(55))
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


_COLUMNS = ("step", "trace", "created_at")


def rows(steps: Sequence[str], at: datetime) -> tuple[Rows, ...]:
    """The rows that lead from here to these, to be written beside them; none where nothing is told."""
    trace = tracing.current()
    return () if trace is None or not steps else ((TraceStep, _COLUMNS, [(step, trace, at) for step in steps]),)


def leave(session: Session, *steps: str) -> None:
    """Write them now. A step that is written twice keeps the first."""
    for model, columns, values in rows(steps, session.info["clock"].now()):
        insert_many(session, model, columns, values, unique=("step",))


def found(session: Session, steps: Sequence[str]) -> Mapping[str, str]:
    """Of each step that was left, the trace; asks nothing where nothing is traced in this process."""
    if not tracing.on() or not steps:
        return {}
    wanted = select(TraceStep.step, TraceStep.trace).where(TraceStep.step.in_(steps))
    return {row.step: row.trace for row in session.execute(wanted)}


def link(session: Session, step: str) -> None:
    """What is under way has to do with that step, if it was told."""
    if tracing.current() is not None:
        for trace in found(session, [step]).values():
            tracing.link(trace)


def sweep(session: Session, at: datetime) -> int:
    """Forget what nothing goes on from any more."""
    return touched(session, delete(TraceStep).where(TraceStep.created_at <= at - KEEP))
