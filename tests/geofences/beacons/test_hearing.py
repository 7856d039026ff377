"""Zone visits from what one phone hears: any order gives the same, flapping ends nothing, an ambiguous id alone says nothing."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from geofences.beacons.hearing import HearingRules, HearingState, advance_sightings
from geofences.beacons.sightings import Sighting
from geofences.beacons.transmitters import Beacon, Registry, Zone
from geofences.beacons.zones import ZoneRules
from geofences.transitions import Transition, TransitionKind
from tests.geofences.tracks import KEY

UUID_TEXT = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
ZONES = [
    Zone("hats", "plc_hats", "Hats", "F1"),
    Zone("shoes", "plc_shoes", "Shoes", "F1"),
    Zone("toys", "plc_toys", "Toys", "F2"),
]
OF_ZONE = {1: "shoes", 2: "shoes", 11: "hats", 12: "hats", 21: "toys", 22: "toys"}
REGISTRY = Registry(
    ZONES, [Beacon(f"b{n}", zone, "ibeacon", f"{UUID_TEXT}/1/{n}", "", -60) for n, zone in OF_ZONE.items()]
)


def heard(at_s: float, minor: int, rssi: float = -62) -> Sighting:
    identity = f"{UUID_TEXT}/1/{minor}" if minor else f"{UUID_TEXT}/0/0"
    return Sighting(at_s, f"{at_s:.3f}/{minor}/{rssi}", "ibeacon", identity, "", rssi)


def run(sightings: list[Sighting], registry: Registry = REGISTRY, until_s: float = math.inf) -> list[Transition]:
    _, found, _ = advance_sightings(HearingState(), sightings, until_s, registry, KEY)
    return found


def told(found: list[Transition]) -> list[tuple[str, str, int, str]]:
    return [(t.kind.value, t.fence_id, round(t.at_s), t.why) for t in found]


def stroll(seed: int, *, lasting_s: float = 600.0) -> list[Sighting]:
    """From shoes to hats and back, each zone's two beacons near and the others far, with noise, losses and some words far off."""
    rng = np.random.default_rng(seed)
    out: list[Sighting] = []
    at_s = 0.0
    while at_s < lasting_s:
        at_s += float(rng.exponential(0.7))
        here = "shoes" if at_s < lasting_s / 3 or at_s > 2 * lasting_s / 3 else "hats"
        minor = int(rng.choice(list(OF_ZONE)))
        away = -66 if OF_ZONE[minor] == here else -80 if OF_ZONE[minor] != "toys" else -88
        rssi = away + float(rng.normal(0, 6)) - 20 * (rng.random() < 0.1)
        if rssi > -97:
            out.append(heard(at_s, minor, round(rssi)))
    return out


class TestAdvanceSightings:
    def test_near_then_away_then_silent(self) -> None:
        found = run([heard(t, 1) for t in range(60)])
        assert told(found) == [
            ("entered", "shoes", 0, "heard_near"),
            ("dwelled", "shoes", 120, "dwell_120"),
            ("dwelled", "shoes", 300, "dwell_300"),
            ("exited", "shoes", 300, "heard_nothing"),
        ]

    def test_one_word_is_no_visit_however_loud(self) -> None:
        assert run([heard(0, 1, -30)]) == []

    def test_far_is_no_visit(self) -> None:
        assert run([heard(t, 1, -95) for t in range(120)]) == []

    def test_the_floor_with_the_nearest_beacons_wins(self) -> None:
        both = [heard(t, n, rssi) for t in range(30) for n, rssi in ((1, -68), (2, -70), (21, -74), (22, -76))]
        assert {t.fence_id for t in run(both)} == {"shoes"}

    @pytest.mark.parametrize("seed", range(20))
    def test_one_stay_is_one_visit(self, seed: int) -> None:
        """Planted bugs: a visit ended by the first word against it, and words counted each and not by time, fail."""
        found = run(stroll(seed))
        entered = [(t.fence_id, t.at_s) for t in found if t.kind is TransitionKind.ENTERED]
        assert [zone for zone, _ in entered] == ["shoes", "hats", "shoes"]
        assert entered[1][1] == pytest.approx(200, abs=30)
        assert entered[2][1] == pytest.approx(400, abs=30)

    @pytest.mark.parametrize("seed", range(5))
    def test_every_exit_has_its_enter(self, seed: int) -> None:
        found = run(stroll(seed))
        entered = {t.visit_id for t in found if t.kind is TransitionKind.ENTERED}
        assert {t.visit_id for t in found if t.kind is TransitionKind.EXITED} == entered

    @pytest.mark.parametrize("seed", range(5))
    def test_order_doubles_and_batches_do_not_matter(self, seed: int) -> None:
        """Planted bug: applying sightings as they come, without the buffer, changes visits on every seed."""
        ordered = stroll(seed, lasting_s=300)
        expected = run(ordered)
        shuffled = ordered + ordered[::3]
        random.Random(seed).shuffle(shuffled)
        assert run(shuffled) == expected
        state, out, late_s = HearingState(), list[Transition](), 20.0
        for now_s in range(0, 400, 7):
            new = [s for s in ordered if now_s - 7 <= s.at_s + (round(s.at_s * 1000) % 17) < now_s]
            _, found, _ = advance_sightings(state, new, now_s - late_s, REGISTRY, KEY)
            out += found
        _, found, _ = advance_sightings(state, [], math.inf, REGISTRY, KEY)
        assert out + found == expected
        assert state.late == 0

    def test_flapping_never_ends_a_visit(self) -> None:
        """Planted bug: with a hold-down of 5 s for all, the far beacon's words in the pauses end the visit.

        The zone's beacon speaks in bursts with pauses of 25 s, a far one of another zone all the time.
        """
        words = [heard(t, 1, -65) for t in range(600) if t % 28 < 3] + [heard(t + 0.5, 11, -86) for t in range(600)]
        found = run(words, until_s=600.0)
        assert [t.kind for t in found] == [TransitionKind.ENTERED, TransitionKind.DWELLED, TransitionKind.DWELLED]
        assert {t.fence_id for t in found} == {"shoes"}

    def test_an_ambiguous_id_alone_is_never_a_zone(self) -> None:
        registry = Registry(
            ZONES, [Beacon(f"d{i}", zone, "ibeacon", f"{UUID_TEXT}/0/0") for i, zone in enumerate(("shoes", "hats"))]
        )
        state, found, _ = advance_sightings(
            HearingState(), [heard(t, 0, -50) for t in range(100)], math.inf, registry, KEY
        )
        assert found == []
        assert (state.ambiguous, state.strangers) == (100, 0)

    def test_an_ambiguous_id_beside_a_sure_one_helps(self) -> None:
        twins = [
            Beacon("d1", "shoes", "ibeacon", f"{UUID_TEXT}/0/0", power_dbm=-60),
            Beacon("d2", "hats", "ibeacon", f"{UUID_TEXT}/0/0", power_dbm=-60),
        ]
        registry = Registry(ZONES, [*REGISTRY.beacons.values(), *twins])
        words = [
            heard(0, 1, -75),
            *(heard(t, 0, -62) for t in range(1, 40)),
            *(heard(t + 0.5, 1, -75) for t in range(1, 40)),
        ]
        assert {t.fence_id for t in run(words, registry)} == {"shoes"}

    def test_late_is_counted_and_not_applied(self) -> None:
        state = HearingState()
        advance_sightings(state, [heard(t, 1) for t in range(10)], 20.0, REGISTRY, KEY)
        _, found, _ = advance_sightings(state, [heard(3.5, 11)], 21.0, REGISTRY, KEY)
        assert (found, state.late) == ([], 1)

    def test_a_zone_taken_away_ends_its_visit(self) -> None:
        state = HearingState()
        advance_sightings(state, [heard(t, 1) for t in range(10)], 20.0, REGISTRY, KEY)
        without = Registry([z for z in ZONES if z.id != "shoes"], list(REGISTRY.beacons.values()))
        _, found, _ = advance_sightings(state, [heard(25, 11)], 30.0, without, KEY)
        assert ("exited", "zone_retired") in [(t.kind.value, t.why) for t in found]

    def test_doubts_come_with_the_visit(self) -> None:
        words = [heard(t, 1) for t in range(10)]
        _, found, _ = advance_sightings(
            HearingState(), words, 20.0, REGISTRY, KEY, echoed={words[0].id}, doubts=("beacon_echoed",)
        )
        assert found[0].doubts == ("beacon_echoed",)

    def test_it_says_when_to_wake(self) -> None:
        state = HearingState()
        _, _, wake_s = advance_sightings(state, [heard(t, 1) for t in range(10)], 5.0, REGISTRY, KEY)
        assert wake_s == 6
        _, _, wake_s = advance_sightings(state, [], 20.0, REGISTRY, KEY)
        assert wake_s == 120
        _, _, wake_s = advance_sightings(state, [], math.inf, REGISTRY, KEY)
        assert wake_s is None

    def test_rules_can_be_told(self) -> None:
        rules = HearingRules(zones=ZoneRules(dwell_steps_s=(30,), silence_s=60))
        _, found, _ = advance_sightings(
            HearingState(), [heard(t, 1) for t in range(10)], math.inf, REGISTRY, KEY, rules
        )
        assert [(t.kind.value, t.dwell_s) for t in found] == [("entered", 0), ("dwelled", 30), ("exited", 30)]


class TestHearingState:
    def test_idle_when_nothing_can_matter(self) -> None:
        state, rules = HearingState(), HearingRules()
        assert state.idle(0.0, rules)
        advance_sightings(state, [heard(t, 1) for t in range(10)], 20.0, REGISTRY, KEY)
        assert not state.idle(20.0, rules)
        advance_sightings(state, [], 2000.0, REGISTRY, KEY)
        assert state.idle(2000.0, rules)
