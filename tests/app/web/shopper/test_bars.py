"""The bars are read back by an independent reader, and are nothing but an SVG element."""

from __future__ import annotations

import re

import numpy as np
import pytest
import zxingcpp

from app.web.shopper.bars import HEIGHT_MODULES, QUIET_MODULES, bars_svg, modules


def picture(svg: str) -> np.ndarray:
    """The drawing as grey levels, three pixels a module: only what the path says is black."""
    [width] = re.findall(r'viewBox="0 0 (\d+) ', svg)
    row = np.full(int(width), 255, np.uint8)
    for x, length in re.findall(r"M(\d+) 0h(\d+)v40h-\d+z", svg.rpartition("<path ")[2]):
        row[int(x) : int(x) + int(length)] = 0
    return np.repeat(np.repeat(row[np.newaxis, :], 3 * HEIGHT_MODULES, axis=0), 3, axis=1)


class TestBarsSvg:
    @pytest.mark.parametrize("text", ["7K3F9QPMX2TDWV4C", "7K3F9QPMX2TDWV4C482913", "0" * 16, "Z" * 16, "A1B2C3D4E5F6G7H8"])
    def test_code_128_is_read_back(self, text: str) -> None:
        [found] = zxingcpp.read_barcodes(picture(bars_svg(text)))
        assert (found.text, found.format) == (text, zxingcpp.BarcodeFormat.Code128)

    @pytest.mark.parametrize("digits", ["8112001234561234560123456", "8112061234567890121234569123456789012345"])
    def test_gs1_128_is_read_back_as_gs1(self, digits: str) -> None:
        [found] = zxingcpp.read_barcodes(picture(bars_svg(digits, gs1=True)))
        assert (found.symbology_identifier, found.bytes.lstrip(b"\x1d").decode()) == ("]C1", digits)

    def test_one_plain_element_that_does_not_say_the_code(self) -> None:
        svg = bars_svg("7K3F9QPMX2TDWV4C")
        assert svg.startswith("<svg ")
        assert svg.endswith("</svg>")
        for word in ("style=", "<script", "7K3F"):
            assert word not in svg


class TestModules:
    def test_start_to_stop(self) -> None:
        pattern = modules("7K3F9QPMX2TDWV4C")
        assert pattern.startswith("11010010000")  # start B
        assert pattern.endswith("1100011101011")  # stop
        assert len(pattern) == 11 * (1 + 16 + 1) + 13

    def test_digits_go_in_pairs(self) -> None:
        assert len(modules("8112001234561234560123456", gs1=True)) == 11 * (1 + 1 + 12 + 2 + 1) + 13

    def test_the_quiet_zone(self) -> None:
        assert QUIET_MODULES == 10
