"""Which traces the fixes came in, that the next flush is about.

Owns that memory, from reading a batch to the flush that goes past it; empty where nothing is traced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from app.kernel import trace_steps, tracing
from geofences.partition_store import Held
from geofences.ports import LogBatch


def step_of(partition: int, position: int) -> str:
    """By what a batch of the log is found again."""
    return f"fixes/{partition}/{position}"


class Origins:
    """Of one runner: what it has read and not gone past yet."""

    def __init__(self) -> None:
        self._traces: dict[tuple[int, int], str | None] = {}

    def note(self, session: Session, batches: Iterable[LogBatch]) -> None:
        if not tracing.on():
            return
        steps = {(b.partition, b.position): step_of(b.partition, b.position) for b in batches if len(b.columns)}
        found = trace_steps.found(session, list(steps.values()))
        self._traces.update({at: found.get(step) for at, step in steps.items()})

    def flushing(self, *, unflushed: bool) -> tracing.Nothing:
        """The span of a flush that writes something: the child of the one batch it is about, or linked to several."""
        return tracing.following("detection.flush", list(self._traces.values())) if unflushed else tracing.NOTHING

    def passed(self, held: Mapping[int, Held]) -> None:
        """What lies behind the positions that are committed led to what it leads to."""
        self._traces = {at: trace for at, trace in self._traces.items() if at[0] in held and at[1] > held[at[0]].flushed}
