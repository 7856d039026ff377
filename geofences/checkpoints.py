"""Marks from which a track can be told again when a fix comes too late.

Owns which marks are kept: one before anything is remembered, then one every few samples, thinned the older they are, so that
the story is retold from a point at most a few times further back than the late fix. Pure. It must not apply anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Protocol

import msgspec

from geofences.transitions import Presence

EVERY = 16
"""Samples between marks while something is remembered."""
APART_S = 0.01
"""A mark stands only where the next sample is at least this much later: what is before and what is after is then beyond doubt."""


class Checkpoint(msgspec.Struct, array_like=True):
    """The track when every sample up to `floor_s` and every deadline up to `fired_s` had been worked in, and nothing later."""

    floor_s: float
    fired_s: float
    weighed: int
    presences: dict[str, Presence] = {}
    dormant: dict[str, Presence] = {}

    def precedes(self, at_s: float) -> bool:
        """Whether a sample at `at_s` changes nothing of what is marked here."""
        return self.floor_s < at_s and self.fired_s <= at_s


class Marked(Protocol):
    """What a mark is taken of (`track.TrackState`)."""

    floor_s: float
    fired_s: float
    weighed: int
    presences: dict[str, Presence]
    dormant: dict[str, Presence]
    checkpoints: list[Checkpoint]


def take(state: Marked, next_s: float) -> Checkpoint | None:
    """A mark of `state` before a sample at `next_s`, None where none is due. The caller keeps it if anything is remembered then."""
    if next_s - state.floor_s < APART_S:
        return None
    marks = state.checkpoints
    if state.presences and marks and state.weighed - marks[-1].weighed < EVERY:
        return None
    return Checkpoint(state.floor_s, state.fired_s, state.weighed, copied(state.presences), copied(state.dormant))


def copied(presences: Mapping[str, Presence]) -> dict[str, Presence]:
    return {fence_id: copy(presence) for fence_id, presence in presences.items()}


def keep(marks: Sequence[Checkpoint], since_s: float) -> list[Checkpoint]:
    """Those of `marks` (by age) worth keeping: gaps grow with age; of marks before `since_s` the newest alone."""
    out = list(marks)
    while len(out) > 1 and out[1].floor_s <= since_s:
        del out[0]
    newest, at = out[-1].weighed, len(out) - 2
    while at >= 1:
        older, younger = out[at - 1].weighed, out[at + 1].weighed
        if younger - older <= EVERY + 2 * (newest - younger):
            del out[at]
        at -= 1
    return out


def before(marks: Sequence[Checkpoint], at_s: float) -> Checkpoint | None:
    """The newest mark that a sample at `at_s` leaves as it is."""
    return next((mark for mark in reversed(marks) if mark.precedes(at_s)), None)
