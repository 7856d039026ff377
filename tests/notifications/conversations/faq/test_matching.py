"""What is meant is found in spite of slips and endings, what is doubtful is nobody's answer, and what is grave is never answered from a text."""

from __future__ import annotations

import pytest

from notifications.conversations.faq.matching import Phrased, content_words, may_answer, meant, ranked
from notifications.conversations.understanding import understand
from tests.notifications.conversations import talking

FAQ = (
    Phrased("gift-wrapping", ("Do you wrap gifts?", "Can it be gift wrapped?")),
    Phrased("parking", ("Where can I park my car?",)),
    Phrased("dogs", ("May I bring my dog?", "Are pets allowed?")),
    Phrased("gift-cards", ("How long is a gift card valid?",)),
    Phrased("pysakointi", ("Missä voin pysäköidä autoni?",)),
)


class TestMeant:
    @pytest.mark.parametrize(("question", "entry"), [
        ("do you wrap gifts", "gift-wrapping"), ("Is gift wrapping possible?", "gift-wrapping"), ("parking for my car?", "parking"), ("may i bring my dgo", None), ("can I bring my dogs", "dogs"),
        ("pets allowed?", "dogs"), ("are gift cards valid for long", "gift-cards"), ("gift", None), ("the weather is nice", None), ("", None), ("???", None), ("missä voi pysäköidä auton", "pysakointi"),
    ])  # fmt: skip
    def test_sure_enough_or_nobody(self, question: str, entry: str | None) -> None:
        assert meant(question, FAQ) == entry

    def test_of_two_that_are_as_likely_none(self) -> None:
        """Planted bug: the better of two taken, however near the other is."""
        twins = (Phrased("a", ("Do you repair watches?",)), Phrased("b", ("Do you repair old watches?",)))
        assert meant("do you repair clocks and watches", twins) is None
        assert meant("repair watches", twins) == "a"


class TestRanked:
    def test_the_surest_first_and_what_has_nothing_in_common_left_out(self) -> None:
        found = ranked("gift card wrapping", FAQ)
        assert {i for i, _ in found} == {"gift-cards", "gift-wrapping"}
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)

    def test_small_words_are_about_nothing(self) -> None:
        assert content_words("Do you have a dog? A DOG!") == ("dog",)


class TestMayAnswer:
    @pytest.mark.parametrize("question", [
        "How much is the Cloudberry Bonbon?", "is it nut free", "does it contain milk", "where is my order ord_7k2m9x", "has my order been paid", "what is in the Dark 74 Bar", "I am allergic to gluten",
        "paljonko maksaa Cloudberry Bonbon", "innehåller den nötter", "is this message with code MM-4F7K2 from you", "sesame wrapping?", "gift wrapping ord_7k2m9x", "what about MM-4F7K2",
    ])  # fmt: skip
    def test_never_about_a_price_an_allergen_or_an_order(self, question: str) -> None:
        """Planted bugs: only the intent looked at ("what about MM-4F7K2"), and only how sure it is ("sesame wrapping?")."""
        assert not may_answer(understand(question, talking.known()))

    @pytest.mark.parametrize("question", ["do you wrap gifts", "may I bring my dog", "where can I park my car"])
    def test_what_our_data_does_not_answer(self, question: str) -> None:
        assert may_answer(understand(question, talking.known()))
