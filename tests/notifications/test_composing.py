"""One message in her language: whole, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.kernel.verdict import Fail
from notifications.composing import Words, plain, words
from offers import facade as offers
from offers.contracts import CampaignMessage, CouponMessage
from offers.message import MessageText
from tests.paths import shared

EN = MessageText("en", "{{ percent }} % off", "Hello {{ name }}, at {{ place }}", sms="{{ offer }} for {{ name }}\nat {{ place }}", subject="For {{ name }}", defaults=(("name", "you"),))
FI = MessageText("fi", "-{{ percent }} %", "Hei {{ name | default: 'sinä' }}, {{ place }}")
VALUES: dict[str, object] = {"name": None, "percent": 20, "place": "Kamppi", "offer": "20 % off"}


def told(*texts: MessageText, language: str = "", called: str = "", values: dict[str, Any] = VALUES, **more: Any) -> Words | Fail:
    source = CouponMessage(CampaignMessage("en", texts, **more), values)
    return words(source, offers.fill_message, her_language=language, called=called, title="Title", body="Body")


class TestWords:
    def test_in_her_language_with_her_name(self) -> None:
        assert told(EN, FI, language="fi-FI", called="Aino") == Words("fi", "-20 %", "Hei Aino, Kamppi")

    def test_in_the_campaigns_language_with_what_it_says_for_no_name(self) -> None:
        assert told(EN, FI, language="sv") == Words("en", "20 % off", "Hello you, at Kamppi", "20 % off for you\nat Kamppi", "For you")

    def test_without_texts_headline_and_benefit_are_said(self) -> None:
        assert told(risky=True) == Words("en", "Title", "Body", risky=True)

    def test_a_missing_value_is_a_reason_and_no_half_made_message(self) -> None:
        """Seen to fail with a part that could not be made left empty."""
        assert told(EN, values={**VALUES, "percent": None}) == Fail("text_not_made", {"language": "en", "part": "title", "why": "template_value_missing", "variable": "percent"})

    def test_a_text_of_which_nothing_is_left_is_a_reason(self) -> None:
        """Seen to fail without the look at what is left."""
        assert told(MessageText("en", "{% if name %}x{% endif %}", "b")) == Fail("text_not_made", {"language": "en", "part": "title", "why": "nothing_to_say"})

    @pytest.mark.parametrize("called", ["", "\u202eevil", "😀" * 60, "محمد", "{{ percent }}", "<b>", "a\x00b", "\ud800", "x" * 5000])
    def test_whatever_she_is_called(self, called: str) -> None:
        said = told(EN, called=called)
        assert isinstance(said, (Words, Fail))
        if isinstance(said, Words):
            assert len(said.title) <= 65
            assert len(said.body) <= 240
            assert "\u202e" not in said.body
            assert "\n" not in said.subject

    def test_every_naughty_string_is_a_name_or_a_reason(self) -> None:
        path = next(iter(sorted(shared("vectors", "blns").glob("*.json"))))
        for name in [one for one in json.loads(path.read_text(encoding="utf-8")) if isinstance(one, str)]:
            said = told(EN, called=name)
            assert isinstance(said, (Words, Fail))


class TestPlain:
    def test_cut_as_before(self) -> None:
        assert len(plain("x" * 100, "y" * 300).body) == 240
