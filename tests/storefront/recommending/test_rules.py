"""What is said to go together: behind enough people, more than by chance, the same in whatever order it came."""

from __future__ import annotations

import random

from storefront.recommending.rules import Chosen, Pair, Scored, Seed, Why, chosen, free_of, scored


class TestScored:
    def test_cosine_both_ways(self) -> None:
        found = scored([Pair("a", "b", 20)], {"a": 40, "b": 25}, 1000, least_people=20)
        assert found == [Scored("a", "b", 6324), Scored("b", "a", 6324)]  # 20 / sqrt(1000), in ten-thousandths

    def test_few_people_or_mere_chance_say_nothing(self) -> None:
        buyers = {"a": 100, "b": 100, "bag": 1000}
        assert scored([Pair("a", "b", 19)], buyers, 1000, least_people=20) == []
        assert scored([Pair("a", "bag", 100)], buyers, 1000, least_people=20) == []  # everybody buys a bag
        assert len(scored([Pair("a", "b", 12)], buyers, 1000, least_people=10)) == 2  # lift 1.2, on the edge
        assert scored([Pair("a", "b", 11)], buyers, 1000, least_people=10) == []

    def test_the_order_of_what_comes_does_not_matter(self) -> None:
        """Planted bug: equal scores stayed in the order in which they came."""
        pairs = [Pair("a", f"p{n:02}", 20 + n // 2) for n in range(30)]
        buyers = {"a": 60} | {f"p{n:02}": 60 for n in range(30)}
        first = scored(pairs, buyers, 10_000, least_people=20)
        for seed in range(5):
            random.Random(seed).shuffle(pairs)
            assert scored(pairs, buyers, 10_000, least_people=20) == first
        assert len([row for row in first if row.product_id == "a"]) == 20


class TestChosen:
    ROWS = (Scored("a", "x", 5000), Scored("a", "y", 4000), Scored("b", "y", 3000), Scored("c", "z", 9000))

    def test_what_several_things_lead_to_comes_first_and_names_the_strongest(self) -> None:
        seeds = [Seed("a", Why.TOGETHER), Seed("b", Why.HERS)]
        assert chosen(seeds, self.ROWS, never=()) == [Chosen("y", "a", Why.TOGETHER), Chosen("x", "a", Why.TOGETHER)]

    def test_never_what_she_has_nor_what_lies_before_her(self) -> None:
        seeds = [Seed("a", Why.TOGETHER), Seed("y", Why.LIST)]
        assert chosen(seeds, self.ROWS, never={"x"}) == []

    def test_what_is_before_her_says_more_than_what_she_did(self) -> None:
        seeds = [Seed("a", Why.TOGETHER), Seed("a", Why.HERS), Seed("c", Why.LIST)]
        assert [(one.product_id, one.why) for one in chosen(seeds, self.ROWS, never=())] == [("z", Why.LIST), ("x", Why.TOGETHER), ("y", Why.TOGETHER)]


class TestFreeOf:
    def test_what_nobody_declared_is_not_known(self) -> None:
        assert free_of((), None, None)
        assert free_of(("nuts",), ("milk",), ())
        assert not free_of(("nuts",), ("nuts",), ())
        assert not free_of(("nuts",), (), ("nuts",))
        assert not free_of(("nuts",), None, ())
        assert not free_of(("nuts",), (), None)
