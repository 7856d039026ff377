"""The facts of an audience, on their edges; and a decision that says who belongs and what keeps the others out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from offers import audience, eligibility, explanation
from offers.audience import Bought, Had, Known, Stay
from offers.conditions import Counts as NothingGiven
from offers.conditions import Inputs, MomentFacts, PlaceFacts, Refusal
from offers.definition import Definition
from offers.reasons import Audience, Weighed
from offers.schemas import checked
from offers.segments import Segment, Value
from tests.conftest import START
from tests.offers.builders import document

DAY = timedelta(days=1)


def stay(ago: timedelta, dwell_s: int = 600, place_id: str = "plc_a") -> Stay:
    return Stay(place_id, "Ooey Gooey", ("chocolate",), START - ago, START - ago + timedelta(seconds=dwell_s), dwell_s)


def fact(name: str, known: Known, within_days: int | None = None, **scope: tuple[str, ...]) -> Value:
    return audience.fact(Segment(fact=name, within_days=within_days, **scope), known, START)


class TestFact:
    def test_a_window_is_so_many_times_24_hours(self) -> None:
        second = timedelta(seconds=1)
        for ago, counted in ((30 * DAY - second, 1), (30 * DAY, 1), (30 * DAY + second, 0)):
            assert fact("visits", Known(stays=[stay(ago)]), 30) == counted

    def test_a_visit_that_has_not_ended_does_not_count(self) -> None:
        known = Known(stays=[stay(timedelta(seconds=600)), stay(timedelta(seconds=599))])
        assert fact("visits", known) == 1

    def test_average_stay_and_days_since_need_a_visit(self) -> None:
        known = Known(stays=[stay(3 * DAY, 100), stay(2 * DAY - timedelta(seconds=1), 301)])
        assert (fact("average_stay_s", known), fact("days_since_visit", known)) == (200, 1)
        assert (fact("average_stay_s", Known()), fact("days_since_visit", Known()), fact("visits", Known())) == (None, None, 0)

    @pytest.mark.parametrize(("scope", "counted"), [({}, 1), ({"place_ids": ("plc_a",)}, 1), ({"chains": ("Ooey Gooey",)}, 1), ({"tags": ("chocolate", "tea")}, 1), ({"tags": ("tea",)}, 0), ({"place_ids": ("plc_b",)}, 0)])
    def test_any_of_the_places_that_are_named(self, scope: dict[str, tuple[str, ...]], counted: int) -> None:
        assert fact("visits", Known(stays=[stay(DAY)]), **scope) == counted

    def test_orders_are_counted_once_and_money_by_its_currency(self) -> None:
        lines = [("ord_1", "prd_a", "books", 1000, "EUR"), ("ord_1", "prd_b", "tea", 500, "EUR"), ("ord_2", "prd_b", "tea", 700, "SEK")]
        known = Known(bought=[Bought(*line, START - DAY) for line in lines])
        assert (fact("orders", known), fact("orders", known, categories=("tea",)), fact("orders", known, product_ids=("prd_a",))) == (2, 2, 1)
        spent = Segment(fact="spent_minor", currency="EUR")
        assert audience.fact(spent, known, START) == 1500
        assert audience.fact(replace(spent, categories=("tea",)), known, START) == 500
        assert (fact("days_since_order", known), fact("days_since_order", Known())) == (1, None)

    def test_coupons_used_left_and_still_open(self) -> None:
        known = Known(had=[Had("cam_a", START, True), Had("cam_a", START, False), Had("cam_b", START, None)])
        assert [fact(f"coupons_{name}", known) for name in ("given", "used", "unused")] == [3, 1, 1]
        assert fact("coupons_given", known, campaign_ids=("cam_b",)) == 1

    def test_herself(self) -> None:
        known = Known(since=START - 40 * DAY, account=True)
        assert [fact(name, known) for name in ("member_days", "account", "messages")] == [40, 1, 0]


class TestTogether:
    def test_several_ids_are_one_person(self) -> None:
        first = Known(START - DAY, False, True, [stay(DAY)], [], [])
        second = Known(START - 9 * DAY, True, False, [stay(2 * DAY)], [], [])
        both = audience.together([first, second])
        assert (both.since, both.account, both.messages, len(both.stays)) == (START - 9 * DAY, True, True, 2)


AUDIENCE = {
    "all": [{"fact": "visits", "at_least": 2, "within_days": 30, "chains": ["ooey-gooey"]}],
    "none": [{"fact": "orders", "at_least": 1, "categories": ["books"]}],
}
VISITS, ORDERS = "visits 30d chains=ooey-gooey", "orders categories=books"


def weighed(facts: dict[str, Value], no_consent: Refusal | None = None) -> tuple[Weighed, ...]:
    definition: Definition = checked(document(audience=AUDIENCE, schedule={}))
    place = PlaceFacts("plc_kluuvi", "Ooey Gooey Kluuvi", "Ooey Gooey", (), "Europe/Helsinki")
    there = MomentFacts("mom_1", "store_visit", START, 0, 1, "verified")
    return eligibility.weigh(
        definition, Inputs(START, there, place, "cam_1", 1, "live", no_consent, False, NothingGiven(), audience=facts)
    )


def told(facts: dict[str, Value], reader: Audience) -> list[str]:
    return [explanation.say(w.code, w.facts, reader) for w in weighed(facts) if "audience" in w.code]


class TestCondition:
    def test_who_belongs(self) -> None:
        assert [w.code for w in weighed({VISITS: 2, ORDERS: 0})][4:6] == ["moment_fresh", "in_audience"]

    def test_everything_that_keeps_her_out_in_words_for_each_reader(self) -> None:
        facts: dict[str, Value] = {VISITS: 1, ORDERS: 3}
        assert told(facts, Audience.SHOPPER) == [
            "The offer is meant for other shoppers than you, for now.",
            "It asks for at least 2 visits at any shop of Ooey Gooey within 30 days; what we know of is: 1 visit.",
            "It asks for not: at least 1 order of category books; what we know of is: 3 orders.",
        ]
        assert told(facts, Audience.AUDITOR)[1:] == [
            "Asked for is at least 2 visits at any shop of Ooey Gooey within 30 days; known is: 1 visit.",
            "Asked for is not: at least 1 order of category books; known is: 3 orders.",
        ]
        assert told(facts, Audience.MARKETER) == ["The shopper does not belong to the campaign's audience.", *told(facts, Audience.AUDITOR)[1:]]

    def test_a_clerk_is_told_nothing_of_her_purchases(self) -> None:
        for sentence in told({VISITS: 1, ORDERS: 3}, Audience.CLERK):
            assert not {"1", "2", "3", "books", "Ooey"} & set(sentence.replace(".", " ").split())

    def test_without_consent_nothing_of_it_is_weighed(self) -> None:
        assert [w.code for w in weighed({VISITS: 2, ORDERS: 0}, Refusal("no_consent_personalisation", {}))] == ["no_consent_personalisation"]
