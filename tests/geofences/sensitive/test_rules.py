"""The table of laws and what follows from it, on the day before, on the day, and where nobody told the jurisdiction."""

from __future__ import annotations

from datetime import date

import pytest

from geofences.sensitive.kinds import HEALTH, WORDS, Kind
from geofences.sensitive.laws import LAWS, Law, standing_over
from geofences.sensitive.rules import DEFAULT_M, REACH_M, Choice, epoch, rules_at

LENIENT = Choice(health_m=0, other_m=0)
TODAY = date(2026, 11, 21)


class TestLaws:
    def test_no_row_reaches_further_than_is_ever_measured(self) -> None:
        """Seen to fail on: a row of 4,000 feet."""
        assert max((law.distance_ft or 0) * 0.3048 for law in LAWS) <= DEFAULT_M <= REACH_M

    def test_every_row_says_where_it_stands(self) -> None:
        assert all(law.source and law.kinds and (law.until is None or law.until > law.since) for law in LAWS)

    def test_a_state_stands_in_its_country_and_a_member_in_the_union(self) -> None:
        assert standing_over("US-WA") == ("US-WA", "US")
        assert standing_over("FI") == ("FI", "EU")
        assert standing_over("JP") == ("JP",)


class TestRulesAt:
    @pytest.mark.parametrize(
        ("where", "kind", "feet", "begins"),
        [
            ("US-WA", Kind.HEALTH_CARE, 2000, date(2023, 7, 23)),
            ("US-WA", Kind.PHARMACY, 2000, date(2023, 7, 23)),
            ("US-NY", Kind.HEALTH_CARE, 1850, date(2023, 7, 2)),
            ("US-CT", Kind.REPRODUCTIVE_HEALTH, 1750, date(2023, 7, 1)),
            ("US-NV", Kind.HEALTH_CARE, 1750, date(2024, 3, 31)),
            ("US-MD", Kind.MENTAL_HEALTH, 1750, date(2025, 10, 1)),
            ("US-CA", Kind.HEALTH_CARE, 1850, date(2026, 1, 1)),
        ],
    )
    def test_a_law_holds_from_its_first_day_and_cannot_be_undercut(self, where: str, kind: Kind, feet: int, begins: date) -> None:
        rule = rules_at(where, begins, LENIENT)[kind]
        assert (rule.distance_m, rule.since) == (feet * 0.3048, begins)
        assert rules_at(where, date.fromordinal(begins.toordinal() - 1), LENIENT)[kind].distance_m == 0

    def test_connecticut_names_no_dentist(self) -> None:
        assert rules_at("US-CT", TODAY, LENIENT)[Kind.HEALTH_CARE].distance_m == 0

    def test_by_default_two_thousand_feet_are_kept_everywhere_from_everything(self) -> None:
        for where in ("", "FI", "US-NY", "JP"):
            assert {rule.distance_m for rule in rules_at(where, TODAY).values()} == {609.6}

    def test_where_nobody_told_the_jurisdiction_every_row_holds(self) -> None:
        rules = rules_at("", TODAY, LENIENT)
        assert {rules[kind].distance_m for kind in HEALTH} == {609.6}
        assert rules[Kind.SCHOOL].distance_m == 0

    def test_a_row_without_a_distance_leaves_it_to_the_house_and_is_named(self) -> None:
        rule = rules_at("FI", TODAY, Choice("FI", 5, 7))[Kind.WORSHIP]
        assert (rule.distance_m, rule.since) == (7, None)
        assert "GDPR Article 9(1)" in rule.source

    def test_a_row_ends(self) -> None:
        laws = (Law("US-WA", HEALTH, 100, date(2020, 1, 1), date(2021, 1, 1), "a law"),)
        assert rules_at("US-WA", date(2020, 12, 31), LENIENT, laws)[Kind.PHARMACY].distance_m == pytest.approx(30.48)
        assert rules_at("US-WA", date(2021, 1, 1), LENIENT, laws)[Kind.PHARMACY].distance_m == 0

    def test_the_epoch_counts_beginnings_and_ends(self) -> None:
        laws = (Law("US-WA", HEALTH, 100, date(2020, 1, 1), date(2021, 1, 1), "a law"),)
        assert [epoch(date(year, 1, 1), laws) for year in (2019, 2020, 2021)] == [0, 1, 2]


class TestWords:
    def test_every_kind_has_general_words_and_health_care_is_told_as_one(self) -> None:
        assert set(WORDS) == set(Kind)
        assert {WORDS[kind] for kind in HEALTH} == {"health care"}
