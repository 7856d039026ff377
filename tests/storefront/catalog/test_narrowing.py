"""The words a product is narrowed down by."""

from __future__ import annotations

import random

from storefront.catalog.narrowing import of_categories, of_currency, of_kind, of_option, of_price, words_of


def words(price_minor: int = 450) -> set[str]:
    return set(words_of("bonbon", "physical", "EUR", price_minor, [("size", "39"), ("colour", "white"), ("colour", "white")]).split())


class TestWordsOf:
    def test_each_thing_is_one_word_of_letters_and_digits(self) -> None:
        asked = [of_categories(["bonbon"]), of_kind("physical"), of_currency("EUR"), of_option("size", "39"), of_option("colour", "white")]
        assert all(words() >= set(one) and len(one) == 1 for one in asked)
        assert all(word.isalnum() and word.isascii() for word in words())

    def test_nothing_is_taken_for_another_thing_of_the_same_name(self) -> None:
        for other in (of_categories(["physical"]), of_kind("bonbon"), of_currency("SEK"), of_option("39", "size"), of_option("size3", "9"), of_option("siz", "e39")):
            assert words().isdisjoint(other)


class TestOfPrice:
    def test_whatever_lies_in_the_range_has_one_of_its_words_and_little_beside(self) -> None:
        """Planted bugs: the last step left out; a wider step begun before the range."""
        drawn = random.Random(3)
        for _ in range(2_000):
            low = drawn.choice((0, 1, 3, 4, drawn.randrange(30_000), drawn.randrange(2**40)))
            high = low + drawn.choice((0, 1, drawn.randrange(3_000), drawn.randrange(2**40)))
            asked = set(of_price(low, high))
            for inside in (low, high, drawn.randint(low, high)):
                assert len(words(inside) & asked) == 1
            for outside in (int(low * 0.79) - 1, int(high * 1.26) + 1):
                assert outside < 0 or words(outside).isdisjoint(asked)

    def test_any_range_is_few_words(self) -> None:
        assert max(len(of_price(low, 2**63 - 1)) for low in range(3_000)) < 25

    def test_nothing_costs_less_than_nothing_or_more_than_less(self) -> None:
        assert of_price(0, -1) == of_price(500, 400 // 2) == ()
