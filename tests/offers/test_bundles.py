"""The best legal bundle is as good as the best of all of them, and the proof says so truly."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from offers import bundles, pricing
from offers.benefits import line_total_minor
from offers.bundles import Option, Score
from offers.contracts import Quote, QuoteLine
from offers.definition import Benefit, BenefitKind
from offers.stacking import Place, legal

CART = (QuoteLine("lin_1", "prd_tea", "tea", 2, 500), QuoteLine("lin_2", "prd_cake", "cake", 1, 1000))
TEN = Benefit(BenefitKind.PERCENT, percent_bp=1000)
THREE_EUROS = Benefit(BenefitKind.AMOUNT, amount_minor=300)


def option(
    coupon_id: str,
    benefit: Benefit,
    group: str = "",
    *after: str,
    combinable: bool = True,
    cart: tuple[QuoteLine, ...] = CART,
    priority: int = 0,
) -> Option:
    quote = pricing.price(
        benefit, cart, coupon_id=coupon_id, coupon_currency="EUR", currency="EUR", bound_minor=None, benefit_text="Off"
    )
    assert isinstance(quote, Quote)
    place = Place(coupon_id, group or coupon_id, combinable, after, priority)
    return bundles.option(place, coupon_id.upper(), quote, benefit, cart)


def ids(options: tuple[Option, ...]) -> set[str]:
    return {one.id for one in options}


class TestBest:
    def test_two_that_combine(self) -> None:
        assert ids(bundles.best([option("a", TEN), option("b", THREE_EUROS)], CART)) == {"a", "b"}

    def test_one_that_does_not_combine_wins_by_itself(self) -> None:
        half = Benefit(BenefitKind.PERCENT, percent_bp=5000)
        found = bundles.best([option("a", TEN), option("b", THREE_EUROS), option("c", half, combinable=False)], CART)
        assert ids(found) == {"c"}

    def test_one_of_a_group(self) -> None:
        found = bundles.best([option("a", TEN, "g"), option("b", THREE_EUROS, "g"), option("c", TEN, "h")], CART)
        assert ids(found) == {"b", "c"}

    def test_none_is_spent_for_nothing(self) -> None:
        everything = Benefit(BenefitKind.PERCENT, percent_bp=10_000)
        assert ids(bundles.best([option("a", everything), option("b", TEN)], CART)) == {"a"}

    def test_an_extra_comes_along(self) -> None:
        points = Benefit(BenefitKind.POINTS, multiplier_bp=20_000)
        assert ids(bundles.best([option("a", TEN), option("b", points)], CART)) == {"a", "b"}

    def test_nothing(self) -> None:
        assert bundles.best([], CART) == ()


class TestShares:
    def test_they_add_up_and_keep_the_floor(self) -> None:
        floor = Benefit(BenefitKind.PERCENT, percent_bp=2000, floor_bp=7000)
        chosen = (option("a", floor), option("b", Benefit(BenefitKind.PERCENT, percent_bp=2000)))
        first, second = bundles.shares(chosen, CART)
        assert (first.coupon_id, first.discount_minor, second.discount_minor) == ("a", 400, 200)
        assert bundles.score(chosen, CART) == Score(600, 0, -2)

    def test_after_says_who_bears_what_is_left(self) -> None:
        everything = Benefit(BenefitKind.PERCENT, percent_bp=10_000)
        chosen = (option("a", everything, "x", "y"), option("b", THREE_EUROS, "y"))
        assert [(s.coupon_id, s.discount_minor) for s in bundles.shares(chosen, CART)] == [("b", 300), ("a", 1700)]


class TestBundle:
    def test_the_proof(self) -> None:
        options = [
            option("a", TEN, "house"),
            option("b", THREE_EUROS, "food"),
            option("c", Benefit(BenefitKind.AMOUNT, amount_minor=250), "food"),
            option("d", Benefit(BenefitKind.AMOUNT, amount_minor=450), combinable=False),
        ]
        found = bundles.bundle(options, CART, "EUR")
        assert found.discount_minor == 500
        assert found.proof == (
            "“B” and “A”: €5.00 together.",
            "“C”: at best €4.50 with “A”, €0.50 less (only one coupon of its group counts on a cart: “B”).",
            "“D”: at best €4.50, €0.50 less (it does not go with other coupons: “B”).",
        )

    def test_no_coupon(self) -> None:
        found = bundles.bundle([], CART, "EUR")
        assert (found.discount_minor, found.shares, found.proof) == (0, (), ("No coupon applies to this cart.",))

    def test_the_limit_is_said(self) -> None:
        options = [option(f"c{n:02d}", Benefit(BenefitKind.AMOUNT, amount_minor=n + 1)) for n in range(14)]
        found = bundles.bundle(options, CART, "EUR")
        assert len(found.shares) == 12
        assert found.discount_minor == sum(range(3, 15))
        assert found.proof[-1] == "Of 14 that combine, the 12 that give most alone were tried together."


carts = st.lists(
    st.builds(
        QuoteLine,
        st.uuids().map(str),
        st.sampled_from("abc"),
        st.sampled_from("xy"),
        st.integers(1, 3),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.line_id,
).map(tuple)
some = st.builds(
    Benefit,
    kind=st.sampled_from(
        [BenefitKind.PERCENT, BenefitKind.AMOUNT, BenefitKind.FREE_ITEM, BenefitKind.CASHBACK, BenefitKind.POINTS]
    ),
    percent_bp=st.integers(1, 10_000),
    amount_minor=st.integers(1, 40),
    categories=st.sampled_from([(), ("x",), ("y",)]),
    floor_bp=st.sampled_from([0, 0, 3000, 9000]),
    floor_unit_minor=st.sampled_from([0, 0, 5]),
)
placed = st.tuples(
    some,
    st.sampled_from("ghijk"),
    st.booleans() | st.just(True),
    st.integers(0, 2),
    st.sampled_from([(), ("g",), ("h",)]),
)


class TestExactness:
    @given(carts, st.lists(placed, max_size=7))
    def test_as_good_as_the_best_of_all(self, cart: tuple[QuoteLine, ...], given_: list) -> None:  # type: ignore[type-arg]
        """Brute force over all legal subsets. Seen to fail with the bound a group short, and with floors forgotten."""
        options: list[Option] = []
        for n, (benefit, group, combinable, priority, after) in enumerate(given_):
            quote = pricing.price(
                benefit,
                cart,
                coupon_id=f"c{n}",
                coupon_currency="EUR",
                currency="EUR",
                bound_minor=None,
                benefit_text="Off",
            )
            if isinstance(quote, Quote):
                options.append(
                    bundles.option(Place(f"c{n}", group, combinable, after, priority), f"c{n}", quote, benefit, cart)
                )
        found = bundles.best(options, cart)
        every = chain.from_iterable(combinations(options, k) for k in range(1, len(options) + 1))
        scores = [bundles.score(subset, cart) for subset in every if legal([one.place for one in subset])]
        assert legal([one.place for one in found])
        assert (bundles.score(found, cart) if found else None) == max(scores, default=None)
        made = bundles.bundle(options, cart, "EUR")
        assert made.discount_minor == sum(share.discount_minor for share in made.shares)
        for line, off in zip(cart, made.lines, strict=True):
            assert 0 <= off.discount_minor <= line_total_minor(line)
            assert off.discount_minor == sum(
                d.discount_minor for s in made.shares for d in s.lines if d.line_id == line.line_id
            )
            for one in found:
                assert off.discount_minor == 0 or line_total_minor(line) - off.discount_minor >= one.floors.get(
                    line.line_id, 0
                )
        back_minor = sum(one.back_minor for one in found)
        assert made.discount_minor + back_minor == (bundles.score(found, cart).money_minor if found else 0)
