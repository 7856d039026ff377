"""What is an answer, and which facts follow: choices that are offered and numbers on the scale; words never."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.kernel.errors import Invalid
from notifications.surveys.questions import Choice, Kind, Question, checked, facts, of_lines, slug
from notifications.surveys.schemas import SurveyIn

Q = (
    Question("how", Kind.SINGLE, "How?", (Choice("friend", "A friend"), Choice("window", "The window")), required=True),
    Question("what", Kind.MULTIPLE, "What?", (Choice("gifts", "Gifts"), Choice("sweets", "Sweets"))),
    Question("content", Kind.SCALE, "Content?", upto=5),
    Question("else", Kind.TEXT, "What else?"),
)


class TestChecked:
    def test_in_one_form(self) -> None:
        assert checked(Q, {"how": "friend", "what": ["sweets", "gifts", "gifts"], "content": 4, "else": " More light "}) == {
            "how": ["friend"], "what": ["sweets", "gifts"], "content": ["4"], "else": ["More light"],
        }  # fmt: skip

    @pytest.mark.parametrize(("given", "field"), [
        ({}, "answers.how"), ({"how": "x"}, "answers.how"), ({"how": ["friend", "window"]}, "answers.how"), ({"how": "friend", "what": ["rum"]}, "answers.what"),
        ({"how": "friend", "content": 6}, "answers.content"), ({"how": "friend", "content": 0}, "answers.content"), ({"how": "friend", "else": "x" * 1001}, "answers.else"),
        ({"how": "friend", "nope": "1"}, "answers.nope"), ({"how": {"a": 1}}, "answers.how"),
    ])  # fmt: skip
    def test_each_wrong_one_is_named(self, given: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            checked(Q, given)
        assert [f.field for f in refused.value.fields] == [field]

    def test_nothing_at_all_is_no_answer(self) -> None:
        with pytest.raises(Invalid):
            checked(Q[1:], {})


class TestFacts:
    def test_of_what_was_chosen_and_never_of_words(self) -> None:
        """Planted bug: words made into facts as well."""
        reply = checked(Q, {"how": "friend", "what": ["gifts", "sweets"], "content": "5", "else": "I am ill"})
        assert facts("s", Q, reply) == ("s/how/friend", "s/what/gifts", "s/what/sweets", "s/content/5")


class TestOfLines:
    def test_each_kind(self) -> None:
        document = of_lines("single: How? | A friend | The Window!\n\n! scale: Content? | 7\nscale: Sure?\nmultiple: What? | a | b\ntext: Else?")
        survey = SurveyIn.model_validate({"title": "Test", "questions": document})
        assert [(q.id, q.kind, q.required, q.upto, [c.id for c in q.choices]) for q in survey.questions] == [
            ("q1", "single", False, 0, ["a-friend", "the-window"]), ("q2", "scale", True, 7, []), ("q3", "scale", False, 5, []), ("q4", "multiple", False, 0, ["a", "b"]), ("q5", "text", False, 0, []),
        ]  # fmt: skip

    @pytest.mark.parametrize("text", ["How?", "poll: How?", "single:", "single | a"])
    def test_a_wrong_line_is_named(self, text: str) -> None:
        with pytest.raises(Invalid, match="line 2"):
            of_lines(f"text: Fine?\n{text}")

    def test_a_name_for_every_label(self) -> None:
        assert (slug("Über uns!"), slug("…")) == ("ber-uns", "other")


class TestSurveyIn:
    @pytest.mark.parametrize("questions", [
        [], [{"id": "a", "kind": "single", "text": "Abc", "choices": [{"id": "x", "label": "X"}]}], [{"id": "a", "kind": "text", "text": "Abc", "upto": 5}],
        [{"id": "a", "kind": "scale", "text": "Abc"}], [{"id": "a", "kind": "text", "text": "Abc"}] * 2, [{"id": f"a{i}", "kind": "text", "text": "Abc"} for i in range(11)],
        [{"id": "a", "kind": "multiple", "text": "Abc", "choices": [{"id": "x", "label": "X"}, {"id": "x", "label": "Y"}]}],
    ])  # fmt: skip
    def test_what_is_no_survey(self, questions: list[dict[str, Any]]) -> None:
        with pytest.raises(ValidationError):
            SurveyIn.model_validate({"title": "Test", "questions": questions})
