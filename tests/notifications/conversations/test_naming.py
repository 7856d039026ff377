"""Which product is meant, and when that is certain."""

from __future__ import annotations

from notifications.conversations.knowledge import KnownPlace, KnownProduct
from notifications.conversations.naming import named_places, named_products, whole_names
from notifications.conversations.words import words_of

PRODUCTS = (
    KnownProduct("p_salt", "Salted Rye Bonbon", "chocolate", ("bonbon of the month",)),
    KnownProduct("p_cloud", "Cloudberry Bonbon", "chocolate"),
    KnownProduct("p_white", "White Bouquet", "flowers", ("vit bukett",)),
    KnownProduct("p_market", "Market Bouquet", "flowers", ("torgbukett",)),
)


def named(text: str, *plain: str):
    words = words_of(text)
    return named_products(words, PRODUCTS, {i for i, w in enumerate(words) if w in plain}, set())


class TestNamedProducts:
    def test_a_whole_name_is_certain(self) -> None:
        assert (named("cloudberry bonbon").ids, named("cloudberry bonbon").certain) == (("p_cloud",), True)

    def test_another_name_is_too(self) -> None:
        assert named("the bonbon of the month", "the", "of").ids == ("p_salt",)

    def test_a_word_that_only_one_has_is_certain(self) -> None:
        assert (named("cloudberries").ids, named("the cloudberry", "the").certain) == (("p_cloud",), True)

    def test_a_word_that_several_have_is_not(self) -> None:
        assert set(named("bonbon").ids) == {"p_salt", "p_cloud"}
        assert not named("bonbon").certain

    def test_the_name_of_a_shelf_is_no_product(self) -> None:
        """Seen to fail when the only product called `Hot Chocolate` was what `chocolate` meant: one milk was told of all."""
        both = (*PRODUCTS, KnownProduct("p_hot", "Hot Chocolate", "coffee"))
        found = [named_products(words_of(text), both, (), ()) for text in ("chocolate", "hot chocolate")]
        assert [(n.ids, n.certain) for n in found] == [(("p_hot",), False), (("p_hot",), True)]

    def test_a_strange_word_beside_it_makes_it_doubtful(self) -> None:
        assert (named("salted caramel").ids, named("salted caramel").certain) == (("p_salt",), False)

    def test_the_end_of_a_compound_makes_the_other_possible(self) -> None:
        """Seen to fail when only beginnings counted: `bukett` was then the white one for certain."""
        assert (set(named("bukett").ids), named("bukett").certain) == ({"p_white", "p_market"}, False)

    def test_two_names_are_two_products(self) -> None:
        found = named("cloudberry bonbon and white bouquet", "and")
        assert (found.ids, found.certain) == (("p_cloud", "p_white"), True)

    def test_nothing_is_nothing(self) -> None:
        assert named("umbrella").ids == ()


class TestWholeNames:
    def test_a_name_within_a_longer_one_does_not_count(self) -> None:
        longer = (*PRODUCTS, KnownProduct("p_two", "Cloudberry Bonbon Box", "chocolate"))
        assert set(whole_names(words_of("cloudberry bonbon box"), longer)) == {"p_two"}


class TestNamedPlaces:
    def test_the_most_words_win(self) -> None:
        places = (KnownPlace("a", "Ooey Gooey Kluuvi"), KnownPlace("b", "Ooey Gooey Asema"))
        assert named_places(words_of("ooey gooey kluuvi"), places).ids == ("a",)
        assert named_places(words_of("ooey gooey"), places).ids == ("a", "b")
