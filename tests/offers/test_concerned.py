"""Who reaches whom: each way by itself, and through others."""

from __future__ import annotations

from typing import Any

import pytest

from offers import schemas
from offers.concerned import concerned
from offers.definition import Definition
from tests.offers.builders import document

ALL = ("plc_a", "plc_b", "plc_c", "plc_d")


def campaign(*place_ids: str, about: str, kind: str = "store_visit", **changes: Any) -> Definition:
    return schemas.checked(
        document(
            trigger={"moment_kinds": [kind], "place_ids": list(place_ids)},
            benefit={"kind": "percent", "percent": 20, "categories": [about], "max_discount_minor": 500},
            **changes,
        )
    )


def reached(**others: Definition) -> list[str]:
    """From a campaign about bonbons at place a, by store visits; without itself."""
    definitions = {"cam_own": campaign("plc_a", about="bonbon"), **others}
    found = concerned("cam_own", definitions, lambda d: frozenset(d.trigger.place_ids))
    assert "cam_own" in found
    return sorted(found - {"cam_own"})


class TestConcerned:
    def test_a_moment_that_both_weigh(self) -> None:
        assert reached(one=campaign("plc_a", "plc_b", about="cake")) == ["one"]
        assert reached(one=campaign("plc_b", about="cake")) == []
        assert reached(one=campaign("plc_a", about="cake", kind="dwell")) == []

    def test_a_thing_both_are_about(self) -> None:
        assert reached(one=campaign("plc_b", about="bonbon", kind="dwell")) == ["one"]

    @pytest.mark.parametrize("counted_by", [["account", "device"], ["account", "payment"]])
    def test_phones_both_count_by(self, counted_by: list[str]) -> None:
        """Cards and contacts are known beforehand; a phone is learned when a coupon is given."""
        caps = {"per_shopper": 1, "counted_by": counted_by}
        own = campaign("plc_a", about="bonbon", caps=caps)
        other = campaign("plc_b", about="cake", caps=caps)
        found = concerned("own", {"own": own, "other": other}, lambda d: frozenset(d.trigger.place_ids))
        assert found == ({"own", "other"} if "device" in counted_by else {"own"})

    def test_coupons_an_audience_asks_for_either_way(self) -> None:
        def asking(*campaign_ids: str) -> Definition:
            asked = {"fact": "coupons_given", "at_most": 1, "within_days": 30, "campaign_ids": list(campaign_ids)}
            return campaign("plc_b", about="cake", audience={"all": [asked]})

        far = campaign("plc_c", about="tea")
        assert reached(asks=asking("cam_own"), far=far) == ["asks"]
        assert reached(asks=asking("far"), far=far) == []
        assert reached(asks=asking(), far=far) == ["asks", "far"]

    def test_through_others(self) -> None:
        chain = {"one": campaign("plc_a", "plc_b", about="cake"), "two": campaign("plc_b", about="tea"), "three": campaign("plc_c", about="tea")}
        assert reached(**chain, four=campaign("plc_d", about="nuts")) == ["one", "three", "two"]
