"""The catalogue from a file and back, and what a search finds in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.conftest import Moments
from tests.paths import shared
from tests.storefront.catalog.shoes import SHOES


class TestCatalogue:
    @pytest.mark.parametrize("form", ["json", "csv"])
    def test_out_and_in_again(self, migrated: Moments, tmp_path: Path, form: str) -> None:
        file = tmp_path / "shoes.json"
        file.write_text(json.dumps(SHOES))
        assert migrated("catalogue", "import", str(file)).out == "4 products created, 0 changed, 0 as they were\n"
        again = tmp_path / f"again.{form}"
        again.write_text(migrated("catalogue", "export", *(["--csv"] if form == "csv" else [])).out)
        assert migrated("catalogue", "import", str(again)).out == "0 products created, 0 changed, 4 as they were\n"

    def test_a_wrong_file_is_refused_in_one_line(self, migrated: Moments, tmp_path: Path) -> None:
        file = tmp_path / "wrong.csv"
        file.write_text("name,category,price_minor\nSocks,clothing,5.00\n")
        ran = migrated("catalogue", "import", str(file))
        assert (ran.code, ran.out, ran.err) == (1, "", "moments: line 2.price_minor: this is a whole number, in minor units where it is money\n")
        ran = migrated("catalogue", "import", str(file), "--shelves")
        assert (ran.code, ran.out) == (1, "")

    def test_a_search_says_what_a_slip_was_read_as(self, migrated: Moments, tmp_path: Path) -> None:
        file = tmp_path / "shoes.json"
        file.write_text(json.dumps(SHOES))
        migrated("catalogue", "import", str(file))
        told = migrated("catalogue", "search", "plimsols").out.splitlines()
        assert told[0] == "plimsols is read as plimsolls"
        assert told[-1].split() == ["prd_plimsolls", "White", "plimsolls", "sneakers", "from", "€75.00", "3"]
        assert migrated("catalogue", "search", "zebra").out == "Nothing is found.\n"

    def test_a_real_shop_s_catalogue(self, migrated: Moments, tmp_path: Path) -> None:
        """73 variants of 32 products, with prices in two currencies; only where the data lies beside the repository."""
        theirs = shared("data", "catalogue_saleor", "catalogue.json")
        file = tmp_path / "saleor.json"
        file.write_text(json.dumps(_ours(json.loads(theirs.read_text(encoding="utf-8")))))
        assert json.loads(migrated("catalogue", "import", str(file), "--json").out) == {"created": 32, "changed": 0, "same": 0}
        found = json.loads(migrated("catalogue", "search", "plimsols", "--json").out)
        assert {p["name"] for p in found["products"]} >= {"White Plimsolls", "Blue Plimsolls"}
        assert len(found["facets"]["variant"]) >= 5


def _ours(theirs: list[dict[str, Any]]) -> dict[str, Any]:
    """Their products as ours: dollars first, the others beside."""
    tree = {(p["category"], p["parent_category"]) for p in theirs}
    products = [
        {
            "name": p["name"], "description": p["description"], "category": p["category"], "images": p["images"], "currency": "USD", "price_minor": 0,
            "kind": "digital" if p["product_type"] == "Audiobook" else "physical",
            "variants": [
                {"name": v["name"] or v["sku"] or "one", "sku": v["sku"] or "", "stock": 5, "price_minor": round(v["prices"]["USD"] * 100), "prices": {c: round(x * 100) for c, x in v["prices"].items() if c != "USD"}}
                for v in p["variants"]
            ],
        }
        for p in theirs
    ]  # fmt: skip
    return {"categories": [{"name": name, "parent": parent} for name, parent in sorted(tree, key=str)], "products": products}
