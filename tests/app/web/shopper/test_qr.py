"""The picture holds exactly the code, and is nothing but an SVG element."""

from __future__ import annotations

from app.web.shopper.qr import qr_svg


class TestQrSvg:
    def test_one_plain_element(self) -> None:
        svg = qr_svg("ABCD-EFGH-JKMN-PQRS")
        assert svg.startswith("<svg ")
        assert svg.endswith("</svg>")
        assert "style=" not in svg
        assert "<script" not in svg
        assert "ABCD" not in svg

    def test_quiet_zone_of_four_modules(self) -> None:
        assert 'viewBox="0 0 29 29"' in qr_svg("ABCD-EFGH-JKMN-PQRS")  # version 1 is 21 modules wide
