"""What may be written as an audience, there and back, and every wrong field with its remedy."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.errors import Invalid
from offers.schemas import checked, checked_audience, document_of
from tests.offers.builders import document

VISITS = {"fact": "visits", "at_least": 2, "within_days": 30, "chains": ["b", "a"]}


class TestRoundTrip:
    @pytest.mark.parametrize(
        "audience",
        [
            None,
            {"fact": "account", "at_least": 1},
            {"all": [VISITS], "any": [{"fact": "messages", "at_most": 0}, {"none": [{"fact": "orders", "at_most": 3}]}]},
            {"none": [{"fact": "spent_minor", "at_least": 500, "currency": "SEK", "categories": ["tea"]}]},
        ],
    )
    def test_the_document_comes_back(self, audience: dict[str, Any] | None) -> None:
        definition = checked(document(audience=audience))
        again = checked(document_of(definition))
        assert again == definition
        assert document_of(again)["audience"] == document_of(definition)["audience"]

    def test_order_makes_no_new_version_and_money_is_the_campaigns(self) -> None:
        a = checked(document(audience={**VISITS, "chains": ["a", "b"]}))
        assert a == checked(document(audience=VISITS))
        spent = checked(document(audience={"fact": "spent_minor", "at_least": 1}, currency="SEK", benefit={"kind": "percent", "percent": 5}))
        assert spent.audience is not None
        assert spent.audience.currency == "SEK"


DEEP: dict[str, Any] = {"all": [{"all": [{"all": [{"all": [VISITS]}]}]}]}


class TestRefused:
    @pytest.mark.parametrize(
        ("audience", "field", "remedy"),
        [
            ({}, "audience", "give a fact"),
            ({"fact": "shoe_size", "at_least": 1}, "audience.fact", "Input should be"),
            ({"fact": "visits"}, "audience", "visits needs at_least or at_most"),
            ({"fact": "visits", "at_least": 3, "at_most": 2}, "audience", "nobody could be meant"),
            ({"fact": "visits", "at_least": -1}, "audience.at_least", "greater than or equal to 0"),
            ({"fact": "visits", "at_least": 1, "within_days": 91}, "audience", "kept for 90 days"),
            ({"fact": "orders", "at_least": 1, "within_days": 731}, "audience.within_days", "less than or equal to 730"),
            ({"fact": "orders", "at_least": 1, "chains": ["a"]}, "audience", "chains does not go with orders"),
            ({"fact": "visits", "at_least": 1, "currency": "EUR"}, "audience", "currency goes with spent_minor alone"),
            ({"fact": "member_days", "at_least": 1, "within_days": 3}, "audience", "within_days does not go with member_days"),
            ({"fact": "account", "at_least": 2}, "audience", "account is yes or no"),
            ({"all": [VISITS], "fact": "visits", "at_least": 1}, "audience", "put fact, at_least into one of them"),
            ({"all": [{"any": [{"fact": "visits"}]}]}, "audience.all[0].any[0]", "visits needs"),
            (DEEP, "audience", "nested deeper than 4 levels"),
            ({"any": [{"all": [VISITS] * 11}, {"all": [VISITS] * 10}]}, "audience", "21 conditions; at most 20"),
            ({"sql": "1=1"}, "audience.sql", "Extra inputs are not permitted"),
        ],
    )
    def test_names_the_field_and_the_remedy(self, audience: dict[str, Any], field: str, remedy: str) -> None:
        for call in (lambda: checked(document(audience=audience)), lambda: checked_audience(audience, "EUR")):
            with pytest.raises(Invalid) as caught:
                call()
            assert any(f.field == field and remedy in f.remedy for f in caught.value.fields), caught.value.fields
