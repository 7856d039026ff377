"""What a phone watches by itself, and what is promised of the rest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geofences.device_plan import Candidate, Phone, Plan, PlanRules, plan
from geofences.shapes import METRES_PER_DEGREE, Circle, haversine_m

LAT, LON = 60.17, 24.94
K_LON = METRES_PER_DEGREE * math.cos(math.radians(LAT))
RULES = PlanRules()


def fence(name: str, east_m: float, north_m: float, radius_m: float = 40.0, priority: int = 0) -> Candidate:
    circle = Circle(LAT + north_m / METRES_PER_DEGREE, LON + east_m / K_LON, radius_m)
    distance = haversine_m(LAT, LON, circle.lat_deg, circle.lon_deg) - radius_m
    return Candidate(f"fen_{name}", f"plc_{name}", name, circle, distance, priority)


def made(
    fences: list[Candidate],
    *,
    limit: int = 20,
    reserve: int = 1,
    horizon_m: float = 64_000.0,
    heading: float | None = None,
    speed: float | None = None,
) -> Plan:
    return plan(fences, Phone(LAT, LON, heading, speed), os_limit=limit, reserve=reserve, horizon_m=horizon_m)


def watched(found: Plan) -> list[str]:
    return [fence_id.removeprefix("fen_") for w in found.monitored for fence_id in w.fence_ids]


def crowd(seed: int) -> tuple[list[Candidate], float | None, float | None]:
    rng = np.random.default_rng(seed)
    spread = float(rng.choice([200.0, 2000.0, 20_000.0]))
    fences = [
        fence(
            str(i),
            *rng.normal(0, spread, 2),
            radius_m=float(rng.choice([20, 60, 200, 3000, 8000], p=[0.5, 0.3, 0.1, 0.05, 0.05])),
        )
        for i in range(int(rng.integers(0, 160)))
    ]
    return fences, *((None, None) if seed % 3 == 0 else (float(rng.uniform(0, 360)), float(rng.uniform(0, 30))))


class TestPlan:
    def test_few_fences_are_all_watched_the_nearest_first(self) -> None:
        found = made([fence("far", 900, 0), fence("near", 200, 0), fence("here", 5, 0)])
        assert [(w.name, w.why) for w in found.monitored] == [
            ("here", "inside"),
            ("near", "nearest"),
            ("far", "nearest"),
        ]
        assert found.left_out == ()
        assert found.reserve == 1

    def test_a_small_fence_is_watched_as_a_circle_the_os_can_do(self) -> None:
        (shop,) = made([fence("shop", 400, 0, radius_m=15)]).monitored
        assert shop.circle.radius_m == 100.0

    def test_what_lies_ahead_comes_before_what_lies_behind(self) -> None:
        fences = [fence("ahead", 900, 0), fence("behind", -700, 0)]
        assert watched(made(fences, limit=2, heading=90.0, speed=8.0)) == ["ahead"]
        assert watched(made(fences, limit=2)) == ["behind"]
        assert watched(made(fences, limit=2, heading=90.0, speed=0.2)) == ["behind"]
        assert made(fences, limit=2, heading=90.0, speed=8.0).monitored[0].why == "ahead"

    def test_how_soon_it_can_be_there(self) -> None:
        ahead, behind = made([fence("a", 1040, 0), fence("b", -1040, 0)], heading=90.0, speed=10.0).monitored
        assert ahead.reach_s == pytest.approx(100, rel=1e-3)
        assert behind.reach_s == pytest.approx(400, rel=5e-3)

    def test_a_higher_priority_is_never_left_out_for_a_lower(self) -> None:
        assert watched(made([fence("near", 300, 0), fence("mall", 3000, 0, priority=1)], limit=2)) == ["mall"]

    def test_neighbours_far_away_share_a_circle_when_there_are_too_many(self) -> None:
        row = [fence(f"row{i}", 3000 + 30 * i, 0) for i in range(5)]
        found = made([fence("a", 300, 0), fence("b", -300, 0), *row], limit=4)
        assert [(w.why, len(w.fence_ids)) for w in found.monitored] == [("nearest", 1), ("nearest", 1), ("merged", 5)]
        circle = found.monitored[2].circle
        for one in row:
            away = haversine_m(circle.lat_deg, circle.lon_deg, one.circle.lat_deg, one.circle.lon_deg)
            assert away + one.circle.radius_m <= circle.radius_m

    def test_large_fences_are_left_to_the_refresh(self) -> None:
        found = made([fence("zone", 20_000, 0, radius_m=8000), fence("country", 0, 0, radius_m=90_000)])
        assert [(x.fence_id, x.why, x.asked_first) for x in found.left_out] == [
            ("fen_zone", "too_large", True),
            ("fen_country", "inside_too_large", True),
        ]
        assert found.refresh.radius_m == pytest.approx(12_000 - 2.0 * 240, abs=5)

    def test_nothing_known_is_a_circle_up_to_the_horizon(self) -> None:
        found = made([], horizon_m=4000.0)
        assert (found.monitored, found.left_out) == ((), ())
        assert found.refresh == Circle(LAT, LON, 4000.0 - 480.0)
        assert found.ask_again_s == 2000.0

    def test_what_cannot_be_promised_is_said(self) -> None:
        fences = [fence(str(i), 350 * math.sin(i), 350 * math.cos(i), radius_m=250) for i in range(12)]
        found = made(fences, limit=4)
        assert len(found.left_out) > 0
        assert found.refresh.radius_m == 100.0
        assert {x.asked_first for x in found.left_out} == {False}
        assert found.ask_again_s == pytest.approx(50, abs=2)

    @pytest.mark.parametrize(("limit", "reserve"), [(20, 0), (20, 21), (1, 2)])
    def test_a_reserve_that_cannot_be(self, limit: int, reserve: int) -> None:
        with pytest.raises(ValueError, match="reserve"):
            made([], limit=limit, reserve=reserve)


@pytest.mark.parametrize("seed", range(60))
class TestPromises:
    """For any crowd of fences, any heading and speed."""

    def test_never_more_than_the_limit_and_every_fence_is_spoken_of_once(self, seed: int) -> None:
        fences, heading, speed = crowd(seed)
        for limit, reserve in ((20, 1), (20, 3), (100, 1), (3, 2), (1, 1)):
            found = made(fences, limit=limit, reserve=reserve, heading=heading, speed=speed)
            assert len(found.monitored) <= limit - reserve
            told = [f"fen_{n}" for n in watched(found)] + [x.fence_id for x in found.left_out]
            assert sorted(told) == sorted(f.fence_id for f in fences)

    def test_nothing_sooner_is_left_out_for_something_later(self, seed: int) -> None:
        """Seen to fail with the merged circles in the order of their last member, and with what is over taken from the front."""
        fences, heading, speed = crowd(seed)
        found = made(fences, heading=heading, speed=speed)
        over = [x.reach_s for x in found.left_out if x.why == "over_limit"]
        if over:
            assert max(w.reach_s for w in found.monitored) <= min(over)

    def test_every_watched_fence_lies_within_its_circle(self, seed: int) -> None:
        fences, heading, speed = crowd(seed)
        by_id = {f.fence_id: f.circle for f in fences}
        for one in made(fences, heading=heading, speed=speed).monitored:
            assert one.circle.radius_m >= RULES.min_radius_m
            for fence_id in one.fence_ids:
                inner = by_id[fence_id]
                away = haversine_m(one.circle.lat_deg, one.circle.lon_deg, inner.lat_deg, inner.lon_deg)
                assert away + inner.radius_m <= one.circle.radius_m + 1e-6

    def test_the_phone_asks_again_before_it_can_reach_what_it_does_not_watch(self, seed: int) -> None:
        """At the highest speed it may take up, leaving the circle reported as late as it may be. Seen to fail with the delay left out,
        and with the horizon left out."""
        fences, heading, speed = crowd(seed)
        horizon_m = 30_000.0
        known = [f for f in fences if f.distance_m <= horizon_m]
        found = made(known, heading=heading, speed=speed, horizon_m=horizon_m)
        faster = max(RULES.top_mps, RULES.hurry * (speed or 0.0))
        reported_m = found.refresh.radius_m + faster * RULES.report_delay_s
        distance = {f.fence_id: f.distance_m for f in known}
        for left in found.left_out:
            if left.why == "inside_too_large":
                continue
            assert left.asked_first == (reported_m <= distance[left.fence_id])
            if not left.asked_first:
                assert found.refresh.radius_m == RULES.min_radius_m
            assert found.ask_again_s * faster <= max(distance[left.fence_id], 30 * faster) + 1e-6
        if found.refresh.radius_m > RULES.min_radius_m:
            assert reported_m <= horizon_m + 1e-6
