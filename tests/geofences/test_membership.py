"""How likely inside: one fix, and what is believed of a visit, held against made-up phones of which the truth is known."""

from __future__ import annotations

import math

import numpy as np

from geofences.membership import MOST_BELIEF, believed, confidence
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import TransitionKind
from tests.geofences.tracks import FENCES, sample


def somewhere(seed: int) -> tuple[list[Sample], bool]:
    """A phone that stays at a place chosen evenly within 150 m of the shop, reports for a while, and goes; and whether it is inside."""
    rng = np.random.default_rng([7, seed])
    east, north = rng.uniform(-150, 150, 2).tolist()
    sigma, count, every_s = rng.uniform(5, 30), int(rng.integers(1, 40)), float(rng.choice([10, 30, 120, 300]))
    keep = math.exp(-every_s / 30) if seed % 3 == 1 else math.exp(-every_s / 120) if seed % 3 == 2 else 0.0
    noise = rng.normal(0, sigma, (count, 2))
    for i in range(1, count):
        noise[i] = keep * noise[i - 1] + math.sqrt(1 - keep**2) * noise[i]
    stay = [
        sample(i * every_s, east + x, north + y, accuracy_m=sigma * 1.51) for i, (x, y) in enumerate(noise.tolist())
    ]
    away = [sample(count * every_s + 60 + 30 * i, east + 400 + 10 * i, north) for i in range(10)]
    return stay + away, math.hypot(east, north) <= 60


def told(count: int) -> dict[TransitionKind, list[tuple[float, bool]]]:
    """For each kind of transition: what was said of its truth, and the truth."""
    tracks, inside = dict[Key, list[Sample]](), dict[str, bool]()
    for seed in range(count):
        key = Key(f"shp_{seed}", "dev")
        tracks[key], inside[key.shopper_id] = somewhere(seed)
    found, _ = advance_many({key: TrackState() for key in tracks}, tracks, math.inf, FENCES, TrackRules())
    out: dict[TransitionKind, list[tuple[float, bool]]] = {}
    for t in found:
        out.setdefault(t.kind, []).append((t.confidence, inside[t.shopper_id]))
    return out


def reliability(pairs: list[tuple[float, bool]], bins: int) -> list[tuple[float, float, int]]:
    """Said, true, how many: of as many each."""
    ordered = np.array(sorted(pairs), dtype=float)
    return [(float(b[:, 0].mean()), float(b[:, 1].mean()), len(b)) for b in np.array_split(ordered, bins)]


class TestConfidence:
    def test_is_what_it_says(self) -> None:
        """Expected calibration error of what is said when a visit begins and when it ends.

        Seen to fail with the highest single fix as the confidence: 0.24 when visits began, 0.30 when they ended.
        """
        found = told(6000)
        for kind, most in ((TransitionKind.ENTERED, 0.06), (TransitionKind.EXITED, 0.04)):
            bins = reliability(found[kind], 6)
            error = sum(n * abs(said - true) for said, true, n in bins) / len(found[kind])
            assert error <= most, bins
            assert all(abs(said - true) <= 0.12 for said, true, _ in bins), bins

    def test_never_certain(self) -> None:
        assert (confidence(100.0), confidence(-100.0), confidence(0.0)) == (0.982, 0.018, 0.5)


class TestBelieved:
    def test_fixes_close_together_count_in_proportion(self) -> None:
        assert believed(0.0, 60.0, 2.0) == 0.7
        assert believed(0.0, 30.0, 2.0) == 0.35
        assert believed(0.0, 900.0, 2.0) == 0.7
        assert believed(3.9, 60.0, 3.0) == MOST_BELIEF
