"""What is known of one device between fixes: its last fixes, what is remembered of it, what came too late.

Owns the state's fields and when a fix can still be applied in order. Pure. It must not decide what a fix means (`track`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from geofences import trust
from geofences.checkpoints import Checkpoint
from geofences.transitions import Presence, PresenceRules

DEFAULT_ACCURACY_M = 20.0
"""For sources that do not say (GPX): a phone outdoors."""


class Key(NamedTuple):
    """Whose track: devices of one shopper move apart, so each has its own."""

    shopper_id: str
    device_id: str

    def text(self) -> str:
        return f"{self.shopper_id}/{self.device_id}"


class Sample(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """A fix as the detector sees it; seconds since 1970. Sorting is by time, then id: ties never depend on arrival."""

    at_s: float
    id: str
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    speed_mps: float | None = None
    mocked: bool = False
    age_s: float = 0.0
    coarse: bool = False
    """Only a cell that holds it is known (geofences/coarsening.py): it hit no fence, or her phone's system permits no more. It
    counts as elsewhere."""


@dataclass(frozen=True, slots=True)
class TrackRules:
    presence: PresenceRules = field(default_factory=PresenceRules)
    trust: trust.TrustRules = field(default_factory=trust.TrustRules)
    forget_s: float = 300.0
    """A fix older than this says nothing about speed or the way taken since."""
    correction_window_s: float = 86_400.0
    """How far back an overdue fix may still correct what was told."""

    @property
    def history_s(self) -> float:
        """How long fixes must be remembered for that: what was remembered at the window's edge began earlier."""
        return self.correction_window_s + self.presence.longest_s + self.forget_s


RECENT_SAMPLES = 16


class TrackState(msgspec.Struct, array_like=True):
    """All that is remembered of one device.

    `floor_s`: time of the newest sample applied, `floor_ids` the samples applied at that very time; `fired_s`: the newest
    deadline fired. `recent`: the last samples applied, oldest first, at most 16 and none older than `forget_s` before the
    newest; `last` is its end. `overdue`: samples that came too late to be applied in order, in order of arrival; whoever
    advances the state takes them away (`take_overdue`) and hands them to `revision`; `late` counts them. `dormant`: visits closed
    for silence that the next fix may still find to have lasted.
    """

    buffer: list[Sample] = []
    presences: dict[str, Presence] = {}
    dormant: dict[str, Presence] = {}
    last: Sample | None = None
    recent: list[Sample] = []
    floor_s: float = -math.inf
    floor_ids: tuple[str, ...] = ()
    fired_s: float = -math.inf
    late: int = 0
    overdue: list[Sample] = []
    checkpoints: list[Checkpoint] = []
    weighed: int = 0
    """Samples applied while something was remembered; spaces the checkpoints."""

    @property
    def quiet(self) -> bool:
        """Nothing is remembered that a sample or the passing of time could change."""
        return not self.presences and not self.buffer and not self.dormant

    def idle(self, watermark_s: float, rules: TrackRules) -> bool:
        """Nothing in here can still matter: the state need not be kept."""
        recent = self.last is not None and watermark_s - self.last.at_s < rules.forget_s
        return self.quiet and not self.overdue and not recent

    def is_overdue(self, sample: Sample) -> bool:
        """Something that happened after `sample` has been worked in already: it can no longer be applied in order."""
        if sample.at_s < self.floor_s or sample.at_s < self.fired_s:
            return True
        return sample.at_s == self.floor_s and bool(self.floor_ids) and sample.id < self.floor_ids[-1]

    def take_overdue(self) -> list[Sample]:
        """The overdue samples, which are the caller's from now on."""
        taken, self.overdue = self.overdue, []
        return taken

    def note(self, sample: Sample, rules: TrackRules) -> None:
        """`sample` has been applied; see the class for the fields."""
        self.floor_ids = (*self.floor_ids, sample.id) if sample.at_s == self.floor_s else (sample.id,)
        self.floor_s = sample.at_s
        self.last = sample
        recent, since_s = self.recent, sample.at_s - rules.forget_s
        recent.append(sample)
        while len(recent) > RECENT_SAMPLES or recent[0].at_s < since_s:
            del recent[0]


def recent_of(applied: list[Sample], rules: TrackRules) -> list[Sample]:
    """Of samples in order of time, those `TrackState.recent` keeps."""
    since_s = applied[-1].at_s - rules.forget_s if applied else 0.0
    return [s for s in applied[-RECENT_SAMPLES:] if s.at_s >= since_s]


def revived(applied: list[Sample], decided_s: float, watermark_s: float, rules: TrackRules) -> TrackState:
    """The state of a track of which nothing had to be kept (`idle`) and that is heard again.

    `applied`: what is still known of its last fixes, in order of time. `decided_s`: event time of the newest decision told of it
    (-inf for none). `watermark_s`: up to where time had passed before what is heard now. What is older than a decision is
    overdue, and so is what might have told on a candidate that was forgotten since.
    """
    recent = recent_of(applied, rules)
    last = recent[-1] if recent else None
    forgotten_s = min(watermark_s, last.at_s + 2 * rules.presence.settle_s) if last is not None else -math.inf
    return TrackState(
        last=last,
        recent=recent,
        floor_s=last.at_s if last is not None else -math.inf,
        floor_ids=tuple(s.id for s in recent if s.at_s == recent[-1].at_s),
        fired_s=max(decided_s, forgotten_s),
    )


def pass_by(state: TrackState, sample: Sample, rules: TrackRules) -> None:
    """All that a sample does to a `quiet` state when it is not overdue, hits no fence and crosses none.

    A duplicate (an id in `recent`, or at `floor_s` in `floor_ids`) must not come here.
    """
    state.note(sample, rules)
