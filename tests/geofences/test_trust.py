"""Graded evidence about a position."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from geofences import trust
from geofences.contracts import TrustLevel
from geofences.recordings import read_recordings
from geofences.shapes import METRES_PER_DEGREE, haversine_m
from tests.paths import shared

RULES = trust.TrustRules()
LAT, LON = 60.17, 24.94
K_LON = METRES_PER_DEGREE * math.cos(math.radians(LAT))


@dataclass(frozen=True)
class Fix:
    at_s: float
    lat_deg: float
    lon_deg: float
    accuracy_m: float = 8.0


def at(at_s: float, east_m: float, north_m: float, accuracy_m: float = 8.0, digits: int = 7) -> Fix:
    """Rounded as phones send it."""
    return Fix(at_s, round(LAT + north_m / METRES_PER_DEGREE, digits), round(LON + east_m / K_LON, digits), accuracy_m)


def weighed(track: list[Fix], *, kept: bool = False) -> list[trust.Evidence]:
    """Fix by fix as the detector does it: at most 16 before it, none older than 5 minutes. `kept`: prints of a minute ago and more."""
    out: list[trust.Evidence] = []
    prints: dict[int, float] = {}
    for i, fix in enumerate(track):
        recent = [r for r in track[max(0, i - 16) : i] if r.at_s >= fix.at_s - 300]
        moved = None
        if i:
            last = track[i - 1]
            way = haversine_m(last.lat_deg, last.lon_deg, fix.lat_deg, fix.lon_deg)
            moved = max(0.0, way - last.accuracy_m - fix.accuracy_m) / max(1.0, fix.at_s - last.at_s)
        known = {p for p, since_s in prints.items() if fix.at_s - since_s > 60} if kept else ()
        mark = trust.print_of(recent, fix)
        if mark is not None:
            prints.setdefault(mark, fix.at_s)
        out.append(
            trust.weigh(
                mocked=False,
                accuracy_m=fix.accuracy_m,
                age_s=1.0,
                moved_mps=moved,
                rules=RULES,
                sample=fix,
                recent=recent,
                prints=known,
            )
        )
    return out


def doubts(
    *, mocked: bool = False, accuracy_m: float = 10.0, age_s: float = 1.0, moved_mps: float | None = 1.0
) -> tuple[str, ...]:
    return trust.weigh(mocked=mocked, accuracy_m=accuracy_m, age_s=age_s, moved_mps=moved_mps, rules=RULES).doubts


def wander(
    rng: np.random.Generator, count: int, every_s: float, noise_m: float, mps: float, start_s: float = 0.0
) -> list[Fix]:
    """A person as a receiver sees one: turns, pauses, and an error that wanders."""
    east, north, error_e, error_n, way = 0.0, 0.0, 0.0, 0.0, rng.uniform(0, 2 * math.pi)
    out: list[Fix] = []
    for i in range(count):
        error_e, error_n = (0.8 * e + 0.6 * noise_m * float(rng.normal()) for e in (error_e, error_n))
        out.append(at(start_s + i * every_s, east + error_e, north + error_n, accuracy_m=float(rng.uniform(5, 25))))
        way += float(rng.normal(0, 0.3))
        step = mps * every_s * float(rng.uniform(0.5, 1.2))
        east, north = east + step * math.cos(way), north + step * math.sin(way)
    return out


class TestWeigh:
    def test_a_plain_fix_raises_no_doubt(self) -> None:
        assert doubts() == ()

    def test_each_doubt_has_its_name(self) -> None:
        assert doubts(mocked=True) == (trust.MOCKED,)
        assert doubts(moved_mps=220.0) == (trust.JUMP,)
        assert doubts(age_s=3600.0) == (trust.STALE,)
        assert doubts(accuracy_m=1500.0) == (trust.INACCURATE,)

    def test_several_stand_in_order(self) -> None:
        assert doubts(mocked=True, accuracy_m=1500.0) == (trust.INACCURATE, trust.MOCKED)

    def test_the_first_fix_cannot_jump(self) -> None:
        assert doubts(moved_mps=None) == ()

    def test_old_and_inaccurate_alone_are_no_suspicion_mocked_is(self) -> None:
        weak = trust.weigh(mocked=False, accuracy_m=1500, age_s=3600, moved_mps=None, rules=RULES)
        assert weak.grades == ((trust.INACCURATE, 0.1), (trust.STALE, 0.2))
        assert weak.strength == pytest.approx(0.28)
        assert trust.weigh(mocked=True, accuracy_m=5, age_s=1, moved_mps=None, rules=RULES).strength == 1.0

    def test_a_bad_fix_jumps_a_little_a_teleport_much(self) -> None:
        start = wander(np.random.default_rng(1), 6, 5.0, 4.0, 0.0)
        near, far = weighed([*start, at(26, 300, 0)])[-1], weighed([*start, at(26, 90_000, 0)])[-1]
        unsure = weighed([*start, at(26, 90_000, 0, accuracy_m=2000)])[-1]
        assert near.grades == ((trust.JUMP, 0.3),)
        assert far.grades == ((trust.JUMP, 0.6),)
        assert unsure.strength < trust.SUSPECT

    def test_thirteen_positions_equal_to_the_last_bit_are_static(self) -> None:
        found = weighed([at(5.0 * i, 0, 0) for i in range(17)])
        assert [e.doubts for e in found] == [()] * 12 + [(trust.STATIC,)] * 5
        assert [e.strength for e in found[12:]] == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])

    def test_a_position_that_wanders_by_centimetres_is_not(self) -> None:
        rng = np.random.default_rng(2)
        assert {
            d for e in weighed([at(5.0 * i, *rng.normal(0, 0.05, 2)) for i in range(60)]) for d in e.doubts
        } == set()

    def test_a_ruler_is_too_smooth_from_the_eighth_fix_on(self) -> None:
        found = weighed([at(2.0 * i, 2.8 * i, 0.9 * i) for i in range(12)])
        assert [e.doubts for e in found] == [()] * 7 + [(trust.TOO_SMOOTH,)] * 5

    def test_standing_is_not_smooth(self) -> None:
        assert weighed([at(2.0 * i, 0.01 * i, 0) for i in range(12)])[-1].doubts == ()

    def test_the_same_four_positions_again_are_a_replay(self) -> None:
        rng = np.random.default_rng(3)
        lap = [tuple(rng.normal(0, 40, 2)) for _ in range(5)]
        found = weighed([at(10.0 * i, *lap[i % 5]) for i in range(15)])
        assert [trust.REPLAYED in e.doubts for e in found] == [False] * 8 + [True] * 7

    def test_a_cached_position_sent_again_is_no_replay(self) -> None:
        rng = np.random.default_rng(4)
        walk = [at(10.0 * i, *rng.normal(0, 40, 2)) for i in range(6)]
        twice = sorted([*walk, *(replace(f, at_s=f.at_s + 4) for f in walk)], key=lambda f: f.at_s)
        assert {d for e in weighed(twice) for d in e.doubts} == set()


class TestPrintOf:
    def test_a_track_told_again_an_hour_later_is_known_by_its_prints(self) -> None:
        walk = wander(np.random.default_rng(5), 40, 10.0, 4.0, 1.3)
        again = [replace(f, at_s=f.at_s + 3600) for f in walk]
        found = weighed([*walk, *again], kept=True)
        assert not any(trust.REPLAYED in e.doubts for e in found[:43])
        assert all(trust.REPLAYED in e.doubts for e in found[43:])

    def test_too_few_positions_have_none(self) -> None:
        assert trust.print_of([at(0, 0, 0), at(1, 5, 5), at(2, 5, 5)], at(3, 9, 9)) is None

    def test_one_bit_makes_another(self) -> None:
        walk = [at(0, 0, 0), at(1, 5, 5), at(2, 9, 9)]
        first = trust.print_of(walk, at(3, 12, 12))
        assert first == trust.print_of([replace(f, at_s=f.at_s + 500) for f in walk], at(503, 12, 12))
        assert first != trust.print_of(walk, at(3, 12.02, 12))


def static(rng: np.random.Generator) -> list[Fix]:
    """A pin on a map: the same position over and over."""
    every_s = float(rng.choice([1.0, 2.0, 5.0, 10.0, 15.0, 20.0]))
    place = rng.normal(0, 500, 2)
    return [at(i * every_s, *place, accuracy_m=float(rng.choice([3, 5, 10]))) for i in range(30)]


def teleport(rng: np.random.Generator) -> list[Fix]:
    """An honest walk, and then somewhere else."""
    walk = wander(rng, 15, float(rng.choice([1.0, 5.0, 30.0])), 4.0, 1.3)
    last = walk[-1].at_s
    way, turn = float(10 ** rng.uniform(3.8, 6)), rng.uniform(0, 2 * math.pi)
    there = wander(rng, 15, 5.0, 4.0, 1.3, start_s=last + float(rng.uniform(2, 20)))
    moved = [way * math.cos(turn) / METRES_PER_DEGREE, way * math.sin(turn) / K_LON]
    return [*walk, *(replace(f, lat_deg=f.lat_deg + moved[0] / 2, lon_deg=f.lon_deg + moved[1] / 2) for f in there)]


def straight(rng: np.random.Generator) -> list[Fix]:
    """A route walked by an app: straight from corner to corner at constant speed, a fix every so often."""
    every_s, mps = float(rng.choice([1.0, 2.0, 5.0, 10.0])), float(rng.uniform(1.0, 20.0))
    digits = int(rng.choice([6, 7, 9]))
    out: list[Fix] = []
    east, north, way = 0.0, 0.0, rng.uniform(0, 2 * math.pi)
    for _ in range(3):
        for _ in range(24):
            out.append(at(len(out) * every_s, east, north, accuracy_m=5.0, digits=digits))
            east, north = east + mps * every_s * math.cos(way), north + mps * every_s * math.sin(way)
        way += float(rng.uniform(0.5, 2))
    return out


class TestSpoofs:
    @pytest.mark.parametrize("make", [static, teleport, straight])
    def test_at_least_ninety_five_of_a_hundred_are_suspect(
        self, make: Callable[[np.random.Generator], list[Fix]]
    ) -> None:
        rng = np.random.default_rng(11)
        caught = sum(any(e.strength >= trust.SUSPECT for e in weighed(make(rng))) for _ in range(300))
        assert caught / 300 >= 0.95

    def test_made_up_honest_walks_are_not(self) -> None:
        rng = np.random.default_rng(12)
        found = [
            e
            for _ in range(200)
            for e in weighed(wander(rng, 60, float(rng.choice([1.0, 5.0, 30.0])), 4.0, float(rng.uniform(0, 2))))
        ]
        assert sum(e.strength >= trust.SUSPECT for e in found) / len(found) <= 0.001


class TestHonestTracks:
    def test_at_most_one_fix_of_a_hundred_is_suspect(self) -> None:
        """Real phones in pockets and cars, and real GPX files, with all they repeat, skip and jump."""
        files = sorted(shared("data", "mobilitynet_sfba", "tracks").glob("*.csv.gz"))
        gpx = [
            shared("data", "gpx_samples", f"{name}.gpx")
            for name in ("cerknicko-jezero", "korita-zbevnica", "gh_test1", "around-visnjan-with-car")
        ]
        suspect, total = 0, 0
        for path in [*files, *gpx]:
            for samples in read_recordings([path]).tracks.values():
                track = [Fix(s.at_s, s.lat_deg, s.lon_deg, s.accuracy_m) for s in sorted(samples)]
                suspect += sum(e.strength >= trust.SUSPECT for e in weighed(track))
                total += len(track)
        assert total > 20_000
        assert suspect / total <= 0.01


class TestLevel:
    def test_positions_alone_are_claimed(self) -> None:
        assert trust.level(()) is TrustLevel.CLAIMED

    def test_a_second_kind_corroborates_two_verify(self) -> None:
        assert trust.level((), ["beacon"]) is TrustLevel.CORROBORATED
        assert trust.level((), ["beacon", "attested_device"]) is TrustLevel.VERIFIED
        assert trust.level((), ["till"]) is TrustLevel.VERIFIED

    def test_a_mocked_position_stays_claimed(self) -> None:
        assert trust.level([trust.MOCKED], ["beacon", "attested_device"]) is TrustLevel.CLAIMED
        assert trust.level([trust.MOCKED], ["till"]) is TrustLevel.CLAIMED

    @pytest.mark.parametrize("doubt", sorted(trust.MADE_UP))
    def test_a_track_that_looks_made_up_is_verified_at_the_till_only(self, doubt: str) -> None:
        assert trust.level([doubt], ["beacon", "attested_device"]) is TrustLevel.CORROBORATED
        assert trust.level([doubt], ["till"]) is TrustLevel.VERIFIED

    def test_other_doubts_take_nothing_from_other_evidence(self) -> None:
        weak = [trust.JUMP, trust.STALE, trust.INACCURATE]
        assert trust.level(weak, ["beacon", "attested_device"]) is TrustLevel.VERIFIED
