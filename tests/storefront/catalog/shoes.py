"""A catalogue with variants, prices in two currencies and categories in categories, for the tests of this room."""

from __future__ import annotations

from typing import Any

SHOES: dict[str, Any] = {
    "categories": [{"name": "clothing"}, {"name": "shoes", "parent": "clothing"}, {"name": "sneakers", "parent": "shoes"}],
    "products": [
        {
            "id": "prd_plimsolls", "name": "White plimsolls", "description": "For PE at school", "category": "sneakers", "price_minor": 8000, "currency": "EUR",
            "prices": {"SEK": 90_000}, "images": ["white-1.webp", "white-2.webp"], "also_called": ["tennarit"],
            "variants": [
                {"id": "prd_plimsolls_40", "sku": "WP-40", "options": {"size": "40"}, "stock": 0},
                {"id": "prd_plimsolls_39", "sku": "WP-39", "options": {"size": "39"}, "stock": 2},
                {"id": "prd_plimsolls_105", "sku": "WP-105", "options": {"size": "105"}, "stock": 1, "price_minor": 7500},
            ],
        },
        {"id": "prd_laces", "name": "Laces", "category": "shoes", "price_minor": 300, "currency": "EUR", "stock": 9, "options": {"colour": "white"}, "prices": {"SEK": 3500}},
        {"id": "prd_socks", "name": "Socks", "category": "clothing", "price_minor": 500, "currency": "EUR", "stock": 0, "options": {"colour": "grey", "size": "39"}},
        {"id": "prd_fitting", "name": "Fitting by hand", "category": "shoes", "price_minor": 2500, "currency": "EUR", "stock": 5, "kind": "service"},
    ],
}  # fmt: skip
