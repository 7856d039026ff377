"""A campaign as the texts of its form: there and back it is the same document, and what cannot be read is named at its box."""

from __future__ import annotations

from typing import Any

import pytest

from app.demo import seed
from app.web.console.campaign_fields import BOXES, ROWS
from app.web.console.campaign_texts import read, texts_of
from app.web.console.message_boxes import SHOWN
from offers import facade as offers
from offers import schemas

WHOLE: dict[str, Any] = {
    "name": "Everything", "title": "All of it", "because": "you are here", "currency": "EUR",
    "trigger": {"moment_kinds": ["dwell", "store_visit"], "place_ids": ["plc_a"], "chains": ["ooey-gooey"], "tags": ["coffee"], "min_dwell_s": 90,
                "max_age_s": 3600, "nth_visit": {"at_least": 2, "every": 3}},
    "benefit": {"kind": "percent", "percent": 12.5, "product_ids": ["prd_a"], "categories": ["tea"], "min_basket_minor": 1500, "min_items": 2,
                "max_discount_minor": 750, "floor_percent": 20, "floor_unit_minor": 99},
    "schedule": {"starts_on": "2026-11-01", "ends_on": "2026-12-24", "weekly": [{"days": ["mon", "sun"], "from": "22:00", "until": "02:30"}],
                 "store_hours": [{"place_id": "plc_a", "weekly": [{"days": ["sat"], "from": "10:00", "until": "24:00"}]}]},
    "caps": {"per_shopper": 3, "per_shopper_window": {"count": 2, "window_s": 86_400}, "total": 100, "per_place": 50,
             "total_window": {"count": 10, "window_s": 5400}, "counted_by": ["account", "device"]},
    "coupon": {"valid_for_s": 604_800, "places": "place", "in_app": False, "at_till": True, "show": "live", "uses": 2},
    "min_trust": "verified", "budget_minor": 123_456, "pacing": "even", "priority": -3, "expected_value_minor": 250,
    "experiment": {"holdout_bp": 1250, "salt": "again", "variants": [
        {"name": "a", "weight": 2, "title": "Other", "because": None, "percent": 10.0, "amount_minor": None, "price_minor": None, "max_discount_minor": 500},
        {"name": "b", "weight": 1, "title": None, "because": None, "percent": None, "amount_minor": None, "price_minor": None, "max_discount_minor": None}]},
    "stacking": {"group": "tea", "combinable": True, "after": ["coffee", "shoes"]},
    "weather": {"within_days": 3, "on": "weekend", "rain": "dry", "sunny": True, "min_high_c": 0.0, "max_high_c": 17.5},
    "special_days": {"within_days": 2, "kinds": ["public_holiday"], "named": ["black_friday", "midsummer_eve"]},
    "message": {"language": "sv", "channels": ["sms", "push"], "risky": True, "texts": {
        "sv": {"title": "Te", "body": "{{ offer }}", "sms": "{{ offer }}", "subject": "Te", "html": "<p>Te</p>", "defaults": {"name": "du"}},
        "en": {"title": "Tea", "body": "{{ offer }}, {{ name | default: 'you' }}"}}},
}  # fmt: skip
BENEFITS: list[dict[str, Any]] = [
    {"kind": "amount", "amount_minor": 300},
    {"kind": "fixed_price", "price_minor": 100, "max_items": 1, "max_discount_minor": 320},
    {"kind": "free_item", "max_items": 2},
    {"kind": "buy_x_get_y", "buy_items": 2, "get_items": 1, "percent": 50},
    {"kind": "tiered", "tiers": [{"from_minor": 0, "percent": 5}, {"from_minor": 10_000, "amount_minor": 1_550}]},
    {"kind": "free_delivery"},
    {"kind": "cashback", "payment_methods": ["card", "mobilepay"], "percent": 2.5},
    {"kind": "cashback", "payment_methods": ["card"], "amount_minor": 50},
    {"kind": "points", "multiplier": 2.5},
]


def stored(document: dict[str, Any]) -> dict[str, Any]:
    return schemas.document_of(schemas.checked(document))


def there_and_back(document: dict[str, Any]) -> dict[str, Any]:
    written = read(texts_of(document) | {SHOWN: "1"}, offers.BENEFIT_FIELDS)
    assert written.wrong == []
    return stored(written.document | {"audience": document["audience"]})


class TestRead:
    @pytest.mark.parametrize("document", [document for _, document in seed.campaigns()], ids=[campaign_id for campaign_id, _ in seed.campaigns()])
    def test_campaigns_of_the_demo_come_back_as_they_were(self, document: dict[str, Any]) -> None:
        assert there_and_back(stored(document)) == stored(document)

    @pytest.mark.parametrize("benefit", [WHOLE["benefit"], *BENEFITS], ids=lambda b: b["kind"])
    def test_so_does_one_with_everything_in_it_whatever_it_gives(self, benefit: dict[str, Any]) -> None:
        document = stored(WHOLE | {"benefit": benefit} | ({} if benefit["kind"] == "percent" else {"experiment": {}, "budget_minor": None, "pacing": "none"}))
        assert there_and_back(document) == document

    def test_every_field_of_a_campaign_has_a_box(self) -> None:
        """Seen to fail with the box of `coupon.uses` taken out."""
        boxes = {box.path for box in BOXES} | set(ROWS) | {"schedule.store_hours", "trigger.nth_visit", "caps.per_shopper_window", "caps.total_window"}
        paths = set[str]()
        for benefit in (WHOLE["benefit"], *BENEFITS):
            for key, value in stored(WHOLE | {"benefit": benefit, "experiment": {}, "budget_minor": None, "pacing": "none"}).items():
                paths |= {f"{key}.{inner}" for inner in value} if isinstance(value, dict) else {key}
        assert paths - boxes == {"audience"}  # lines of their own

    @pytest.mark.parametrize(
        ("box", "text", "remedy"),
        [
            ("budget_minor", "a lot", "an amount such as 4.90, without the sign of the currency"),
            ("budget_minor", "1.234", "an amount such as 4.90, without the sign of the currency"),
            ("caps.total", "1.5", "a whole number, such as 3"),
            ("benefit.percent", "12.555", "a number with at most two decimals, such as 12.5"),
            ("schedule.ends_on", "24.12.", "a day such as 2026-12-24"),
            ("trigger.min_dwell_s.unit", "fortnights", "choose days, hours, minutes or seconds"),
            ("experiment.variants.4.weight", "half", "a whole number, such as 3"),
        ],
    )
    def test_what_cannot_be_read_is_named_at_its_box(self, box: str, text: str, remedy: str) -> None:
        written = read(texts_of(stored(WHOLE)) | {box: text}, offers.BENEFIT_FIELDS)
        assert [(e.field, e.remedy) for e in written.wrong] == [(box.removesuffix(".unit"), remedy)]

    def test_the_boxes_of_other_kinds_are_not_looked_at(self) -> None:
        texts = texts_of(stored(WHOLE)) | {"benefit.kind": "free_delivery", "benefit.amount_minor": "nonsense"}
        written = read(texts, offers.BENEFIT_FIELDS)
        assert written.wrong == []
        assert "percent" not in written.document["benefit"]
        assert written.document["benefit"]["max_discount_minor"] == 750

    def test_lines_keep_their_number_where_some_are_empty(self) -> None:
        line = {"schedule.weekly.3.mon": "on", "schedule.weekly.3.from": "09:00", "schedule.weekly.5.place": "plc_a", "schedule.weekly.5.from": "10:00"}
        written = read(line, offers.BENEFIT_FIELDS)
        assert written.at["schedule.weekly[0]"] == "schedule.weekly.3"
        assert written.at["schedule.store_hours[0].weekly[0]"] == "schedule.weekly.5"
