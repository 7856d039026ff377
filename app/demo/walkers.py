"""Simulated shoppers: they walk real streets at a human pace, pause in shops, and their phones err as phones do.

Pure: owns the walk as a function of time and the noise of its fixes; everything follows from the seed. Must not sleep,
read a clock or send anything (live.py does). Time is in seconds from the walker's own zero.

Noise: a first-order Gauss-Markov process per axis (correlation time 20 s), as used for GNSS position error; the reported
`accuracy_m` is the radius that holds 68 % of positions, so the per-axis deviation is accuracy / 1.515 (Rayleigh).
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
NOISE_MEMORY_S = 20.0
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


class Track:
    """Positions over time: walked at a constant speed between points, resting where told to."""

    def __init__(self, start: Point, at_s: float = 0.0) -> None:
        self._times: list[float] = [at_s]
        self._points: list[Point] = [start]

    @property
    def ends_s(self) -> float:
        return self._times[-1]

    @property
    def end(self) -> Point:
        return self._points[-1]

    def walk(self, path: Sequence[Point], speed_mps: float) -> None:
        """Continue along `path` (its first point is where the track now ends, or is walked to)."""
        for point in path:
            length = distance_m(self.end, point)
            if length > 0.01:
                self._times.append(self.ends_s + length / speed_mps)
                self._points.append(point)

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
        self._east, self._north = rng.gauss(0, self._sigma), rng.gauss(0, self._sigma)
        self._last_s: float | None = None

    def at(self, at_s: float) -> tuple[float, float]:
        """(east_m, north_m) of the error at `at_s`."""
        gap = NOISE_MEMORY_S if self._last_s is None else max(0.0, at_s - self._last_s)
        self._last_s = at_s
        keep = math.exp(-gap / NOISE_MEMORY_S)
        fresh = self._sigma * math.sqrt(1 - keep * keep)
        self._east = self._east * keep + self._rng.gauss(0, fresh)
        self._north = self._north * keep + self._rng.gauss(0, fresh)
        return self._east, self._north


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
        self.speed_mps = self._rng.uniform(SLOWEST_MPS, FASTEST_MPS)
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
        self._track.walk(self._streets.walk(self._track.end, goal), self.speed_mps)
        # most look in briefly, some stay: a lognormal with median 150 s fits short shop visits
        self._track.rest(min(1200.0, self._rng.lognormvariate(math.log(150), 0.8)))
        if self._rng.random() < 0.3:  # a breather at a corner between two shops
            self._track.walk(self._streets.walk(goal, self._rng.choice(self._streets.nodes)), self.speed_mps)
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
