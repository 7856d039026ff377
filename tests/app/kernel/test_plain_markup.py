"""Nothing in an e-mail is fetched, and nothing leads elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.plain_markup import foreign


class TestForeign:
    def test_plain_paragraphs_are_ours(self) -> None:
        assert foreign('<h2>Hi</h2><p dir="rtl">a <b>b</b><br>&amp; c</p><ul><li>x</li></ul>') is None

    @pytest.mark.parametrize(
        "text",
        ["<script>x</script>", '<img src="http://x">', "<a href='/'>x</a>", "<p onclick=x>", '<p style="background:url(x)">', "<!-- [if mso] -->", "<?php ?>", "<style>p{}</style>", "<p", "<svg/onload=x>", "<!DOCTYPE x>", "<![CDATA[x]]>"],
    )
    def test_all_else_is_named(self, text: str) -> None:
        assert foreign(text)

    @given(st.text(alphabet="<>!-/?p b=\"'&;[]x", max_size=40))
    def test_nothing_is_raised(self, text: str) -> None:
        foreign(text)
