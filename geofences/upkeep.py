"""What becomes of the log behind a runner: what lies outside every fence is coarsened, and what is too old to correct anything goes.

Owns how often. Takes the flush's session. Must not decide what may be kept of a batch (thinning.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from geofences.index import FenceIndex
from geofences.memory import Memory
from geofences.partition_store import Held
from geofences.ports import FixLog
from geofences.thinning import PRECISE_S, thinned
from geofences.track import TrackRules

EVERY_S = 5.0
"""At every flush where nothing is to be kept."""


class Upkeep:
    def __init__(self, fix_log: FixLog, rules: TrackRules) -> None:
        self._log, self._rules = fix_log, rules
        self._every_s = EVERY_S if rules.correction_window_s else 0.0
        self._at: datetime | None = None

    def due(self, at: datetime) -> bool:
        return self._at is None or (at - self._at).total_seconds() >= self._every_s

    def trim(self, session: Session, held: Mapping[int, Held], positions: Mapping[int, int], memory: Memory, fences: FenceIndex, at: datetime) -> None:
        """Of the partitions held, which are committed up to `positions` with this."""
        keep_s = self._rules.history_s if self._rules.correction_window_s else -1.0
        if self._rules.correction_window_s:
            self._coarsen(session, held, positions, memory, fences)
        self._log.trim(session, positions, at - timedelta(seconds=min(keep_s, PRECISE_S)))
        memory.history.expire(min(one.watermark_s for one in held.values()) - max(keep_s, self._rules.forget_s))
        self._at = at

    def _coarsen(self, session: Session, held: Mapping[int, Held], positions: Mapping[int, int], memory: Memory, fences: FenceIndex) -> None:
        spans = {partition: (held[partition].coarse, position) for partition, position in positions.items()}
        while batches := self._log.whole(session, spans):
            self._log.coarsen(session, [thinned(batch, memory, fences, self._rules, held[batch.partition].watermark_s) for batch in batches])
        for partition, position in positions.items():
            held[partition].coarse = position
