"""Simulated shoppers: they walk real streets at a human pace, pause in shops, and their phones err as phones do.

Pure: owns the walk as a function of time and the noise of its fixes; everything follows from the seed. Must not sleep,
read a clock or send anything (live.py does). Time is in seconds from the walker's own zero.

Noise: a second-order Gauss-Markov process per axis (two stages of 30 s), as used for GNSS position error behind a receiver's own
filter: it wanders for a minute and never leaps, which is how a genuine phone is told from one that makes its position up. The
reported `accuracy_m` is the radius that holds 68 % of positions, so the per-axis deviation is accuracy / 1.515 (Rayleigh).
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.demo.streets import Point, Streets, distance_m, moved_by

SLOWEST_MPS, FASTEST_MPS = 1.2, 1.5
BEST_ACCURACY_M, WORST_ACCURACY_M = 4.0, 12.0
NOISE_STAGE_S = 30.0
PACE_MEMORY_S, PACE_SPREAD = 15.0, 0.2
SLOWEST, QUICKEST = 0.5, 1.3  # of one's own pace
STRIDES_M = 5.0  # as far as one walks without changing one's pace
RADIUS_68 = 1.515  # of a two-dimensional normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class SimFix:
    """A position as the phone reports it. `true_lon`/`true_lat` stay inside the simulation (tests compare with them)."""

    at_s: float
    lon_deg: float
    lat_deg: float
    accuracy_m: float
    speed_mps: float
    true_lon: float
    true_lat: float


class Gait:
    """How fast somebody walks: about her own speed, slower in a throng, faster when the way is free."""

    def __init__(self, rng: random.Random, speed_mps: float, *, spread: float = PACE_SPREAD) -> None:
        self._rng, self.speed_mps, self._spread = rng, speed_mps, spread
        self._mood = rng.gauss(0, 1)

    def over(self, seconds: float) -> float:
        """Metres a second for as long, drifting from what it was before."""
        keep = math.exp(-seconds / PACE_MEMORY_S)
        self._mood = self._mood * keep + self._rng.gauss(0, math.sqrt(1 - keep * keep))
        return self.speed_mps * min(QUICKEST, max(SLOWEST, 1 + self._spread * self._mood))


class Track:
    """Positions over time: walked at somebody's pace between points, resting where told to."""

    def __init__(self, start: Point, at_s: float = 0.0) -> None:
        self._times: list[float] = [at_s]
        self._points: list[Point] = [start]

    @property
    def ends_s(self) -> float:
        return self._times[-1]

    @property
    def end(self) -> Point:
        return self._points[-1]

    def walk(self, path: Sequence[Point], gait: Gait) -> None:
        """Continue along `path` (its first point is where the track now ends, or is walked to)."""
        for point in path:
            length, start = distance_m(self.end, point), self.end
            strides = math.ceil(length / STRIDES_M) if length > 0.01 else 0
            for n in range(1, strides + 1):
                part, step_m = n / strides, length / strides
                self._times.append(self.ends_s + step_m / gait.over(step_m / gait.speed_mps))
                self._points.append((start[0] + (point[0] - start[0]) * part, start[1] + (point[1] - start[1]) * part))

    def rest(self, seconds: float) -> None:
        self._times.append(self.ends_s + seconds)
        self._points.append(self.end)

    def at(self, at_s: float) -> Point:
        """Where one is at `at_s`; before the start the start, after the end the end."""
        after = bisect.bisect_right(self._times, at_s)
        if after == 0:
            return self._points[0]
        if after == len(self._times):
            return self._points[-1]
        a, b = self._points[after - 1], self._points[after]
        span = self._times[after] - self._times[after - 1]
        part = (at_s - self._times[after - 1]) / span if span > 0 else 1.0
        return (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part)

    def speed_mps(self, at_s: float) -> float:
        return distance_m(self.at(at_s - 0.5), self.at(at_s + 0.5))

    def forget_before(self, at_s: float) -> None:
        """Drop what lies in the past, so that a walker may walk for days."""
        keep = max(0, bisect.bisect_right(self._times, at_s) - 2)
        del self._times[:keep], self._points[:keep]


class Noise:
    """The error of one phone. Asked at increasing times, it drifts rather than jumps."""

    def __init__(self, rng: random.Random, accuracy_m: float) -> None:
        self._rng, self.accuracy_m = rng, accuracy_m
        self._sigma = accuracy_m / RADIUS_68
        self._axes = [self._begun(), self._begun()]
        self._last_s: float | None = None

    def _begun(self) -> list[float]:
        """(what drives, what follows it), in deviations of the first; as after a long while."""
        drives = self._rng.gauss(0, 1)
        return [drives, (drives + self._rng.gauss(0, 1)) / 2]

    def at(self, at_s: float) -> tuple[float, float]:
        """(east_m, north_m) of the error at `at_s`."""
        gap = 0.0 if self._last_s is None else max(0.0, at_s - self._last_s)
        self._last_s = at_s
        keep = math.exp(-gap / NOISE_STAGE_S)
        fresh = math.sqrt(1 - keep * keep)
        for axis in self._axes:
            axis[0] = axis[0] * keep + self._rng.gauss(0, fresh)
            axis[1] = axis[1] * keep + axis[0] * (1 - keep)
        size_m = self._sigma * (1 + keep) / math.sqrt(1 + keep * keep)  # what follows has this much less deviation
        return self._axes[0][1] * size_m, self._axes[1][1] * size_m


def noisy_fix(track: Track, noise: Noise, at_s: float) -> SimFix:
    true = track.at(at_s)
    east, north = noise.at(at_s)
    seen = moved_by(true, east, north)
    return SimFix(at_s, seen[0], seen[1], round(noise.accuracy_m, 1), round(track.speed_mps(at_s), 2), true[0], true[1])


class Walker:
    """One shopper without end: chooses a place, walks there, stays a while, walks on. The same seed walks the same way."""

    def __init__(self, name: str, streets: Streets, goals: Sequence[Point], *, seed: int | str) -> None:
        self.name = name
        self._rng = random.Random(f"{seed}/{name}")  # noqa: S311 - a simulation that must repeat
        self._streets, self._goals = streets, list(goals)
        self.gait = Gait(self._rng, self._rng.uniform(SLOWEST_MPS, FASTEST_MPS))
        self._track = Track(self._rng.choice(streets.nodes))
        self._noise = Noise(self._rng, self._rng.uniform(BEST_ACCURACY_M, WORST_ACCURACY_M))

    def fix_at(self, at_s: float) -> SimFix:
        """The phone's fix at `at_s`; ask with increasing times."""
        while self._track.ends_s <= at_s + 1:
            self._go_on()
        fix = noisy_fix(self._track, self._noise, at_s)
        self._track.forget_before(at_s - 60)
        return fix

    def _go_on(self) -> None:
        goal = self._rng.choice(self._goals)
        self._track.walk(self._streets.walk(self._track.end, goal), self.gait)
        # most look in briefly, some stay: a lognormal with median 150 s fits short shop visits
        self._track.rest(min(1200.0, self._rng.lognormvariate(math.log(150), 0.8)))
        if self._rng.random() < 0.3:  # a breather at a corner between two shops
            self._track.walk(self._streets.walk(goal, self._rng.choice(self._streets.nodes)), self.gait)
            self._track.rest(self._rng.uniform(10, 60))


def crowd(streets: Streets, goals: Sequence[Point], *, seed: int | str, count: int = 40) -> list[Walker]:
    """`count` walkers named `shopper-01`...; the same seed gives the same crowd."""
    return [Walker(f"shopper-{n:02d}", streets, goals, seed=seed) for n in range(1, count + 1)]


def fixes(track: Track, *, seed: int | str, accuracy_m: float, every_s: float, from_s: float = 0.0, until_s: float | None = None) -> Iterator[SimFix]:
    """A finite track as its phone reports it, every `every_s` seconds."""
    noise = Noise(random.Random(f"{seed}/noise"), accuracy_m)  # noqa: S311 - a simulation that must repeat
    at_s, last = from_s, track.ends_s if until_s is None else until_s
    while at_s <= last:
        yield noisy_fix(track, noise, at_s)
        at_s += every_s
