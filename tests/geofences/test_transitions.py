"""The central decision of the room: from noisy distances to entered, dwelled, exited, crossed."""

from __future__ import annotations

from geofences.transitions import (
    Observation,
    Presence,
    PresenceMachine,
    PresenceRules,
    TransitionKind,
    inside_probability,
    log_odds,
    visit_id,
)

RULES = PresenceRules()
MACHINE = PresenceMachine("shp_1", "dev_1", RULES)


def seen(at_s: float, distance_m: float, accuracy_m: float = 10.0, speed_mps: float | None = None) -> Observation:
    return Observation(at_s, distance_m, accuracy_m, speed_mps)


def opened(at_s: float = 1000.0) -> Presence:
    presence, found = MACHINE.begin("f", seen(at_s, -30))
    assert presence is not None
    assert [t.kind for t in found] == [TransitionKind.ENTERED]
    return presence


class TestInsideProbability:
    def test_on_the_border_it_is_even(self) -> None:
        assert inside_probability(0.0, 30.0, RULES) == 0.5

    def test_a_claimed_radius_holds_68_percent_in_the_plane(self) -> None:
        # 68 % radius of a round normal error is 1.5096 sigma; one sigma inside is Phi(1) = 0.8413.
        p = inside_probability(-10.0, 15.096, PresenceRules(outlier=0.0))
        assert abs(p - 0.8413) < 1e-3

    def test_no_fix_is_worth_more_than_the_share_of_liars_allows(self) -> None:
        assert inside_probability(10_000.0, 5.0, RULES) == RULES.outlier / 2
        assert inside_probability(-10_000.0, 5.0, RULES) == 1 - RULES.outlier / 2

    def test_accuracy_of_zero_is_not_believed(self) -> None:
        assert inside_probability(-1.0, 0.0, RULES) == inside_probability(-1.0, RULES.min_accuracy_m, RULES)


class TestBegin:
    def test_one_clear_fix_enters_at_once(self) -> None:
        presence, found = MACHINE.begin("f", seen(1000.0, -30))
        assert presence is not None
        assert presence.is_open
        assert found[0].kind is TransitionKind.ENTERED
        assert found[0].started_s == found[0].decided_s == 1000.0
        assert found[0].visit_id == visit_id("shp_1", "f", 1000.0)

    def test_an_unclear_fix_waits(self) -> None:
        presence, found = MACHINE.begin("f", seen(1000.0, -5, accuracy_m=65))
        assert presence is not None
        assert not presence.is_open
        assert found == []

    def test_a_fix_outside_is_not_remembered(self) -> None:
        assert MACHINE.begin("f", seen(1000.0, 1)) == (None, [])

    def test_driving_does_not_enter(self) -> None:
        presence, found = MACHINE.begin("f", seen(1000.0, -30, speed_mps=12))
        assert presence is not None
        assert presence.driving
        assert found == []


class TestWeighCandidate:
    def test_unclear_fixes_add_up_with_time_between(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -15, accuracy_m=65))
        assert presence is not None
        for at_s in (1.0, 2.0, 3.0):  # the same error again and again
            _, found = MACHINE.weigh(presence, seen(at_s, -15, accuracy_m=65))
            assert found == []
        _, found = MACHINE.weigh(presence, seen(40.0, -15, accuracy_m=65))
        _, more = MACHINE.weigh(presence, seen(80.0, -15, accuracy_m=65))
        assert [t.kind for t in [*found, *more]] == [TransitionKind.ENTERED]
        assert [*found, *more][0].started_s == 0.0

    def test_driving_through_is_crossed(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -30, speed_mps=12))
        assert presence is not None
        after, found = MACHINE.weigh(presence, seen(20.0, 150, speed_mps=12))
        assert after is None
        assert [(t.kind, t.at_s, t.visit_id) for t in found] == [(TransitionKind.CROSSED, 0.0, "")]

    def test_parking_and_walking_in_is_a_visit_from_the_first_slow_fix(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -30, speed_mps=12))
        assert presence is not None
        _, found = MACHINE.weigh(presence, seen(30.0, -30, speed_mps=1))
        assert [(t.kind, t.started_s) for t in found] == [(TransitionKind.ENTERED, 30.0)]

    def test_a_slow_candidate_contradicted_leaves_no_trace(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -3, accuracy_m=65))
        assert presence is not None
        assert MACHINE.weigh(presence, seen(30.0, 80)) == (None, [])


class TestWeighOpen:
    def test_one_liar_does_not_end_a_visit(self) -> None:
        presence = opened()
        after, found = MACHINE.weigh(presence, seen(1060.0, 900))
        assert after is presence
        assert found == []
        _, found = MACHINE.weigh(presence, seen(1120.0, -20))
        assert found == []
        assert presence.out_since_s is None

    def test_within_the_margin_is_still_there(self) -> None:
        presence = opened()
        for minute in range(1, 200):
            after, found = MACHINE.weigh(presence, seen(1000.0 + 60 * minute, 30))
            assert after is presence
            assert found == []

    def test_walking_away_ends_it_when_the_border_was_passed(self) -> None:
        presence = opened()
        exits = []
        for second in range(1, 600):
            after, exits = MACHINE.weigh(presence, seen(1000.0 + second, -30 + 1.4 * second))
            if after is None:
                break
        assert [t.kind for t in exits] == [TransitionKind.EXITED]
        passed_s = 1000.0 + 30 / 1.4
        assert abs((exits[0].ended_s or 0) - passed_s) <= 30
        assert exits[0].decided_s - passed_s <= 180

    def test_after_long_silence_few_fixes_far_away_suffice(self) -> None:
        presence = opened()
        _, first = MACHINE.weigh(presence, seen(5000.0, 100, accuracy_m=20))
        after, second = MACHINE.weigh(presence, seen(5060.0, 233, accuracy_m=20))
        assert first == []
        assert after is None
        assert second[0].ended_s == 5000.0 - 100 / 1.4


class TestDeadlines:
    def test_silence_after_unclear_fixes_is_a_stay(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -15, accuracy_m=65))
        assert presence is not None
        assert MACHINE.deadline_s(presence) == RULES.settle_s
        _, found = MACHINE.fire(presence, RULES.settle_s)
        assert [(t.kind, t.started_s, t.why) for t in found] == [(TransitionKind.ENTERED, 0.0, "settled")]

    def test_no_step_of_the_ladder_before_the_visit_was_known(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -30, speed_mps=12))
        assert presence is not None
        opened_s = MACHINE.deadline_s(presence)
        MACHINE.fire(presence, opened_s)
        assert opened_s == 2 * RULES.settle_s
        assert MACHINE.deadline_s(presence) == opened_s

    def test_a_weak_visit_promises_no_dwell(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -15, accuracy_m=65))
        assert presence is not None
        MACHINE.fire(presence, RULES.settle_s)
        assert MACHINE.deadline_s(presence) == RULES.silence_s

    def test_the_ladder_fires_for_a_silent_phone(self) -> None:
        presence, fired = opened(0.0), []
        for _ in RULES.dwell_steps_s:
            at_s = MACHINE.deadline_s(presence)
            fired += [(t.kind, t.dwell_s, t.at_s) for t in MACHINE.fire(presence, at_s)[1]]
        assert fired == [(TransitionKind.DWELLED, s, float(s)) for s in RULES.dwell_steps_s]

    def test_silence_ends_it_where_it_was_last_heard(self) -> None:
        presence = opened(0.0)
        presence.dwelled, presence.promised_s = 3, 900.0
        after, found = MACHINE.fire(presence, MACHINE.deadline_s(presence))
        assert after is None
        assert (found[0].kind, found[0].ended_s, found[0].why) == (TransitionKind.EXITED, 900.0, "silent")

    def test_no_dwell_while_the_last_word_was_outside(self) -> None:
        presence = opened(0.0)
        MACHINE.weigh(presence, seen(60.0, -30))
        MACHINE.weigh(presence, seen(100.0, 300))
        assert MACHINE.deadline_s(presence) == 100.0 + 3 * RULES.exit_wait_s
        after, found = MACHINE.fire(presence, MACHINE.deadline_s(presence))
        assert after is None
        assert found[0].dwell_s < RULES.dwell_steps_s[0]

    def test_a_candidate_last_heard_outside_is_forgotten(self) -> None:
        presence, _ = MACHINE.begin("f", seen(0.0, -15, accuracy_m=65))
        assert presence is not None
        MACHINE.weigh(presence, seen(1.0, 10, accuracy_m=65))
        assert MACHINE.fire(presence, MACHINE.deadline_s(presence)) == (None, [])

    def test_a_retired_fence_closes_its_visit(self) -> None:
        presence = opened(0.0)
        found = MACHINE.close_retired(presence, 50.0)
        assert [(t.kind, t.why, t.ended_s) for t in found] == [(TransitionKind.EXITED, "fence_retired", 0.0)]


class TestLogOdds:
    def test_even_is_zero(self) -> None:
        assert log_odds(0.5) == 0.0
