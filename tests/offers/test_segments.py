"""Audiences as a rule: what holds, what keeps somebody out, and that a crowd is judged as each of its people."""

from __future__ import annotations

import random

import pytest

from offers import segments
from offers.segments import Segment


def visits(at_least: int | None = None, at_most: int | None = None, within_days: int | None = None) -> Segment:
    return Segment(fact="visits", at_least=at_least, at_most=at_most, within_days=within_days)


def orders(at_least: int | None = None, at_most: int | None = None) -> Segment:
    return Segment(fact="orders", at_least=at_least, at_most=at_most)


class TestHolds:
    @pytest.mark.parametrize(
        ("condition", "value", "held"),
        [
            (visits(2), 2, True),
            (visits(2), 1, False),
            (visits(at_most=2), 2, True),
            (visits(at_most=2), 3, False),
            (visits(2, 3), 3, True),
            (visits(2, 3), 4, False),
            (visits(at_most=0), 0, True),
            (visits(at_most=0), None, False),
            (visits(0), None, False),
        ],
    )
    def test_bounds_are_inclusive_and_nothing_is_in_no_bounds(self, condition: Segment, value: int | None, held: bool) -> None:
        assert segments.holds(condition, value) is held


class TestKey:
    def test_the_same_fact_has_one_key_whatever_its_bounds(self) -> None:
        assert visits(2, within_days=30).key == visits(at_most=5, within_days=30).key == "visits 30d"

    def test_everything_else_tells_them_apart(self) -> None:
        a = Segment(fact="spent_minor", at_least=1, currency="EUR", categories=("books", "tea"))
        assert a.key == "spent_minor EUR categories=books,tea"


class TestAsked:
    def test_each_fact_once_in_order(self) -> None:
        whole = Segment(all=(visits(2), Segment(any=(orders(1), visits(at_most=9)))), none=(visits(1, within_days=7),))
        assert [one.key for one in segments.asked(whole)] == ["visits", "orders", "visits 7d"]


class TestMissed:
    def test_everything_that_must_hold_and_does_not(self) -> None:
        whole = Segment(all=(visits(2), orders(1)))
        assert segments.missed(whole, {"visits": 1, "orders": 0}) == ((visits(2), True), (orders(1), True))
        assert segments.missed(whole, {"visits": 2, "orders": 0}) == ((orders(1), True),)
        assert segments.missed(whole, {"visits": 2, "orders": 1}) == ()

    def test_of_alternatives_all_are_told_or_none(self) -> None:
        whole = Segment(any=(visits(2), orders(1)))
        assert segments.missed(whole, {"visits": 0, "orders": 0}) == ((visits(2), True), (orders(1), True))
        assert segments.missed(whole, {"visits": 0, "orders": 1}) == ()

    def test_what_must_not_hold_and_does(self) -> None:
        whole = Segment(none=(visits(2), orders(1)))
        assert segments.missed(whole, {"visits": 2, "orders": 0}) == ((visits(2), False),)
        assert segments.missed(whole, {"visits": 1, "orders": 0}) == ()

    def test_within_a_denial_all_and_any_change_places(self) -> None:
        both = Segment(none=(Segment(all=(visits(2), orders(1))),))
        assert segments.missed(both, {"visits": 2, "orders": 1}) == ((visits(2), False), (orders(1), False))
        assert segments.missed(both, {"visits": 2, "orders": 0}) == ()
        either = Segment(none=(Segment(any=(visits(2), orders(1))),))
        assert segments.missed(either, {"visits": 2, "orders": 0}) == ((visits(2), False),)

    def test_twice_denied_is_asked(self) -> None:
        twice = Segment(none=(Segment(none=(visits(2),)),))
        assert segments.missed(twice, {"visits": 1}) == ((visits(2), True),)
        assert segments.missed(twice, {"visits": 2}) == ()


def some_segment(draw: random.Random, deep: int = 3) -> Segment:
    if deep == 0 or draw.random() < 0.35:
        least, span = draw.randint(0, 2), draw.choice([None, 0, 1])
        fact = draw.choice(["visits", "orders", "days_since_visit"])
        return Segment(fact=fact, at_least=least, at_most=None if span is None else least + span)
    joined = draw.sample(["all", "any", "none"], draw.randint(1, 2))
    return Segment(**{name: tuple(some_segment(draw, deep - 1) for _ in range(draw.randint(1, 3))) for name in joined})  # type: ignore[arg-type]


def somebody(draw: random.Random) -> dict[str, int | None]:
    return {"visits": draw.randint(0, 3), "orders": draw.randint(0, 3), "days_since_visit": draw.choice([None, 0, 1, 2, 3])}


def naive(segment: Segment, facts: dict[str, int | None]) -> bool:
    if segment.fact is not None:
        return segments.holds(segment, facts[segment.key])
    return (
        all(naive(one, facts) for one in segment.all)
        and (not segment.any or any(naive(one, facts) for one in segment.any))
        and not any(naive(one, facts) for one in segment.none)
    )


class TestMembers:
    def test_a_crowd_is_judged_as_each_of_its_people(self) -> None:
        """Seen to fail with `any` that forgets `all`, and with a denial that leaves `any` as it is."""
        draw = random.Random(1550)
        for _ in range(3_000):
            segment, people = some_segment(draw), [somebody(draw) for _ in range(6)]
            everybody = frozenset(map(str, range(len(people))))

            def holding(condition: Segment, people: list[dict[str, int | None]] = people) -> set[str]:
                return {str(n) for n, facts in enumerate(people) if segments.holds(condition, facts[condition.key])}

            found = segments.members(segment, everybody, holding)
            assert found == {i for i in everybody if segments.in_audience(segment, people[int(i)])}, segment
            assert found == {i for i in everybody if naive(segment, people[int(i)])}, segment
