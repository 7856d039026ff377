"""Every sentence in every language, with the same facts."""

from __future__ import annotations

import string

import pytest

from notifications.conversations.knowledge import LANGUAGES
from notifications.conversations.lexicon import ALLERGENS
from notifications.conversations.sayings import ALLERGEN_NAMES, DAY_NAMES, ORDER_STATES, SAYINGS, listed, say
from storefront.catalog.schemas import Allergen
from storefront.contracts import OrderState


class TestSayings:
    @pytest.mark.parametrize("key", sorted(SAYINGS))
    def test_the_same_facts_stand_in_all_three(self, key: str) -> None:
        texts = SAYINGS[key]
        assert len(texts) == len(LANGUAGES)
        facts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
        assert facts[0] == facts[1] == facts[2]

    def test_every_allergen_order_state_and_day_has_a_name(self) -> None:
        assert set(ALLERGEN_NAMES) == set(ALLERGENS) == {a.value for a in Allergen}
        assert set(ORDER_STATES) == {s.value for s in OrderState}
        assert tuple(DAY_NAMES) == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TestSay:
    def test_facts_are_put_in(self) -> None:
        assert say("price", "fi", name="Cortado", price="4,20 €") == "Cortado maksaa 4,20 €."


class TestListed:
    def test_with_commas(self) -> None:
        assert listed(("milk", "nuts"), "sv", ALLERGEN_NAMES) == "mjölk, nötter"
