"""What may lie on one cart together, in which order, and circles."""

from __future__ import annotations

from offers.stacking import Place, against, circle, in_order, legal


def place(coupon_id: str, group: str, *after: str, combinable: bool = True, priority: int = 0) -> Place:
    return Place(coupon_id, group, combinable, after, priority)


class TestLegal:
    def test_one_always(self) -> None:
        assert legal([place("a", "x", combinable=False)])
        assert legal([])

    def test_one_of_a_group(self) -> None:
        assert legal([place("a", "x"), place("b", "y")])
        assert not legal([place("a", "x"), place("b", "x")])

    def test_everyone_must_combine(self) -> None:
        assert not legal([place("a", "x"), place("b", "y", combinable=False)])


class TestAgainst:
    def test_says_which_rule(self) -> None:
        assert against(place("a", "x"), place("b", "x")) == "only one coupon of its group counts on a cart"
        assert against(place("a", "x", combinable=False), place("b", "y")) == "it does not go with other coupons"
        assert against(place("a", "x"), place("b", "y", combinable=False)) == "that one does not go with other coupons"
        assert against(place("a", "x"), place("b", "y")) is None


class TestInOrder:
    def test_by_priority_then_id(self) -> None:
        found = in_order([place("c", "x"), place("a", "y"), place("b", "z", priority=5)])
        assert [p.coupon_id for p in found] == ["b", "a", "c"]

    def test_after_goes_before_priority(self) -> None:
        found = in_order([place("a", "x", "y", "z", priority=9), place("b", "y", "z"), place("c", "z")])
        assert [p.coupon_id for p in found] == ["c", "b", "a"]

    def test_who_is_not_there_is_not_waited_for(self) -> None:
        assert [p.coupon_id for p in in_order([place("a", "x", "gone"), place("b", "y")])] == ["a", "b"]

    def test_a_circle_ends_by_priority(self) -> None:
        assert [p.coupon_id for p in in_order([place("a", "x", "y"), place("b", "y", "x", priority=1)])] == ["b", "a"]


class TestCircle:
    def test_none(self) -> None:
        assert circle({}) is None
        assert circle({"a": ["b", "c"], "b": ["c"], "d": ["b"]}) is None

    def test_names_the_way(self) -> None:
        assert circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ("b", "c", "b")
        assert circle({"a": ["a"]}) == ("a", "a")

    def test_a_long_chain(self) -> None:
        chain = {f"g{k:05d}": [f"g{k + 1:05d}"] for k in range(5000)}
        assert circle(chain) is None
        assert circle({**chain, "g05000": ["g00000"]}) is not None
