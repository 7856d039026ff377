"""Challenges count by local days: weeks, months and streaks, to the edge, over a change of the clock."""

from __future__ import annotations

from datetime import date

import pytest

from storefront.loyalty.challenges import progress, times_met
from storefront.loyalty.facts import Bought, Facts, Visited, facts_of
from storefront.loyalty.programme import Challenge, Every, Gift, GiftKind, Goal, Scope

ANYTHING = Scope()
FIFTY = Gift(GiftKind.POINTS, points=50)


def challenge(goal: Goal = Goal.STORES, count: int = 2, every: Every = Every.MONTH, in_a_row: int = 1, most: int = 5, ends_on: str = "2026-12-31", scope: Scope = ANYTHING, currency: str = "") -> Challenge:
    return Challenge("c", "C", goal, count, every, in_a_row, most, FIFTY, "2026-10-01", ends_on, scope, currency)


def visits(*days: str, place: str = "plc_1") -> Facts:
    return facts_of([Visited(day, place) for day in days], [])


class TestTimesMet:
    def test_two_stores_in_a_month(self) -> None:
        here, there = Visited("2026-10-31", "plc_1"), Visited("2026-11-01", "plc_2")
        assert times_met(challenge(), facts_of([here, there], [])) == 0
        assert times_met(challenge(), facts_of([here, Visited("2026-10-01", "plc_2")], [])) == 1

    def test_one_store_twice_is_one_store(self) -> None:
        assert times_met(challenge(), visits("2026-10-05", "2026-10-06")) == 0
        assert times_met(challenge(Goal.VISITS), visits("2026-10-05", "2026-10-06")) == 1

    def test_a_day_counts_once_a_store_however_often_it_is_told(self) -> None:
        facts = facts_of([Visited("2026-10-05", "plc_1")] * 3, [])
        assert times_met(challenge(Goal.VISITS), facts) == 0

    def test_a_streak_has_no_gap_and_begins_anew_after_one(self) -> None:
        """Monday to Sunday weeks, over the last Sunday of October, which has 25 hours in the store's zone."""
        weekly = challenge(Goal.VISITS, 1, Every.WEEK, in_a_row=3)
        assert times_met(weekly, visits("2026-10-18", "2026-10-25", "2026-10-26")) == 1
        assert times_met(weekly, visits("2026-10-12", "2026-10-18", "2026-10-25")) == 0
        assert times_met(weekly, visits("2026-10-12", "2026-10-19", "2026-11-02")) == 0
        six = visits("2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09")
        assert times_met(weekly, six) == 2

    def test_months_over_a_year(self) -> None:
        monthly = challenge(Goal.VISITS, 1, Every.MONTH, in_a_row=4, ends_on="2027-03-31")
        assert times_met(monthly, visits("2026-11-30", "2026-12-01", "2027-01-31", "2027-02-28")) == 1

    def test_no_more_often_than_it_says_and_only_within_its_days(self) -> None:
        weekly = challenge(Goal.VISITS, 1, Every.WEEK, most=2, ends_on="2026-10-31")
        assert times_met(weekly, visits("2026-10-02", "2026-10-09", "2026-10-16", "2026-10-23")) == 2
        assert times_met(weekly, visits("2026-09-30", "2026-11-01")) == 0
        assert times_met(weekly, visits("2026-10-01", "2026-10-31")) == 2

    @pytest.mark.parametrize(("goal", "count", "met"), [(Goal.PIECES, 3, 1), (Goal.PIECES, 4, 0), (Goal.SPEND, 1200, 1), (Goal.SPEND, 1201, 0)])
    def test_pieces_and_money(self, goal: Goal, count: int, met: int) -> None:
        lines = [
            Bought("2026-10-05", "ord_1", 1, ("prd_tea",), ("tea",), 2, 800, "EUR"), Bought("2026-10-30", "ord_2", 1, ("prd_tea",), ("tea",), 1, 400, "EUR"),
            Bought("2026-10-30", "ord_2", 2, ("prd_mug",), ("mugs",), 9, 9000, "EUR"), Bought("2026-10-30", "ord_3", 1, ("prd_tea",), ("tea",), 9, 9000, "SEK") if goal is Goal.SPEND else Bought("2026-11-01", "ord_3", 1, ("prd_tea",), ("tea",), 2, 9000, "EUR"),
        ]  # fmt: skip
        assert times_met(challenge(goal, count, scope=Scope(categories=("tea",)), currency="EUR" if goal is Goal.SPEND else ""), facts_of([], lines)) == met


class TestProgress:
    def test_of_today(self) -> None:
        now = progress(challenge(), visits("2026-10-05"), date(2026, 10, 9))
        assert (now.have, now.met, now.begun, now.over, now.ends_on) == (1, 0, True, False, date(2026, 10, 31))

    def test_a_row_still_stands_in_the_week_after_it(self) -> None:
        weekly = challenge(Goal.VISITS, 1, Every.WEEK, in_a_row=3)
        facts = visits("2026-10-12", "2026-10-19")
        assert [progress(weekly, facts, date(2026, 10, day)).row for day in (20, 26, 31)] == [2, 2, 2]
        assert progress(weekly, facts, date(2026, 11, 2)).row == 0

    def test_before_and_after(self) -> None:
        assert not progress(challenge(), visits(), date(2026, 9, 30)).begun
        over = progress(challenge(), visits(), date(2027, 1, 1))
        assert (over.over, over.ends_on) == (True, date(2026, 12, 31))
