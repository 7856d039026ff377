"""Every reason of the till has its words; test_reasons.py compares them with the page."""

from __future__ import annotations

from offers.reasons import ReasonCode
from offers.till_reasons import SENTENCES, TillReason


class TestTillReasons:
    def test_every_code_has_a_sentence(self) -> None:
        assert set(SENTENCES) == set(TillReason)
        assert all(text.endswith(".") for text in SENTENCES.values())

    def test_no_code_is_another_s(self) -> None:
        assert not {str(code) for code in TillReason} & {str(code) for code in ReasonCode}
