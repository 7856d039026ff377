"""A campaign document: every wrong field is named with its remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from offers import schemas
from offers.definition import canonical_json, definition_from
from tests.offers.builders import BONBON, document

NIGHT = {"days": ["sat"], "from": "22:00", "until": "02:00"}
FULL = document(
    trigger={
        "moment_kinds": ["dwell", "store_visit"],
        "place_ids": ["b", "a", "a"],
        "tags": ["x"],
        "min_dwell_s": 60,
        "nth_visit": {"every": 2},
    },
    schedule={
        "starts_on": "2026-11-01",
        "ends_on": "2026-11-30",
        "weekly": [{"days": ["sun", "mon"], "from": "09:00", "until": "24:00"}],
        "store_hours": [{"place_id": "b", "weekly": [NIGHT]}, {"place_id": "a", "weekly": [NIGHT]}],
    },
    caps={"per_shopper": None, "per_shopper_window": {"count": 1, "window_s": 3600}, "total": 5},
    min_trust="verified",
    budget_minor=1000,
    priority=-3,
    expected_value_minor=7,
)


def wrong(**changes: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        schemas.checked(document(**changes))
    return {f.field: f.remedy for f in caught.value.fields}


class TestChecked:
    def test_there_and_back(self) -> None:
        definition = schemas.checked(FULL)
        assert schemas.checked(schemas.document_of(definition)) == definition
        assert definition_from(json.loads(canonical_json(definition))) == definition
        assert definition.trigger.place_ids == ("a", "b")
        assert definition.schedule.weekly[0].until_minute == 1440

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"title": "a\nb"}, "title"),
            ({"title": "x" * 121}, "title"),
            ({"currency": "eur"}, "currency"),
            ({"currency": "XQQ"}, "currency"),
            ({"budget_minor": -1}, "budget_minor"),
            ({"budget_minor": 10.5}, "budget_minor"),
            ({"budget_minor": 10**13}, "budget_minor"),
            ({"budget_minor": "100"}, "budget_minor"),
            ({"min_trust": "absolute"}, "min_trust"),
            ({"priority": 10**9}, "priority"),
            ({"surprise": 1}, "surprise"),
            ({"trigger": {"moment_kinds": ["store_visit"]}}, "trigger"),
            ({"trigger": {"moment_kinds": [], "everywhere": True}}, "trigger.moment_kinds"),
            ({"trigger": {"moment_kinds": ["teleported"], "everywhere": True}}, "trigger.moment_kinds[0]"),
            ({"trigger": {"moment_kinds": ["dwell"], "everywhere": True, "tags": ["x"]}}, "trigger"),
            ({"trigger": {"moment_kinds": ["dwell"], "everywhere": True, "min_dwell_s": -1}}, "trigger.min_dwell_s"),
            ({"trigger": {"moment_kinds": ["dwell"], "everywhere": True, "nth_visit": {}}}, "trigger.nth_visit"),
            (
                {"trigger": {"moment_kinds": ["dwell"], "everywhere": True, "nth_visit": {"exactly": 3, "every": 2}}},
                "trigger.nth_visit",
            ),
            ({"benefit": {"kind": "percent", "percent": 100.5}}, "benefit.percent"),
            ({"benefit": {"kind": "percent", "percent": 0}}, "benefit.percent"),
            ({"benefit": {"kind": "percent", "percent": float("nan")}}, "benefit.percent"),
            ({"benefit": {"kind": "percent", "percent": 12.345}}, "benefit.percent"),
            ({"benefit": {"kind": "percent"}}, "benefit"),
            ({"benefit": {"kind": "amount", "percent": 10}}, "benefit"),
            ({"benefit": {"kind": "amount", "amount_minor": 0}}, "benefit"),
            ({"benefit": {"kind": "amount", "amount_minor": -5}}, "benefit.amount_minor"),
            ({"benefit": {"kind": "free_item", "max_items": 0}}, "benefit.max_items"),
            ({"benefit": {"kind": "percent", "percent": 10, "max_items": 2}}, "benefit"),
            ({"benefit": {"kind": "buy_x_get_y", "buy_items": 2}}, "benefit"),
            ({"benefit": {"kind": "buy_x_get_y", "buy_items": 0, "get_items": 1}}, "benefit.buy_items"),
            ({"benefit": {"kind": "percent", "percent": 10, "get_items": 1}}, "benefit"),
            ({"benefit": {"kind": "tiered"}}, "benefit"),
            ({"benefit": {"kind": "tiered", "tiers": [{"from_minor": 0}]}}, "benefit.tiers[0]"),
            (
                {"benefit": {"kind": "tiered", "tiers": [{"from_minor": -1, "percent": 1}]}},
                "benefit.tiers[0].from_minor",
            ),
            ({"benefit": {"kind": "tiered", "tiers": [{"from_minor": 0, "percent": 101}]}}, "benefit.tiers[0].percent"),
            (
                {
                    "benefit": {
                        "kind": "tiered",
                        "tiers": [{"from_minor": 5, "percent": 1}, {"from_minor": 5, "percent": 2}],
                    }
                },
                "benefit",
            ),
            ({"benefit": {"kind": "cashback", "percent": 5}}, "benefit"),
            ({"benefit": {"kind": "cashback", "payment_methods": ["card"]}}, "benefit"),
            (
                {"benefit": {"kind": "cashback", "percent": 5, "payment_methods": ["card"], "floor_percent": 5}},
                "benefit",
            ),
            ({"benefit": {"kind": "points", "multiplier": 1}}, "benefit.multiplier"),
            ({"benefit": {"kind": "points", "multiplier": 2, "max_discount_minor": 5}}, "benefit"),
            ({"benefit": {"kind": "points", "multiplier": 2}, "budget_minor": 5}, "campaign"),
            ({"benefit": {"kind": "free_delivery", "percent": 5}}, "benefit"),
            ({"benefit": {"kind": "percent", "percent": 5, "floor_percent": 100}}, "benefit.floor_percent"),
            ({"benefit": {"kind": "percent", "percent": 5, "floor_unit_minor": -1}}, "benefit.floor_unit_minor"),
            ({"schedule": {"starts_on": "2026-11-02", "ends_on": "2026-11-01"}}, "schedule"),
            ({"schedule": {"ends_on": "2026-02-30"}}, "schedule.ends_on"),
            (
                {"schedule": {"weekly": [{"days": ["mon"], "from": "25:00", "until": "26:00"}]}},
                "schedule.weekly[0].from",
            ),
            ({"schedule": {"weekly": [{"days": ["mon"], "from": "09:00", "until": "09:00"}]}}, "schedule.weekly[0]"),
            (
                {"schedule": {"weekly": [{"days": ["monday"], "from": "09:00", "until": "10:00"}]}},
                "schedule.weekly[0].days[0]",
            ),
            (
                {
                    "schedule": {
                        "weekly": [
                            {"days": ["mon"], "from": "09:00", "until": "12:00"},
                            {"days": ["sun"], "from": "20:00", "until": "10:00"},
                        ]
                    }
                },
                "schedule",
            ),
            ({"schedule": {"store_hours": [{"place_id": "a", "weekly": []}]}}, "schedule.store_hours[0].weekly"),
            (
                {
                    "schedule": {
                        "store_hours": [{"place_id": "a", "weekly": [NIGHT]}, {"place_id": "a", "weekly": [NIGHT]}]
                    }
                },
                "schedule",
            ),
            ({"schedule": {"store_hours": [{"place_id": "a", "weekly": [NIGHT, NIGHT]}]}}, "schedule"),
            ({"pacing": "fast"}, "pacing"),
            ({"caps": {"per_shopper": 0}}, "caps.per_shopper"),
            ({"caps": {"per_shopper_window": {"count": 1}}}, "caps.per_shopper_window.window_s"),
            ({"coupon": {"in_app": False, "at_till": False}}, "coupon"),
            ({"coupon": {"valid_for_s": 1}}, "coupon.valid_for_s"),
            ({"coupon": {"uses": 0}}, "coupon.uses"),
            ({"coupon": {"uses": 21}}, "coupon.uses"),
            ({"stacking": {"group": "a b"}}, "stacking.group"),
            ({"stacking": {"combinable": True, "group": "a", "after": ["a"]}}, "stacking"),
            ({"stacking": {"after": ["a"]}}, "stacking"),
            ({"stacking": {"combinable": True, "group": "a", "after": [""]}}, "stacking.after[0]"),
        ],
    )
    def test_names_the_field(self, changes: dict[str, Any], field: str) -> None:
        assert field in wrong(**changes)

    @pytest.mark.parametrize(
        "benefit",
        [
            {"kind": "buy_x_get_y", "buy_items": 2, "get_items": 1, "max_items": 4, "floor_percent": 12.5},
            {"kind": "tiered", "tiers": [{"from_minor": 5000, "amount_minor": 5}, {"from_minor": 0, "percent": 2.5}]},
            {"kind": "free_delivery", "max_discount_minor": 490, "min_items": 2},
            {"kind": "cashback", "percent": 5, "payment_methods": ["mobilepay", "card"]},
            {"kind": "cashback", "amount_minor": 5, "payment_methods": ["card"]},
            {"kind": "points", "multiplier": 1.5, "categories": ["tea"]},
            {"kind": "fixed_price", "price_minor": 0, "floor_unit_minor": 5},
        ],
    )
    def test_each_kind_there_and_back(self, benefit: dict[str, Any]) -> None:
        definition = schemas.checked(document(benefit=benefit))
        again = schemas.document_of(definition)
        assert schemas.checked(again) == definition
        assert definition_from(json.loads(canonical_json(definition))) == definition
        assert {name: again["benefit"][name] for name in benefit if not isinstance(benefit[name], list)} == {
            name: value for name, value in benefit.items() if not isinstance(value, list)
        }

    def test_names_all_of_them_at_once(self) -> None:
        assert set(wrong(name="", currency="?", priority="high")) == {"name", "currency", "priority"}

    def test_a_budget_needs_a_bound(self) -> None:
        assert wrong(budget_minor=1000, benefit={"kind": "percent", "percent": 10}) == {
            "campaign": "a budget needs benefit.max_discount_minor: each coupon sets its most aside"
        }
        assert "less than one coupon" in wrong(budget_minor=499)["campaign"]
        book = {"uses": 3}
        caps = {"per_shopper": 3}
        assert "the 3 coupons of one offer" in wrong(budget_minor=1_499, coupon=book, caps=caps)["campaign"]
        assert schemas.checked(document(budget_minor=1_500, coupon=book, caps=caps)).outlay_minor == 1_500

    @pytest.mark.parametrize("cap", ["per_shopper", "per_place", "total", "per_shopper_window", "total_window"])
    def test_caps_have_room_for_a_book(self, cap: str) -> None:
        few: object = {"count": 2, "window_s": 60} if cap.endswith("window") else 2
        caps = {"per_shopper": None, cap: few}
        assert f"caps.{cap} counts coupons" in wrong(coupon={"uses": 3}, caps=caps)["campaign"]

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from([*BONBON, "kind", "percent", "moment_kinds", "weekly", "x"]), inner, max_size=6
                )
            ),
            max_leaves=20,
        )
    )
    def test_whatever_comes_it_is_a_definition_or_named_fields(self, thing: Any) -> None:
        changed = {**BONBON, **thing} if isinstance(thing, dict) else {**BONBON, "benefit": thing}
        try:
            definition = schemas.checked(changed)
        except Invalid as invalid:
            named = len(invalid.fields)
        else:
            named = int(schemas.checked(schemas.document_of(definition)) == definition)
        assert named
