"""The words: exact sentences, for each reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from offers import decision, explanation, schemas
from offers.conditions import Counts, Inputs, MomentFacts, PlaceFacts, Refusal
from offers.decision import Record, Result
from offers.definition import Definition
from offers.reasons import Audience, ReasonCode
from offers.sentences import SENTENCES
from tests.conftest import START
from tests.offers.builders import document

PLACE = PlaceFacts("plc_kluuvi", "Ooey Gooey Kluuvi", "Ooey Gooey", (), "Europe/Helsinki")
AT = datetime(2026, 11, 19, 12, 2, tzinfo=UTC)
INPUTS = Inputs(
    AT, MomentFacts("mom_1", "store_visit", AT, 0, 1, "claimed"), PLACE, "cam_1", 1, "live", None, False, Counts()
)


def campaign(**changes: Any) -> Definition:
    return schemas.checked(document(**{"schedule": {"ends_on": "2026-11-22"}, **changes}))


def decided(definition: Definition, inputs: Inputs = INPUTS) -> tuple[Record, Result]:
    return decision.decide_all({"cam_1": definition}, {"cam_1": inputs})["cam_1"]


def headline(
    definition: Definition, audience: Audience = Audience.SHOPPER, inputs: Inputs = INPUTS, now: datetime = AT
) -> str:
    return explanation.headline(definition, *decided(definition, inputs), audience, now)


def moment(**changes: Any) -> Inputs:
    return replace(INPUTS, moment=replace(INPUTS.moment, **changes))


class TestHeadline:
    def test_why_did_i_get_this(self) -> None:
        assert headline(campaign()) == (
            "You got this because you walked into Ooey Gooey Kluuvi at 14:02 and the bonbon of the month is on sale there until Sunday."
        )

    def test_for_the_marketer(self) -> None:
        assert headline(campaign(), Audience.MARKETER) == (
            "“Bonbon of the month” was offered because the shopper walked into Ooey Gooey Kluuvi at 14:02 "
            "and the bonbon of the month is on sale there until Sunday."
        )

    def test_on_another_day_with_the_date(self) -> None:
        assert "on 19 November at 14:02" in headline(campaign(), now=AT + timedelta(days=3))

    def test_why_not(self) -> None:
        definition = campaign(trigger={"moment_kinds": ["dwell"], "everywhere": True, "min_dwell_s": 600})
        assert headline(definition, inputs=moment(kind="dwell", dwell_s=120)) == (
            "You had spent 2 minutes in Ooey Gooey Kluuvi at 14:02, and we did not offer you “20 % off the bonbon of the month”. "
            "The offer comes after 10 minutes in the store; you had been there for 2 minutes."
        )

    def test_why_not_without_consent(self) -> None:
        inputs = replace(INPUTS, no_consent=Refusal("no_consent_personalisation", {"why": "withdrawn"}))
        assert headline(campaign(), inputs=inputs).endswith(
            "You have not switched on “Offers that fit”, so no offer was chosen for you."
        )

    def test_without_a_clause_the_benefit_is_named(self) -> None:
        assert headline(campaign(because="", schedule={})).endswith("and 20 % off, up to €5.00 is to be had there.")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"kind": "return_visit", "nth_visit": 3}, "you came back to Ooey Gooey Kluuvi at 14:02, for the 3rd time"),
            ({"kind": "dwell", "dwell_s": 601}, "you had spent 10 minutes in Ooey Gooey Kluuvi at 14:02"),
            ({"kind": "left"}, "you left Ooey Gooey Kluuvi at 14:02"),
            ({"kind": "crossed"}, "you passed through Ooey Gooey Kluuvi at 14:02"),
            ({"kind": "beacon_proximity"}, "you stopped near one of our beacons in Ooey Gooey Kluuvi at 14:02"),
        ],
    )
    def test_what_she_did(self, changes: dict[str, Any], words: str) -> None:
        assert explanation.doing(moment(**changes).moment, PLACE, AT) == words


class TestUntil:
    HELSINKI = ZoneInfo("Europe/Helsinki")

    @pytest.mark.parametrize(
        ("end", "words"),
        [
            ("2026-11-19T16:30:00", "until 18:30 today"),
            ("2026-11-19T22:00:00", "until tonight"),
            ("2026-11-20T22:00:00", "until tomorrow"),
            ("2026-11-20T08:00:00", "until 10:00 tomorrow"),
            ("2026-11-22T22:00:00", "until Sunday"),
            ("2026-11-22T16:00:00", "until Sunday, 18:00"),
            ("2026-11-30T22:00:00", "until 30 November"),
        ],
    )
    def test_as_people_say_it(self, end: str, words: str) -> None:
        assert explanation.until_text(datetime.fromisoformat(end).replace(tzinfo=UTC), AT, self.HELSINKI) == words


class TestSentences:
    def test_what_stood_against_it_comes_first_for_the_shopper(self) -> None:
        _, result = decided(campaign(min_trust="verified"))
        assert (
            explanation.sentences(result, Audience.SHOPPER)[0]
            == "We could not tell well enough that you were really there."
        )
        assert explanation.sentences(result, Audience.MARKETER)[0] == "The shopper allows personalised offers."

    def test_every_code_has_words_for_everyone_with_no_gap(self) -> None:
        facts: dict[str, Any] = {
            "state": "paused", "age_s": 90, "limit_s": 60, "kind": "dwell", "dwell_s": 1, "needed_s": 7200, "nth_visit": 2, "wanted": "the 3rd visit",
            "starts_on": "2026-11-01", "ends_on": "2026-11-02", "local_date": "2026-11-03", "local_weekday": "Friday", "local_time": "14:02",
            "timezone": "Mars/Olympus", "trust": "claimed", "needed": "verified", "issued": 1, "cap": 2, "window_s": 86400, "committed_minor": 1,
            "budget_minor": 2, "needed_minor": 3, "currency": "EUR", "candidates": 2, "by": "cam_2", "valid_from": START.isoformat(),
            "expired_at": START.isoformat(), "redeemed_at": START.isoformat(), "allowed_text": "in the app", "given": "SEK", "basket_minor": 1, "minimum_minor": 2, "share_bp": 1000, "version": "b", "versions": 2, "value_minor": 180, "affinity_bp": 12500, "use_ppm": 104999, "propensity_ppm": 250000, "items": 1, "released_minor": 3, "minimum_items": 2, "asked_text": "two visits", "known_text": "one visit", "counted_by": "account, device", "used": 1, "one": "Bonbons", "other": "Cakes", "why": "both are of one group", "sensitive": "health care within 2,000 ft",
            "forecast_day": "2026-11-22", "high_c": 18.4, "rain_mm": 0.2, "source": "test", "area": "helsinki", "region": "FI", "special_day": "2026-11-27", "special": "black_friday",
        }  # fmt: skip
        assert set(SENTENCES) == set(ReasonCode)
        for code in ReasonCode:
            for audience in Audience:
                text = explanation.say(code, facts, audience)
                assert text.endswith((".", "!")), text
                assert "?" not in text, (code, text)
                assert "{" not in text

    def test_a_fact_that_is_missing_does_not_break_the_page(self) -> None:
        assert explanation.say("dwell_too_short", {}, Audience.SHOPPER).startswith("The offer comes after ?")
        assert explanation.say("some_new_code", {}, Audience.SHOPPER) == "Some new code."
