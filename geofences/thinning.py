"""What may be kept of a batch that is processed: outside every fence a cell, and nothing longer than a day.

Owns that cut, seen from what a runner remembers of the devices in it. Pure. docs/algorithms/fix-log.md says why each position is kept or not.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

import numpy as np

from app.kernel.clock import from_epoch_s
from geofences.coarsening import coarsened, near, with_speed
from geofences.columns import Floats, Ints
from geofences.index import FenceIndex
from geofences.memory import Memory
from geofences.ports import LogBatch
from geofences.track import Sample, TrackRules

PRECISE_S = 86_400.0
"""No position is kept longer, be it inside a fence."""


def thinned(batch: LogBatch, memory: Memory, fences: FenceIndex, rules: TrackRules, watermark_s: float) -> tuple[LogBatch, datetime]:
    """The batch with what lies outside every fence as cells, and when it has to go."""
    columns = batch.columns
    nos = memory.live.numbers(columns.keys)
    due_s = float(columns.at_s.min(initial=watermark_s)) + PRECISE_S
    keep = near(columns, fences, rules, _remembered_since_s(memory, nos))

    def before(key_no: int, at_s: float) -> Sample | None:
        return memory.history.before(int(nos[key_no]), at_s, at_s - rules.forget_s - 1.0)

    columns = with_speed(columns, keep, before, rules)
    return replace(batch, columns=coarsened(columns, keep)), from_epoch_s(due_s)


def _remembered_since_s(memory: Memory, nos: Ints) -> Floats:
    """Since when something of each device is remembered that a fix could change; inf where nothing is."""
    out = np.full(len(nos), math.inf)
    for at in np.flatnonzero(memory.live.busy[nos]).tolist():
        state = memory.states.get(int(nos[at]))
        several = [*state.presences.values(), *state.dormant.values()] if state is not None else []
        out[at] = min((p.first_s for p in several), default=math.inf)
    return out
