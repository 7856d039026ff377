"""Every product has a picture, every picture a product, and the committed files are what the script draws."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.demo import drawings

CATALOGUE = json.loads((Path(drawings.__file__).parent / "catalogue.json").read_text(encoding="utf-8"))


class TestDrawing:
    @pytest.mark.parametrize("name", sorted(drawings.DRAWINGS))
    def test_is_committed_as_drawn_and_is_harmless_svg(self, name: str) -> None:
        text = drawings.drawing(name)
        assert (drawings.TARGET / f"{name}.svg").read_text(encoding="utf-8") == text
        tags = {e.tag.rsplit("}", 1)[1] for e in ET.fromstring(text).iter()}
        assert tags <= {"svg", "rect", "circle", "ellipse", "path"}


class TestCatalogue:
    def test_every_product_has_its_picture(self) -> None:
        assert sorted(p["image"] for p in CATALOGUE["products"]) == sorted(f"{n}.svg" for n in drawings.DRAWINGS)
        assert len({p["id"] for p in CATALOGUE["products"]}) == 26

    def test_prices_are_whole_cents(self) -> None:
        assert all(type(p["price_minor"]) is int and p["price_minor"] > 0 for p in CATALOGUE["products"])
