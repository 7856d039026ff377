"""An audience in words."""

from __future__ import annotations

from typing import Any

import pytest

from offers import audience_words, diffing
from offers.audience_words import condition, of_document
from offers.schemas import checked_audience

NAMES = {"plc_hoyry": "Höyry"}


class TestCondition:
    @pytest.mark.parametrize(
        ("written", "words"),
        [
            ({"fact": "visits", "at_least": 2, "within_days": 1, "place_ids": ["plc_hoyry"], "tags": ["coffee"]}, "at least 2 visits at Höyry or any place for coffee within 1 day"),
            ({"fact": "visits", "at_least": 2, "at_most": 5}, "from 2 visits to 5 visits"),
            ({"fact": "orders", "at_most": 0, "categories": ["books"]}, "no order of category books"),
            ({"fact": "orders", "at_least": 1, "at_most": 1, "product_ids": ["prd_a"]}, "exactly 1 order of product prd_a"),
            ({"fact": "spent_minor", "at_least": 2000, "within_days": 90}, "at least €20.00 spent within 90 days"),
            ({"fact": "average_stay_s", "at_least": 600}, "an average stay of at least 10 minutes"),
            ({"fact": "days_since_visit", "at_least": 30, "chains": ["ooey-gooey"]}, "the last visit at any shop of Ooey Gooey at least 30 days ago"),
            ({"fact": "days_since_order", "at_most": 1}, "the last order at most 1 day ago"),
            ({"fact": "member_days", "at_least": 365}, "at least 365 days with us"),
            ({"fact": "account", "at_least": 1}, "an account"),
            ({"fact": "tier", "at_least": 2}, "at least tier 2"),
            ({"fact": "tier", "at_most": 0}, "no tier of the loyalty programme"),
            ({"fact": "member", "at_least": 1, "plan_ids": ["gold"]}, "a membership of plan gold"),
            ({"fact": "member", "at_most": 0}, "no membership"),
            ({"fact": "messages", "at_most": 0}, "messages switched off"),
            ({"fact": "coupons_used", "at_least": 1, "campaign_ids": ["cam_a"]}, "at least 1 coupon used by cam_a"),
            ({"fact": "coupons_unused", "at_most": 0}, "no coupon left unused"),
        ],
    )  # fmt: skip
    def test_each_fact(self, written: dict[str, Any], words: str) -> None:
        assert condition(checked_audience(written, "EUR"), NAMES) == words

    def test_every_fact_has_a_name(self) -> None:
        assert set(audience_words.NAMES) == set(audience_words.Fact)


JOINED: dict[str, Any] = {
    "all": [{"fact": "account", "at_least": 1}],
    "any": [{"fact": "orders", "at_least": 1}, {"all": [{"fact": "visits", "at_least": 1}, {"fact": "visits", "at_most": 9}]}],
    "none": [{"fact": "messages", "at_most": 0}],
}


class TestSentences:
    def test_one_for_each_thing_that_must_be_so(self) -> None:
        assert of_document(JOINED, {}) == [
            "She has an account.",
            "She has at least 1 order or at least 1 visit and at most 9 visits.",
            "She has not: messages switched off.",
        ]
        assert of_document(None, {}) == ["Everybody."]


class TestDifference:
    def test_between_versions(self) -> None:
        (change,) = diffing.changes({"audience": JOINED}, {"audience": None})
        assert change.text == (
            "Audience: an account and (at least 1 order or (at least 1 visit and at most 9 visits)) and not (messages switched off) → everybody."
        )
