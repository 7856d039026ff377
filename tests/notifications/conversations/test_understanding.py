"""What a message says, and what any message may hold."""

from __future__ import annotations

import pytest

from notifications.conversations.knowledge import Intent
from notifications.conversations.understanding import GATE, understand
from tests.notifications.conversations.talking import known


class TestUnderstand:
    @pytest.mark.parametrize(
        ("text", "language"),
        [("how much is the cortado", "en"), ("paljonko cortado maksaa", "fi"), ("vad kostar en cortado", "sv")],
    )
    def test_intent_thing_and_language(self, text: str, language: str) -> None:
        u = understand(text, known())
        assert (u.intent, u.products, u.products_certain, u.language) == (Intent.PRICE, ("prd_cortado",), True, language)

    def test_a_name_that_holds_an_allergen_is_only_a_name(self) -> None:
        assert understand("does the oat milk bar have eggs", known()).allergens == ("eggs",)

    def test_who_says_nut_may_mean_either(self) -> None:
        assert understand("no nuts please", known()).allergens == ("nuts", "peanuts")
        assert understand("no peanuts please", known()).allergens == ("peanuts",)

    def test_people_days_orders_and_codes(self) -> None:
        u = understand("party for twelve people on saturday, ord_7k2m9x, code MM-4F7K2, “amber acorn”", known())
        assert (u.people, u.days, u.orders) == (12, ("sat",), ("ord_7k2m9x",))
        assert set(u.codes) == {"mm-4f7k2", "amber acorn"}

    def test_two_questions_about_one_product(self) -> None:
        u = understand("how much is the dark 74 bar and does it contain nuts", known())
        assert (u.intent, u.also) == (Intent.ALLERGY, Intent.PRICE)

    @pytest.mark.parametrize("text", ["", "   ", "🙂🙂🙂", "\u202eمرحبا", "<script>alert(1)</script>", "%s %d {0}", "x" * 100_000, "?" * 5000, "a b c " * 20_000, "\ufeff\u200b\u202e", "’; DROP TABLE"])
    def test_nonsense_is_not_understood_and_breaks_nothing(self, text: str) -> None:
        u = understand(text, known(), language="fi")
        assert u.confidence < GATE
        assert u.language == "fi"

    def test_the_same_words_give_the_same_understanding(self) -> None:
        assert understand("is it nut free", known()) == understand("is it nut free", known())
