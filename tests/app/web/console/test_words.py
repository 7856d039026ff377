"""A campaign in words: every field that can keep an offer back changes the words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.web.console.words import bounds, calendar, coupon, gives, in_words, listed, span, when, where

NAMES = {"plc_a": "Höyry Tea Room", "plc_b": "Murunen Bakery"}
DOCUMENT: dict[str, Any] = {
    "name": "N", "title": "Salted Rye", "because": "it is on sale there", "currency": "EUR",
    "trigger": {"moment_kinds": ["store_visit"], "place_ids": ["plc_a"], "chains": [], "tags": [], "everywhere": False, "min_dwell_s": 0, "nth_visit": None, "max_age_s": 1800},
    "benefit": {"kind": "percent", "percent": 25.0, "product_ids": [], "categories": [], "min_basket_minor": 0, "max_items": None, "max_discount_minor": None},
    "schedule": {"starts_on": None, "ends_on": None, "weekly": []},
    "caps": {"per_shopper": 1, "per_shopper_window": None, "total": None},
    "coupon": {"valid_for_s": 14400, "places": "campaign", "in_app": True, "at_till": True},
    "min_trust": "claimed", "stacking": {"group": "", "combinable": False, "after": []}, "budget_minor": None, "priority": 0, "expected_value_minor": 0,
}  # fmt: skip


def euros(amount_minor: int) -> str:
    return f"€{amount_minor / 100:.2f}"


def words_of(document: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return in_words(document, "25 % off", NAMES, euros)


class TestSpan:
    @pytest.mark.parametrize(("seconds", "text"), [(1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (14_400, "4 hours"), (5400, "90 minutes"), (86_400, "1 day"), (172_800, "2 days")])
    def test_exact(self, seconds: int, text: str) -> None:
        assert span(seconds) == text


class TestListed:
    def test_none_one_many(self) -> None:
        assert (listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "and")) == ("", "a", "a or b", "a, b and c")


class TestWhere:
    def test_any_selector_suffices(self) -> None:
        trigger = {"place_ids": ["plc_a"], "chains": ["ooey-gooey"], "tags": ["coffee"]}
        assert where(trigger, NAMES) == "Höyry Tea Room, any shop of Ooey Gooey or any place for coffee"

    def test_everywhere(self) -> None:
        assert where({"everywhere": True}, NAMES) == "any of our places"

    def test_a_long_list_is_counted(self) -> None:
        assert where({"place_ids": ["a", "b", "c", "d", "e"]}, NAMES) == "one of 5 places"


class TestWhen:
    def test_all_of_them(self) -> None:
        trigger = {"moment_kinds": ["dwell", "return_visit"], "chains": ["askel"], "min_dwell_s": 120, "nth_visit": {"at_least": 2, "every": 3}, "max_age_s": 600}
        assert when(trigger, NAMES) == [
            "A shopper stays a while in or comes back to any shop of Askel.",
            "She has stayed at least 2 minutes.",
            "It is at least her visit number 2.",
            "It is every 3. visit.",
            "We hear of it within 10 minutes.",
        ]


class TestCalendar:
    def test_always(self) -> None:
        assert calendar({}) == ["Always."]

    def test_dates_and_hours(self) -> None:
        weekly = [{"days": ["mon", "fri"], "from": "15:00", "until": "17:00"}]
        assert calendar({"starts_on": "2026-11-01", "ends_on": "2026-11-30", "weekly": weekly}) == [
            "From 2026-11-01 until 2026-11-30, that day included.",
            "Monday and Friday, 15:00 to 17:00 by the clock of the store.",
        ]

    def test_only_an_end(self) -> None:
        assert calendar({"ends_on": "2026-11-30"}) == ["Until 2026-11-30, that day included."]

    def test_only_a_start(self) -> None:
        assert calendar({"starts_on": "2026-11-01"}) == ["From 2026-11-01 on."]


class TestInWords:
    def test_weather_and_special_days(self) -> None:
        weather = {"within_days": 3, "on": "weekend", "rain": "dry", "sunny": True, "min_high_c": 18.0}
        asked = DOCUMENT | {"weather": weather, "special_days": {"kinds": ["day_before_public_holiday"], "named": ["midsummer_eve"], "within_days": 1}}
        assert dict(words_of(asked))["Weather and special days"] == [
            "The forecast where the store lies says dry weather with sun and at least 18 °C on a Saturday or Sunday within 3 days.",
            "There is the day before a public holiday or midsummer eve today or tomorrow, by the calendar of its region.",
        ]
        assert "Weather and special days" not in dict(words_of(DOCUMENT))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("trigger.moment_kinds", ["dwell"]), ("trigger.place_ids", ["plc_b"]), ("trigger.chains", ["askel"]), ("trigger.tags", ["tea"]), ("trigger.everywhere", True),
            ("trigger.min_dwell_s", 60), ("trigger.nth_visit", {"exactly": 3}), ("trigger.max_age_s", 60), ("benefit.product_ids", ["p"]), ("benefit.categories", ["tea"]),
            ("benefit.min_basket_minor", 1), ("benefit.min_items", 2), ("benefit.floor_percent", 5.0), ("benefit.floor_unit_minor", 5), ("stacking.group", "food"), ("pacing", "even"),
            ("schedule.store_hours", [{"place_id": "plc_a", "weekly": [{"days": ["sun"], "from": "10:00", "until": "11:00"}]}]), ("stacking.combinable", True), ("stacking.after", ["food"]),
            ("benefit.max_items", 1), ("benefit.max_discount_minor", 1), ("schedule.starts_on", "2026-01-01"), ("schedule.ends_on", "2026-01-01"),
            ("schedule.weekly", [{"days": ["sun"], "from": "10:00", "until": "11:00"}]), ("caps.per_shopper", None), ("caps.per_shopper_window", {"count": 1, "window_s": 60}),
            ("caps.total", 5), ("caps.per_place", 5), ("caps.total_window", {"count": 5, "window_s": 60}), ("caps.counted_by", ["account", "device"]), ("coupon.valid_for_s", 60), ("coupon.places", "place"), ("coupon.in_app", False), ("coupon.at_till", False), ("min_trust", "verified"),
            ("budget_minor", 100), ("priority", 3), ("expected_value_minor", 5), ("title", "Other"), ("because", ""),
            ("weather", {"rain": "dry"}), ("special_days", {"kinds": ["weekend"]}),
        ],
    )  # fmt: skip
    def test_every_field_shows(self, path: str, value: Any) -> None:
        """Seen to fail when `bounds` forgot `min_trust`."""
        changed = copy.deepcopy(DOCUMENT)
        inner = changed
        *way, last = path.split(".")
        for step in way:
            inner = inner[step]
        inner[last] = value
        assert words_of(changed) != words_of(DOCUMENT)

    def test_exact(self) -> None:
        assert words_of(DOCUMENT) == [
            ("When", ["A shopper walks into Höyry Tea Room.", "We hear of it within 30 minutes."]),
            ("Days and hours", ["Always."]),
            ("Who", ["Everybody."]),
            ("What the shopper gets", ["25 % off.", "On the whole basket."]),
            ("The coupon", ["Good for 4 hours, at any place of the campaign, at the till or in the app."]),
            ("Limits", ["Each shopper gets it once."]),
            ("What she reads", ["“Salted Rye”", "… because it is on sale there."]),
        ]


class TestPieces:
    def test_gives_and_bounds_and_coupon(self) -> None:
        assert gives({"categories": ["tea"], "max_items": 2, "min_basket_minor": 500, "max_discount_minor": 250}, "x", euros) == [
            "x.", "On category tea.", "From a basket of €5.00 on.", "For at most 2 items.", "Never more than €2.50 off.",
        ]  # fmt: skip
        assert bounds({"caps": {"per_shopper": None}}, euros) == ["No limit."]

    def test_where_in_a_while_and_who_counts_as_one(self) -> None:
        caps = {"per_shopper": 1, "per_place": 50, "total_window": {"count": 20, "window_s": 3600}, "counted_by": ["account", "contact", "device", "payment"]}
        assert bounds({"caps": caps}, euros) == [
            "Each shopper gets it once.",
            "Shoppers who share a verified contact, phone or browser or means of payment count as one.",
            "50 coupons at each place.",
            "20 coupons within 1 hour, all shoppers together.",
        ]
        assert bounds({"caps": {"per_shopper": None, "counted_by": ["account", "device"]}}, euros) == ["No limit."]
        assert coupon({"valid_for_s": 60, "places": "place", "at_till": True, "in_app": False}) == ["Good for 1 minute, at the place where it was given, at the till."]
