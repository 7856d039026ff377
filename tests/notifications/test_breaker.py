"""When a provider is left alone, and how it is tried again."""

from __future__ import annotations

from datetime import timedelta

from notifications.breaker import CLOSED, BreakerRules, BreakerState, after, begun, may_go
from tests.conftest import START

RULES = BreakerRules(3, 10.0, 30.0)


def failed(times: int) -> BreakerState:
    state = CLOSED
    for _ in range(times):
        state = after(state, False, START, RULES)
    return state


class TestMayGo:
    def test_closed_all_open_none_half_open_one(self) -> None:
        opened = failed(3)
        assert may_go(CLOSED, 32, START) == 32
        assert may_go(failed(2), 32, START) == 32
        assert may_go(opened, 32, START + timedelta(seconds=9.9)) == 0
        assert may_go(opened, 32, START + timedelta(seconds=10)) == 1

    def test_no_second_probe_while_one_is_on_its_way(self) -> None:
        """Planted bug: a state that forgets its probe let every look send one more."""
        later = START + timedelta(seconds=10)
        assert may_go(begun(failed(3), later), 32, later) == 0

    def test_what_begins_before_is_no_probe(self) -> None:
        assert begun(failed(3), START) == failed(3)
        assert begun(CLOSED, START) is CLOSED


class TestAfter:
    def test_one_that_works_closes_it(self) -> None:
        assert after(failed(2), True, START, RULES) == CLOSED
        assert after(failed(3), True, START, RULES) == CLOSED

    def test_those_on_their_way_when_it_opened_do_not_lengthen_it(self) -> None:
        """Planted bug: counting them doubled the wait for each, up to the most."""
        assert failed(8).until == START + timedelta(seconds=10)

    def test_each_failed_probe_doubles_the_wait_up_to_the_most(self) -> None:
        state, waits = failed(3), list[float]()
        for _ in range(4):
            assert state.until is not None
            at = state.until
            state = after(begun(state, at), False, at, RULES)
            assert state.until is not None
            waits.append((state.until - at).total_seconds())
        assert waits == [20.0, 30.0, 30.0, 30.0]
