"""What a version says otherwise, in words."""

from __future__ import annotations

from typing import Any

import pytest

from offers import diffing, schemas
from tests.offers.builders import document


def words(**changes: Any) -> list[str]:
    before = schemas.document_of(schemas.checked(document()))
    after = schemas.document_of(schemas.checked(document(**changes)))
    return [change.text for change in diffing.changes(before, after)]


class TestChanges:
    def test_none(self) -> None:
        assert words() == []

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"name": "Other name"}, "Name: “Bonbon of the month” → “Other name”."),
            ({"budget_minor": 100_000}, "Budget: none → €1,000.00."),
            ({"coupon": {"valid_for_s": 3600}}, "Coupon good for: 1 day → 1 hour."),
            ({"coupon": {"valid_for_s": 86_400, "at_till": False}}, "Coupon: at till: yes → no."),
            ({"schedule": {"starts_on": "2026-11-01", "ends_on": "2026-12-01"}}, "Last day: 2026-11-29 → 2026-12-01."),
            ({"caps": {"per_shopper": None}}, "Coupons for one shopper: 1 → none."),
            ({"caps": {"per_shopper": 1, "per_place": 50}}, "Coupons at one place: none → 50."),
            (
                {"caps": {"per_shopper": 1, "total_window": {"count": 20, "window_s": 3600}}},
                "Coupons in all in a while: none → count 20, window 1 hour.",
            ),
            (
                {"caps": {"per_shopper": 1, "counted_by": ["account", "device"]}},
                "One shopper is known by: device added.",
            ),
            (
                {"caps": {"per_shopper": 1, "per_shopper_window": {"count": 2, "window_s": 90}}},
                "Coupons for one shopper in a while: none → count 2, window 90 seconds.",
            ),
            (
                {"trigger": {"moment_kinds": ["dwell"], "chains": ["Ooey Gooey"]}},
                "Moments: dwell added; store_visit taken out.",
            ),
            ({"stacking": {"group": "food"}}, "Stacking: group: none → food."),
        ],
    )
    def test_one_field(self, changes: dict[str, Any], text: str) -> None:
        assert words(**changes) == [text]

    def test_another_kind_of_benefit(self) -> None:
        assert words(benefit={"kind": "amount", "amount_minor": 250, "max_discount_minor": 500}) == [
            "Kind of benefit: percent → amount.",
            "Categories: bonbon taken out.",
            "Percent off: 20 → none.",
            "Amount off: none → €2.50.",
        ]

    def test_money_in_the_currency_it_was_meant_in(self) -> None:
        yen = {"kind": "percent", "percent": 20, "categories": ["bonbon"], "max_discount_minor": 600}
        assert words(currency="JPY", benefit=yen) == ["Currency: EUR → JPY.", "Most off with one coupon: €5.00 → ¥600."]

    def test_weekly_hours(self) -> None:
        weekly = [{"days": ["mon", "fri"], "from": "09:00", "until": "17:00"}]
        schedule = {"starts_on": "2026-11-01", "ends_on": "2026-11-29", "weekly": weekly}
        assert words(schedule=schedule) == ["Weekly hours: none → days mon; fri, from 09:00, until 17:00."]

    def test_every_field_is_named(self) -> None:
        """A document that differs in one leaf gives exactly one change, whichever leaf it is."""
        before = schemas.document_of(schemas.checked(document()))

        def leaves(value: Any, way: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
            if not isinstance(value, dict):
                return [way]
            return [found for key, inner in value.items() for found in leaves(inner, (*way, key))]

        for way in leaves(before):
            after = schemas.document_of(schemas.checked(document()))
            inner: Any = after
            for key in way[:-1]:
                inner = inner[key]
            inner[way[-1]] = ["changed"] if isinstance(inner[way[-1]], list) else "changed"
            if way == ("audience",):
                inner["audience"] = {"fact": "member_days", "at_least": 2}
            assert [change.field for change in diffing.changes(before, after)] == [".".join(way)]
