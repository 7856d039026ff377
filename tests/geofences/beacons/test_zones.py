"""The machine of one zone: what opens, keeps and ends a visit."""

from __future__ import annotations

from typing import Any

from geofences.beacons.zones import ZoneMachine, ZonePresence, ZoneRules
from geofences.transitions import Transition

MACHINE = ZoneMachine("shp_1", "dev_1", ZoneRules())


def begin(at_s: float = 0.0, probability: float = 0.95) -> ZonePresence:
    presence = MACHINE.begin("zon", at_s, probability, rotating=False, doubts=())
    assert presence is not None
    return presence


def weigh(
    presence: ZonePresence, at_s: float, probability: float, **more: Any
) -> tuple[ZonePresence | None, list[Transition]]:
    return MACHINE.weigh(presence, at_s, probability, of_zone=True, rotating=False, doubts=(), **more)


def opened(until_s: float = 30.0) -> ZonePresence:
    presence = begin()
    for second in range(1, int(until_s) + 1):
        weigh(presence, float(second), 0.95)
    assert presence.is_open
    return presence


class TestBegin:
    def test_more_likely_not_is_nothing(self) -> None:
        assert MACHINE.begin("zon", 0.0, 0.5, rotating=False, doubts=()) is None


class TestWeigh:
    def test_words_at_one_moment_are_one_word(self) -> None:
        """Planted bug: evidence not weighed by time opens a visit within a tenth of a second."""
        presence = begin()
        for i in range(20):
            weigh(presence, i / 200, 0.95)
        assert not presence.is_open

    def test_opens_from_its_first_word(self) -> None:
        presence, found = begin(100.0), list[Transition]()
        at_s = 100.0
        while not found:
            at_s += 1
            _, found = weigh(presence, at_s, 0.95)
        assert (found[0].started_s, found[0].why) == (100.0, "heard_near")
        assert at_s <= 106

    def test_a_minute_elsewhere_is_needed_to_leave(self) -> None:
        presence, found, at_s = opened(), list[Transition](), 30.0
        while not found:
            at_s += 1
            _, found = MACHINE.weigh(presence, at_s, 0.02, of_zone=False, rotating=False, doubts=())
        assert found[0].why == "heard_elsewhere"
        assert found[0].ended_s == 30.0
        assert 60 <= at_s - 30 <= 120

    def test_doubts_and_passing_ids_count_only_from_its_own_beacons(self) -> None:
        presence = opened()
        MACHINE.weigh(presence, 31.0, 0.9, of_zone=False, rotating=True, doubts=("beacon_echoed",))
        assert (presence.rotating, presence.doubts) == (False, ())
        MACHINE.weigh(presence, 32.0, 0.9, of_zone=True, rotating=True, doubts=("beacon_echoed",))
        assert (presence.rotating, presence.doubts) == (True, ("beacon_echoed",))


class TestFire:
    def test_a_candidate_is_forgotten(self) -> None:
        presence = begin()
        assert MACHINE.deadline_s(presence) == 60.0
        assert MACHINE.fire(presence, 60.0) == (None, [])

    def test_dwells_then_silence(self) -> None:
        presence, found = opened(), list[Transition]()
        after: ZonePresence | None = presence
        while after is not None:
            after, more = MACHINE.fire(presence, MACHINE.deadline_s(presence))
            found += more
        assert [(t.why, t.at_s) for t in found] == [
            ("dwell_120", 120.0),
            ("dwell_300", 300.0),
            ("heard_nothing", 300.0),
        ]

    def test_half_heard_elsewhere_then_silence_ends_sooner(self) -> None:
        presence = opened()
        MACHINE.weigh(presence, 40.0, 0.02, of_zone=False, rotating=False, doubts=())
        at_s = MACHINE.deadline_s(presence)
        after, _ = MACHINE.fire(presence, at_s)
        assert after is not None
        after, found = MACHINE.fire(presence, MACHINE.deadline_s(presence))
        assert after is None
        assert (found[0].why, found[0].ended_s) == ("heard_elsewhere", 30.0)


class TestCloseRetired:
    def test_only_open_visits_end(self) -> None:
        assert MACHINE.close_retired(begin(), 5.0) == []
        assert [t.why for t in MACHINE.close_retired(opened(), 40.0)] == ["zone_retired"]
