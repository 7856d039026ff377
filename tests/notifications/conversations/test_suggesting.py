"""What of a language model's answer is believed: one of our questions, and nothing it says itself."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from notifications.conversations.answering import Kind, answer
from notifications.conversations.knowledge import Intent
from notifications.conversations.suggesting import (
    CHOICES,
    INSTRUCTIONS,
    Advice,
    Outcome,
    Suggestion,
    fenced,
    read,
    with_advice,
)
from notifications.conversations.understanding import GATE, understand
from tests.notifications.conversations.talking import facts, known

WORDS = "the felt thing got muddy, 8 of us"


class TestRead:
    def test_one_of_our_questions(self) -> None:
        assert read('{"intent": "care", "about": "felt thing", "people": null}', WORDS) == (Outcome.CHOSEN, Suggestion(Intent.CARE, "felt thing"))
        assert read('{"intent": "plan", "about": "", "people": 8}', WORDS) == (Outcome.CHOSEN, Suggestion(Intent.PLAN, "", 8))
        assert read('{"intent": "none"}', WORDS) == (Outcome.NONE_FITS, None)

    @pytest.mark.parametrize(
        "said",
        [
            "", "care", "[]", "null", '"care"', "{}", '{"intent": "yes"}', '{"intent": "no"}', '{"intent": "cart"}', '{"intent": "unknown"}', '{"intent": 3}', '{"intent": ["care"]}',
            '{"intent": "price", "text": "It costs 1 €."}', '{"intent": "care", "about": 3}', '{"intent": "plan", "people": "8"}', '{"intent": "plan", "people": true}',
            '{"intent": "price", "about": "box of twelve"}', '{"intent": "care"} and more', "[" * 300, json.dumps({"intent": "care", "about": "felt " * 100}),
        ],
    )  # fmt: skip
    def test_anything_else_is_worth_nothing(self, said: str) -> None:
        """Seen to fail with unknown keys let through, with words taken that she did not write, and with `cart` among the choices."""
        assert read(said, WORDS) == (Outcome.NOT_USABLE, None)

    def test_no_number_beyond_reason(self) -> None:
        assert read('{"intent": "plan", "people": 100000}', WORDS) == (Outcome.CHOSEN, Suggestion(Intent.PLAN))


class TestWithAdvice:
    def advice(self, intent: Intent, about: str = "", people: int | None = None) -> Advice:
        return Advice("m", WORDS, Outcome.CHOSEN, Suggestion(intent, about, people))

    def test_what_we_are_sure_of_stays(self) -> None:
        sure = understand("how much is the Felt Slipper", known())
        assert with_advice(sure, self.advice(Intent.PROBLEM), known()) is sure

    def test_a_name_it_gives_is_asked_never_taken_as_said(self) -> None:
        """Seen to fail with the name taken as certain: the price of a product she never named is said."""
        unsure = replace(understand("qwerty", known()), confidence=0.2)
        u = with_advice(unsure, self.advice(Intent.PRICE, "slipper"), known())
        assert (u.intent, u.confidence, u.products, u.products_certain) == (Intent.PRICE, GATE, ("prd_felt_slipper",), False)
        reply = answer(u, facts(u, "one"))
        assert (reply.kind, reply.text) == (Kind.ASK, "Which product do you mean: Felt Slipper?")

    def test_an_allergy_it_chose_is_for_a_person(self) -> None:
        unsure = understand("my tongue feels odd after the cloudberry bonbon", known())
        assert unsure.confidence < GATE
        u = with_advice(unsure, self.advice(Intent.ALLERGY), known())
        assert answer(u, facts(u, "one")).kind is Kind.HAND_OFF

    def test_a_number_counts_if_she_wrote_it(self) -> None:
        unsure = replace(understand("qwerty 8", known()), confidence=0.2)
        assert with_advice(unsure, self.advice(Intent.PLAN, people=8), known()).people == 8
        assert with_advice(unsure, self.advice(Intent.PLAN, people=80), known()).people is None

    @pytest.mark.parametrize("intent", list(CHOICES))
    def test_whatever_it_chooses_no_price_allergen_or_cart_comes_of_words_that_name_nothing(self, intent: Intent) -> None:
        unsure = replace(understand("zzz yyy xxx", known()), confidence=0.2)
        u = with_advice(unsure, self.advice(intent, "bonbon"), known())
        reply = answer(u, facts(u, "none"))
        assert not reply.lines
        assert not any(word in reply.text for word in ("costs", "contains", "declared without"))


class TestFenced:
    def test_the_message_stands_between_lines_and_the_choices_are_told(self) -> None:
        assert fenced("hello") == "<message>\nhello\n</message>"
        assert all(intent.value in INSTRUCTIONS for intent in CHOICES)
