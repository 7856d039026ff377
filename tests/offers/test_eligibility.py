"""Every condition, held and not held, with its numbers; all of them at once; the order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from offers import conditions, eligibility, schemas
from offers.conditions import Counts, Inputs, MomentFacts, PlaceFacts, Refusal, ordinal, place_covered
from offers.definition import Definition
from offers.reasons import Weighed
from tests.conftest import START
from tests.offers.builders import document

PLACE = PlaceFacts("plc_kluuvi", "Ooey Gooey Kluuvi", "Ooey Gooey", ("chocolate",), "Europe/Helsinki")
MOMENT = MomentFacts("mom_1", "store_visit", START, 0, 1, "corroborated")
INPUTS = Inputs(START, MOMENT, PLACE, "cam_1", 1, "live", None, False, Counts())


def campaign(**changes: Any) -> Definition:
    return schemas.checked(document(**changes))


def failed(definition: Definition, inputs: Inputs) -> list[str]:
    return [w.code for w in eligibility.weigh(definition, inputs) if not w.passed]


def with_moment(**changes: Any) -> Inputs:
    return replace(INPUTS, moment=replace(MOMENT, **changes))


class TestWeigh:
    def test_all_reasons_in_order_when_all_hold(self) -> None:
        definition = campaign(
            trigger={
                "moment_kinds": ["store_visit"],
                "tags": ["chocolate"],
                "min_dwell_s": 60,
                "nth_visit": {"at_least": 2},
            },
            schedule={
                "starts_on": "2026-11-21",
                "ends_on": "2026-11-21",
                "weekly": [{"days": ["sat"], "from": "14:00", "until": "14:01"}],
            },
            min_trust="corroborated",
            caps={"per_shopper": 2, "per_shopper_window": {"count": 1, "window_s": 3600}, "total": 10},
            budget_minor=1000,
        )
        inputs = replace(with_moment(dwell_s=60, nth_visit=2), counts=Counts(1, 0, 9, 500))
        weighed = eligibility.weigh(definition, inputs)
        assert [w.code for w in weighed] == [
            "consent_given",
            "campaign_live",
            "place_matches",
            "moment_kind_matches",
            "moment_fresh",
            "dwell_long_enough",
            "visit_number_matches",
            "campaign_started",
            "campaign_not_over",
            "within_hours",
            "trust_sufficient",
            "open_to_offers",
            "under_shopper_cap",
            "under_shopper_window_cap",
            "under_total_cap",
            "budget_left",
        ]
        assert eligibility.eligible(weighed)

    def test_all_failures_are_named_not_only_the_first(self) -> None:
        definition = campaign(
            trigger={"moment_kinds": ["dwell"], "tags": ["mall"], "min_dwell_s": 60, "nth_visit": {"exactly": 2}},
            schedule={"starts_on": "2026-11-22", "weekly": [{"days": ["sun"], "from": "14:00", "until": "14:01"}]},
            min_trust="verified",
            caps={"per_shopper": 1, "per_shopper_window": {"count": 1, "window_s": 3600}, "total": 1},
            budget_minor=500,
        )
        inputs = replace(
            INPUTS,
            campaign_state="paused",
            asked_for_fewer=True,
            counts=Counts(1, 1, 1, 1),
            at=START + timedelta(hours=1),
        )
        assert failed(definition, inputs) == [
            "campaign_not_live",
            "wrong_place",
            "wrong_moment_kind",
            "moment_too_old",
            "dwell_too_short",
            "wrong_visit_number",
            "campaign_not_started",
            "outside_hours",
            "trust_too_low",
            "shopper_asked_for_fewer",
            "shopper_cap_reached",
            "shopper_window_cap_reached",
            "total_cap_reached",
            "budget_exhausted",
        ]

    def test_without_consent_that_alone_is_said(self) -> None:
        inputs = replace(
            INPUTS, no_consent=Refusal("no_consent_personalisation", {"why": "withdrawn"}), asked_for_fewer=True
        )
        assert eligibility.weigh(campaign(), inputs) == (
            Weighed("no_consent_personalisation", False, {"why": "withdrawn"}),
        )

    def test_what_a_campaign_does_not_ask_is_not_weighed(self) -> None:
        definition = campaign(schedule={}, caps={"per_shopper": None})
        assert [w.code for w in eligibility.weigh(definition, INPUTS)] == [
            "consent_given",
            "campaign_live",
            "place_matches",
            "moment_kind_matches",
            "moment_fresh",
            "open_to_offers",
        ]

    @pytest.mark.parametrize(("age_s", "fresh"), [(0, True), (1800, True), (1801, False), (-30, True)])
    def test_freshness(self, age_s: int, fresh: bool) -> None:
        assert failed(campaign(), replace(INPUTS, at=START + timedelta(seconds=age_s))) == (
            [] if fresh else ["moment_too_old"]
        )

    @pytest.mark.parametrize(
        ("nth", "visits"),
        [
            ({"exactly": 3}, [3]),
            ({"at_least": 4}, [4, 5, 6, 7, 8, 9]),
            ({"every": 3}, [3, 6, 9]),
            ({"every": 2, "at_least": 4}, [4, 6, 8]),
        ],
    )
    def test_nth_visit(self, nth: dict[str, int], visits: list[int]) -> None:
        definition = campaign(trigger={"moment_kinds": ["store_visit"], "everywhere": True, "nth_visit": nth})
        assert [n for n in range(1, 10) if not failed(definition, with_moment(nth_visit=n))] == visits

    @pytest.mark.parametrize(
        ("trust", "needed", "ok"),
        [
            ("claimed", "claimed", True),
            ("claimed", "corroborated", False),
            ("verified", "corroborated", True),
            ("odd", "verified", False),
        ],
    )
    def test_trust(self, trust: str, needed: str, ok: bool) -> None:
        assert failed(campaign(min_trust=needed), with_moment(trust=trust)) == ([] if ok else ["trust_too_low"])

    def test_a_moment_before_midnight_weighed_after_it_finds_the_campaign_over(self) -> None:
        definition = campaign(schedule={"ends_on": "2026-11-21"})
        before = START.replace(hour=21, minute=59)
        inputs = replace(with_moment(occurred_at=before), at=before + timedelta(minutes=2))
        assert failed(definition, inputs) == ["campaign_over"]

    def test_an_unknown_zone_withholds_and_says_so(self) -> None:
        inputs = replace(INPUTS, place=replace(PLACE, timezone="Mars/Olympus"))
        assert failed(campaign(), inputs) == ["place_zone_unknown"]

    def test_budget_to_the_cent(self) -> None:
        definition = campaign(budget_minor=1000)
        assert failed(definition, replace(INPUTS, counts=Counts(budget_committed_minor=500))) == []
        assert failed(definition, replace(INPUTS, counts=Counts(budget_committed_minor=501))) == ["budget_exhausted"]


class TestPlaceCovered:
    @pytest.mark.parametrize(
        ("selector", "covered"),
        [
            ({"place_ids": ["plc_kluuvi"]}, True),
            ({"place_ids": ["plc_other"]}, False),
            ({"chains": ["Ooey Gooey"]}, True),
            ({"chains": ["ooey gooey"]}, False),
            ({"tags": ["mall", "chocolate"]}, True),
            ({"tags": ["mall"], "place_ids": ["plc_kluuvi"]}, True),
            ({"everywhere": True}, True),
        ],
    )
    def test_any_selector_suffices(self, selector: dict[str, Any], covered: bool) -> None:
        assert place_covered(campaign(trigger={"moment_kinds": ["dwell"], **selector}), PLACE) is covered

    def test_no_chain_is_no_chain(self) -> None:
        definition = campaign(trigger={"moment_kinds": ["dwell"], "chains": ["None"]})
        assert not place_covered(definition, replace(PLACE, chain=None))


class TestOrdinal:
    def test_english(self) -> None:
        assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)] == [
            "1st",
            "2nd",
            "3rd",
            "4th",
            "11th",
            "12th",
            "13th",
            "21st",
            "22nd",
            "101st",
            "111th",
        ]


class TestCountedWhereItIsAsked:
    """Caps of a place, of a while over everybody, and of all who may be one person: on the edge, and not asked."""

    BOTH = ("account", "device")

    @pytest.mark.parametrize(
        ("caps", "count", "cap", "held", "not_held", "facts"),
        [
            ({"per_place": 3}, "here", 3, "under_place_cap", "place_cap_reached", {}),
            ({"total_window": {"count": 3, "window_s": 60}}, "total_in_window", 3, "under_total_window_cap", "total_window_cap_reached", {"window_s": 60}),
            ({"per_shopper": 3, "counted_by": BOTH}, "joined", 3, "under_person_cap", "person_cap_reached", {"counted_by": "device"}),
            (
                {"per_shopper_window": {"count": 3, "window_s": 60}, "counted_by": BOTH}, "joined_in_window", 3,
                "under_person_window_cap", "person_window_cap_reached", {"window_s": 60, "counted_by": "device"},
            ),
        ],
    )  # fmt: skip
    def test_on_the_edge(self, caps: dict[str, Any], count: str, cap: int, held: str, not_held: str, facts: dict[str, Any]) -> None:
        definition = campaign(caps=caps)
        for issued, code in ((cap - 1, held), (cap, not_held), (cap + 1, not_held)):
            counts = replace(Counts(here=0, total_in_window=0, joined=0, joined_in_window=0), **{count: issued})
            assert conditions.room_besides(definition, counts) is (code == held)
            (weighed,) = [w for w in eligibility.weigh(definition, replace(INPUTS, counts=counts)) if w.code in (held, not_held)]
            assert weighed == Weighed(code, code == held, {"issued": issued, "cap": cap, **facts})

    def test_not_asked(self) -> None:
        counts = Counts(here=99, total_in_window=99, joined=99, joined_in_window=99)
        definition = campaign(caps={"per_shopper": 1})
        assert failed(definition, replace(INPUTS, counts=counts)) == []
        assert not {w.code for w in eligibility.weigh(definition, INPUTS)} & {"under_place_cap", "under_person_cap", "under_total_window_cap"}
