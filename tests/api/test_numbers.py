"""Numbers that no column and no processor holds, in every place of every body that takes numbers for offers, coupons and the store.

Each body is right but for the one number, so that nothing else refuses it first.
Planted bug seen: without its upper bound the stock of a product went on to the database, which refused it with a 500.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.security.principals import Role
from tests.api.test_naughty import Prober, prober
from tests.offers.builders import document
from tests.storefront.floor import PRODUCTS

__all__ = ["prober"]

TOKENS = {
    "2^63": str(2**63),
    "-2^63-1": str(-(2**63) - 1),
    "2^64": str(2**64),
    "400 digits": "9" * 400,
    "5,000 digits": "9" * 5_000,
    "1e400": "1e400",
    "-1e400": "-1e400",
    "1e308": "1e308",
    "1e999999999": "1e999999999",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "text of 2^64": f'"{2**64}"',
}
ON_POSTGRESQL = ("2^63", "400 digits", "1e400")
JSON = {"content-type": "application/json"}
CAMPAIGN: dict[str, Any] = document(
    trigger={"moment_kinds": ["store_visit"], "everywhere": True, "min_dwell_s": 60, "max_age_s": 600, "nth_visit": {"at_least": 2}},
    benefit={"kind": "tiered", "tiers": [{"from_minor": 1000, "amount_minor": 100}, {"from_minor": 2000, "percent": 20}], "min_basket_minor": 100, "min_items": 1, "max_discount_minor": 500, "floor_unit_minor": 10, "floor_percent": 5},
    caps={"per_shopper": 2, "per_shopper_window": {"count": 2, "window_s": 7200}, "total": 100, "per_place": 50, "total_window": {"count": 20, "window_s": 9000}},
    coupon={"valid_for_s": 3600, "uses": 2},
    experiment={"holdout_bp": 1000, "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2, "max_discount_minor": 400}]},
    audience={"all": [{"fact": "visits", "at_least": 2, "within_days": 30}, {"fact": "spent_minor", "at_least": 500}]},
    budget_minor=100_000,
    priority=1,
    expected_value_minor=50,
)
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/campaigns"): CAMPAIGN,
    ("PATCH", "/v1/campaigns/{campaign_id}"): {"budget_minor": 100_000, "priority": 2, "caps": {"total": 100}},
    ("POST", "/v1/audiences/count"): {"audience": CAMPAIGN["audience"]},
    ("POST", "/v1/products/import"): {"products": [{**PRODUCTS[0], "allergens": [], "may_contain": [], "serves": 4}, PRODUCTS[1]]},
    ("POST", "/v1/cart/lines"): {"product_id": "prd_bonbon", "quantity": 1},
    ("PUT", "/v1/cart/lines/{line_id}"): {"quantity": 2},
    ("POST", "/v1/checkout"): {"expected_total_minor": 900},
    ("POST", "/v1/orders/{order_id}/returns"): {"lines": [{"line_no": 1, "quantity": 1}]},
    ("POST", "/v1/till/redemptions"): {"code": "0000-0000-0000-0000", "discount_minor": 100},
    ("POST", "/v1/till/journal"): {"till_id": "til_1", "entries": [{"seq": 1, "kind": "redeem", "text": "x", "at": "2026-11-21T12:00:00Z", "hash": "0" * 64}]},
}


def each_number(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each number in it."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from each_number(inner, (*at, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield at


def with_token(body: Any, way: tuple[Any, ...], token: str) -> bytes:
    changed = json.loads(json.dumps(body))
    inner = changed
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = "\u2317"
    return json.dumps(changed, ensure_ascii=False).replace('"\u2317"', token).encode()


class TestBodies:
    def test_a_number_beyond_all_bounds_is_refused(self, prober: Prober, headers: dict[Role, dict[str, str]]) -> None:
        drafted = prober.direct.request("POST", "/v1/campaigns", headers=headers[Role.MARKETER] | JSON, content=json.dumps(CAMPAIGN).encode())
        assert drafted.status_code == 201, drafted.text
        known = {"campaign_id": drafted.json()["id"], "line_id": "lin_1", "order_id": "ord_1"}
        tokens = ON_POSTGRESQL if prober.app.state.house.database.dialect == "postgresql" else TOKENS
        bad: list[str] = []
        for (method, path), body in BODIES.items():
            asking, url = prober.roles[method, path] | JSON, path.format(**known)
            for way in each_number(body):
                for name in tokens:
                    answer = prober.direct.request(method, url, headers=asking, content=with_token(body, way, TOKENS[name]))
                    if not 400 <= answer.status_code < 500 or not answer.json().get("detail"):
                        bad.append(f"{method} {path}, {name} at {'.'.join(map(str, way))}: {answer.status_code} {answer.text[:200]}")
        assert bad == []
