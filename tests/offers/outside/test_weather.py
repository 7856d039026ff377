"""A campaign that goes by the weather, from the recorded forecast to the message: offered, withheld, unknown, replayed and simulated."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.verdict import Fail
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from offers import facade, simulation
from offers.models import Decision
from offers.reasons import Audience
from tests.conftest import START
from tests.offers.builders import KLUUVI, TOKYO, document, go_live, moment, weigh
from tests.offers.outside.builders import day, forecast, recorded

FINE_SUNDAY = recorded(forecast(day("2026-11-21", 15, 6, 90), day("2026-11-22", 18.4, 0.2)))
SUNNY_WEEKEND: dict[str, Any] = {"within_days": 3, "on": "weekend", "rain": "dry", "min_high_c": 18}


def decided(database: Database, file: dict[str, Any] | None = None, place: Any = KLUUVI, **changes: Any) -> tuple[Decision, dict[str, dict[str, Any]]]:
    """The decision about one moment, and its reasons by code."""
    with database.transaction() as session:
        if file is not None:
            facade.import_outside(session, file)
        go_live(session, **changes)
        (decision_id,) = weigh(session, moment(place=place), place=place)
    with database.reading() as session:
        row = session.scalars(select(Decision).where(Decision.id == decision_id)).one()
        assert facade.replay_decision(session, decision_id)[1] == row.result  # byte for byte
        session.expunge(row)
    return row, {w["code"]: w for w in json.loads(row.result)["reasons"]}


class TestWeigh:
    def test_fine_weather_is_offered_and_the_decision_says_by_which_forecast(self, database: Database) -> None:
        row, reasons = decided(database, FINE_SUNDAY, weather=SUNNY_WEEKEND)
        assert row.outcome == "offer"
        assert reasons["weather_fits"]["facts"] == {
            "wanted": "dry weather with at least 18 °C on a Saturday or Sunday within 3 days", "area": "helsinki", "unknown_days": 0, "forecast_day": "2026-11-22",
            "high_c": 18.4, "rain_mm": 0.2, "cloud_pct": 20, "source": "a recorded forecast",
        }  # fmt: skip
        assert [d["day"] for d in json.loads(row.record)["inputs"]["outside"]["forecasts"]] == ["2026-11-21", "2026-11-22"]

    def test_it_stays_explained_and_replayed_when_the_forecast_is_gone(self, database: Database) -> None:
        row, _ = decided(database, FINE_SUNDAY, weather=SUNNY_WEEKEND)
        with database.transaction() as session:
            facade.import_outside(session, recorded(forecast(day("2026-11-22", 2, 9))))
        with database.reading() as session:
            assert facade.replay_decision(session, row.id) == (row.result, row.result)
            told = facade.explanation(session, row.id, audience=Audience.SHOPPER, at=START)
        assert "The forecast for 22 November is right for it: up to 18.4 °C, 0.2 mm of rain." in told.sentences

    def test_other_weather_withholds(self, database: Database) -> None:
        row, reasons = decided(database, FINE_SUNDAY, weather=SUNNY_WEEKEND | {"min_high_c": 18.5})
        assert (row.outcome, [code for code, w in reasons.items() if not w["passed"]]) == ("withheld", ["weather_does_not_fit"])

    @pytest.mark.parametrize("file", [None, recorded(), recorded(forecast(day("2026-11-22"), known_at="2026-11-21T12:00:01Z")), recorded(forecast(day("2026-11-22"), good_for_h=6))])
    def test_no_forecast_known_withholds_and_says_so(self, database: Database, file: dict[str, Any] | None) -> None:
        """None at all, none of the days, one that came a second later, one that had just run out. Seen to fail with the unknown let pass."""
        row, reasons = decided(database, file, weather=SUNNY_WEEKEND)
        assert (row.outcome, [code for code, w in reasons.items() if not w["passed"]]) == ("withheld", ["weather_unknown"])

    def test_the_weather_of_another_area_says_nothing(self, database: Database) -> None:
        _, reasons = decided(database, FINE_SUNDAY, TOKYO, weather=SUNNY_WEEKEND)
        assert reasons["weather_unknown"]["facts"]["area"] == "none"

    def test_special_days(self, database: Database) -> None:
        row, reasons = decided(database, FINE_SUNDAY, special_days={"kinds": ["day_before_public_holiday"]}, weather={"min_high_c": 10})
        assert [code for code, w in reasons.items() if not w["passed"]] == ["no_special_day"]
        assert row.outcome == "withheld"

    def test_a_named_day_ahead(self, database: Database) -> None:
        row, reasons = decided(database, FINE_SUNDAY, special_days={"named": ["black_friday"], "within_days": 6})
        assert row.outcome == "offer"
        assert reasons["special_day"]["facts"] == {"wanted": "black friday within 6 days", "region": "FI", "special_day": "2026-11-27", "special": "black_friday"}
        assert "forecasts" in json.loads(row.record)["inputs"]["outside"]

    def test_a_region_without_a_calendar_is_unknown(self, database: Database) -> None:
        _, reasons = decided(database, recorded(calendars=[]), special_days={"kinds": ["public_holiday"]})
        assert not reasons["calendar_unknown"]["passed"]

    def test_a_campaign_that_does_not_ask_stores_nothing_of_it(self, database: Database) -> None:
        row, reasons = decided(database, FINE_SUNDAY)
        assert "outside" not in json.loads(row.record)["inputs"]
        assert not any("weather" in code or "special" in code for code in reasons)

    def test_without_consent_nothing_is_looked_at(self, database: Database) -> None:
        with database.transaction() as session:
            facade.import_outside(session, FINE_SUNDAY)
            go_live(session, weather=SUNNY_WEEKEND)
            (decision_id,) = weigh(session, moment(), consent=Fail("no_consent_personalisation"))
            row = session.get_one(Decision, decision_id)
            assert "outside" not in json.loads(row.record)["inputs"]


TEXTS = {"en": {"title": "{{ weather | capitalize }}", "body": "{{ weather_day | date: 'full' }}: {{ high_c }} °C"}, "fi": {"title": "{{ weather }}", "body": "{{ high_c }} °C"}}


class TestMessage:
    def test_it_says_the_weather_it_was_given_for_in_her_language(self, database: Database) -> None:
        """Seen to fail with the weather of the first day of the forecast."""
        row, _ = decided(database, FINE_SUNDAY, weather=SUNNY_WEEKEND, message={"texts": TEXTS})
        with database.reading() as session:
            message = facade.coupon_message(session, row.id, at=START, ends=START + timedelta(days=1))
        assert message is not None
        assert [facade.fill_message(message, "en", part, {}) for part in ("title", "body")] == ["Sunny and dry", "Sunday, November 22, 2026: 18 °C"]
        assert facade.fill_message(message, "fi", "title", {}) == "aurinkoista ja poutaa"

    def test_a_language_without_words_needs_a_default(self) -> None:
        told = document(weather=SUNNY_WEEKEND, message={"language": "et", "texts": {"et": {"title": "{{ weather }}", "body": "x"}}})
        with pytest.raises(Exception, match="weather may have no value"):
            facade.message_example_of(told, START)
        told["message"]["texts"]["et"]["defaults"] = {"weather": "ilus ilm"}
        example = facade.message_example_of(told, START)
        assert facade.fill_message(example.message, "et", "title", {}) == "ilus ilm"

    def test_a_preview_shows_a_day_such_as_is_asked_for(self) -> None:
        monday = START + timedelta(days=2)
        example = facade.message_example_of(document(weather=SUNNY_WEEKEND, message={"texts": TEXTS}), monday)
        assert facade.fill_message(example.message, "en", "body", {}) == "Saturday, November 28, 2026: 18 °C"

    def test_a_campaign_that_asks_for_none_has_no_weather_to_tell(self) -> None:
        with pytest.raises(Exception, match="weather may have no value"):
            facade.message_example_of(document(message={"texts": {"en": TEXTS["en"]}}), START)


class TestSimulate:
    def test_sees_what_was_known_then(self, database: Database) -> None:
        """The forecast turned between two moments: one is offered, the other not. Seen to fail with the newest forecast of all."""
        later = START + timedelta(hours=2)
        with database.transaction() as session:
            facade.import_outside(session, recorded(forecast(day("2026-11-22", 20)), forecast(day("2026-11-22", 20, 8), known_at="2026-11-21T13:00:00Z")))
            go_live(session, weather=SUNNY_WEEKEND, caps={"per_shopper": None})
            set_consent(session, "shp_jane", Purpose.PERSONALISATION, granted=True, source="test", at=START - timedelta(days=1))
            geofences.bench_moments(session, [(START, moment("mom_1")), (later, moment("mom_2", at=later))])
        with database.reading() as session:
            span = {"since": START, "until": START + timedelta(days=1), "at": later, "fewer_mute_s": 0, "explore": False}
            told = [(m.id, result.outcome, [w.code for w in result.reasons if not w.passed]) for m, _, result in simulation.rehearse(session, "cam_bonbon", **span)]
        assert told == [("mom_1", "offer", []), ("mom_2", "withheld", ["weather_does_not_fit"])]
