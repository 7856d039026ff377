"""Every reason has its words and its row in the documentation."""

from __future__ import annotations

import re

from offers.reasons import SENTENCES, Audience, ReasonCode, Sentence
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


class TestSentence:
    def test_the_clerk_reads_the_marketer_s_words_unless_she_has_her_own(self) -> None:
        assert Sentence("s", "m").to(Audience.CLERK) == "m"
        assert Sentence("s", "m", "c").to(Audience.CLERK) == "c"
        assert Sentence("s", "m", "c").to(Audience.MARKETER) == "m"
        assert Sentence("s", "m", "c").to(Audience.SHOPPER) == "s"
