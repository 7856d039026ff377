"""Every sentence in every language, with the same facts."""

from __future__ import annotations

import string

import pytest

from app.kernel.languages import catalogue
from notifications.conversations import sayings
from notifications.conversations.knowledge import LANGUAGES
from notifications.conversations.lexicon import ALLERGENS
from notifications.conversations.sayings import (
    ALLERGEN_NAMES,
    COUNTS,
    DAY_NAMES,
    ORDER_STATES,
    SAYINGS,
    WHY,
    Words,
    listed,
    say,
    texts_of,
)
from storefront.catalog.schemas import Allergen
from storefront.contracts import OrderState


class TestSayings:
    @pytest.mark.parametrize("table", [SAYINGS, ALLERGEN_NAMES, DAY_NAMES, ORDER_STATES, WHY])
    def test_every_sentence_is_translated_with_the_same_facts(self, table: Words) -> None:
        """Seen to fail on a translation that was left out, on one that lost a fact, and on English that was changed alone."""
        for key in table:
            texts = {language: texts_of(key, language, table) for language in LANGUAGES}
            assert {language: len(forms) for language, forms in texts.items()} == dict.fromkeys(LANGUAGES, 2 if key in COUNTS else 1), key
            facts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for forms in texts.values() for text in forms]
            assert all(one == facts[0] for one in facts), key

    @pytest.mark.parametrize("language", LANGUAGES[1:])
    def test_a_catalogue_holds_nothing_that_is_not_said(self, language: str) -> None:
        keys = {key for table in (SAYINGS, ALLERGEN_NAMES, DAY_NAMES, ORDER_STATES, WHY) for key in table}
        found = catalogue("notifications.conversations", f"translations/{language}.po")
        assert {context for context, _ in found} == keys
        assert len(found) == len(keys)

    def test_every_allergen_order_state_and_day_has_a_name(self) -> None:
        assert set(ALLERGEN_NAMES) == set(ALLERGENS) == {a.value for a in Allergen}
        assert set(ORDER_STATES) == {s.value for s in OrderState}
        assert tuple(DAY_NAMES) == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TestSay:
    def test_facts_are_put_in(self) -> None:
        assert say("price", "fi", name="Cortado", price="4,20 €") == "Cortado maksaa 4,20 €."

    def test_one_day_is_no_days(self) -> None:
        assert ["within 1 day," in say("returns", "en", days=1), "within 2 days," in say("returns", "en", days=2)] == [True, True]
        assert ["inom 1 dag " in say("returns", "sv", days=1), "inom 14 dagar " in say("returns", "sv", days=14)] == [True, True]

    def test_what_is_not_translated_is_said_in_english(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sayings, "_catalogue", lambda _language: {})
        assert say("thanks", "fi") == "You are welcome."


class TestListed:
    def test_with_commas(self) -> None:
        assert listed(("milk", "nuts"), "sv", ALLERGEN_NAMES) == "mjölk, nötter"
