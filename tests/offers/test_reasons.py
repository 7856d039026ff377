"""Every reason has its words and its row in the documentation."""

from __future__ import annotations

import re

from offers.reasons import ReasonCode
from offers.sentences import SENTENCES
from offers.till_reasons import SENTENCES as AT_THE_TILL
from tests.paths import REPOSITORY


class TestReasonCodes:
    def test_every_code_has_sentences(self) -> None:
        assert set(SENTENCES) == set(ReasonCode)

    def test_the_page_lists_the_same_codes_and_words(self) -> None:
        page = (REPOSITORY / "docs" / "reasons" / "offers.md").read_text()
        rows = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.*?) \|", page, re.MULTILINE))
        words = {str(code): SENTENCES[code].shopper for code in ReasonCode} | {str(code): text for code, text in AT_THE_TILL.items()}
        assert rows == words
