"""Which bytes are asked for."""

from __future__ import annotations

import pytest

from storefront.downloads.ranges import asked


class TestAsked:
    def test_each_form(self) -> None:
        cases = [
            (None, None), ("", None), ("bytes=0-0", (0, 0)), ("bytes=3-", (3, 9)), ("bytes=3-5", (3, 5)), ("bytes=3-99", (3, 9)), ("bytes=-4", (6, 9)), ("bytes=-99", (0, 9)),
            ("bytes=9-9", (9, 9)), ("bytes=-", None), ("bytes=5-3", None), ("bytes=1-2,4-5", None), ("lines=1-2", None), ("bytes=a-b", None), ("bytes=" + "9" * 30 + "-", None),
        ]  # fmt: skip
        assert [asked(header, 10) for header, _ in cases] == [found for _, found in cases]

    @pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
    def test_what_lies_outside_is_refused(self, header: str) -> None:
        with pytest.raises(ValueError, match="bytes"):
            asked(header, 10)
