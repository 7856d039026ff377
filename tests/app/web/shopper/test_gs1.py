"""The GS1 DataMatrix is read back by an independent reader as what it says, and is nothing but an SVG element."""

from __future__ import annotations

import re

import numpy as np
import pytest
import zxingcpp

from app.web.shopper.gs1 import QUIET_MODULES, gs1_svg
from tests.offers.gs1_strings import GOOD


def picture(svg: str) -> np.ndarray:
    """The drawing as grey levels, four pixels a module: only what the path says is black."""
    [side] = re.findall(rf'viewBox="-{QUIET_MODULES} -{QUIET_MODULES} (\d+) ', svg)
    rows = np.full((int(side), int(side)), 255, np.uint8)
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", svg.rpartition("<path ")[2]):
        top, left = int(y) + QUIET_MODULES, int(x) + QUIET_MODULES
        rows[top : top + int(height), left : left + int(width)] = 0
    return np.kron(rows, np.ones((4, 4), np.uint8))


class TestGs1Svg:
    @pytest.mark.parametrize("value", GOOD)
    def test_is_read_back_as_gs1(self, value: str) -> None:
        [found] = zxingcpp.read_barcodes(picture(gs1_svg(f"(8112){value}")))
        assert (found.symbology_identifier, found.bytes.decode()) == ("]d2", f"8112{value}")

    def test_one_plain_element_that_does_not_say_the_value(self) -> None:
        svg = gs1_svg(f"(8112){GOOD[0]}")
        assert svg.startswith("<svg ")
        assert svg.endswith("</svg>")
        for word in ("style=", "<script", "8112", "Zint"):
            assert word not in svg
