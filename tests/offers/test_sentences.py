"""Who reads which words of a reason."""

from __future__ import annotations

from offers.reasons import Audience
from offers.sentences import Sentence


class TestSentence:
    def test_the_clerk_reads_the_marketer_s_words_unless_she_has_her_own(self) -> None:
        assert Sentence("s", "m").to(Audience.CLERK) == "m"
        assert Sentence("s", "m", "c").to(Audience.CLERK) == "c"
        assert Sentence("s", "m", "c").to(Audience.MARKETER) == "m"
        assert Sentence("s", "m", "c").to(Audience.SHOPPER) == "s"
