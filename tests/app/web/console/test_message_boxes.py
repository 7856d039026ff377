"""The texts of messages as lines of a form: there and back they are the same, and what cannot be read is named at its box."""

from __future__ import annotations

from typing import Any

import pytest

from app.kernel.errors import FieldError
from app.web.console.message_boxes import DEFAULT_SUCH_AS, SUCH_AS, TWICE, lines_from, read

EN = {"title": "Tea time", "body": "{{ offer }}\nuntil {{ ends | time }}", "sms": "", "subject": "", "html": "<p>{{ offer }}</p>", "defaults": {"name": "friend", "place": "town: centre"}}
FI = {"title": "Teehetki", "body": "{{ offer }}", "sms": "{{ offer }}", "subject": "Tee", "html": "", "defaults": {}}


def back(message: dict[str, Any] | None) -> dict[str, Any] | None:
    said = {name: value for name, value in (message or {}).items() if name != "texts"}
    wrong: list[FieldError] = []
    made = read(said, dict(enumerate(lines_from(message))), {}, wrong)
    assert wrong == []
    return made


class TestRead:
    @pytest.mark.parametrize(
        "message",
        [
            None,
            {"language": "en", "texts": {}, "channels": ["sms"], "risky": False},
            {"language": "fi", "texts": {"en": EN, "fi": FI}, "channels": [], "risky": True},
        ],
    )
    def test_there_and_back(self, message: dict[str, Any] | None) -> None:
        assert back(message) == message

    def test_no_language_of_last_resort_is_that_of_the_first_text(self) -> None:
        made = read({"language": ""}, {0: dict.fromkeys(("sms", "subject", "html", "defaults"), "") | {"language": "sv", "title": "Te", "body": "Te"}}, {}, [])
        assert made is not None
        assert made["language"] == "sv"

    @pytest.mark.parametrize(
        ("change", "box", "remedy"),
        [
            ({"language": ""}, "message.texts.1.language", SUCH_AS),
            ({"language": "Finnish!"}, "message.texts.1.language", SUCH_AS),
            ({"language": "en"}, "message.texts.1.language", TWICE),
            ({"defaults": "friend"}, "message.texts.1.defaults", DEFAULT_SUCH_AS),
            ({"defaults": "name:"}, "message.texts.1.defaults", DEFAULT_SUCH_AS),
        ],
    )
    def test_what_cannot_be_read(self, change: dict[str, str], box: str, remedy: str) -> None:
        """Seen to fail where the second text of a language took the place of the first without a word."""
        lines = dict(enumerate(lines_from({"language": "en", "texts": {"en": EN, "fi": FI}})))
        wrong: list[FieldError] = []
        made = read({}, lines | {1: lines[1] | change}, {}, wrong)
        assert wrong == [FieldError(box, remedy)]
        assert made is not None
        assert made["texts"]["en"] == EN

    def test_each_language_knows_its_box(self) -> None:
        at: dict[str, str] = {}
        read({}, dict(enumerate(lines_from({"language": "fi", "texts": {"en": EN, "fi": FI}}))), at, [])
        assert (at["message.texts.fi"], at["message.texts.en"]) == ("message.texts.0", "message.texts.1")
