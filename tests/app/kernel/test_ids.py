"""Ids sort by time of making; derived ids are the same for the same parts and for no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.ids import derived_id, new_id

SHAPE = re.compile(r"vis_[0-9a-hjkmnp-tv-z]{26}")


class TestNewId:
    def test_shape(self) -> None:
        assert SHAPE.fullmatch(new_id("vis"))

    def test_a_thousand_are_different_and_in_order(self) -> None:
        made = [new_id("vis") for _ in range(1000)]
        assert len(set(made)) == 1000
        assert made == sorted(made)


class TestDerivedId:
    def test_is_stable_for_ever(self) -> None:
        """An exact value: a change of the scheme would double every visit that is detected again."""
        assert derived_id("vis", "shp_1", "f1", 1700000000) == derived_id("vis", "shp_1", "f1", "1700000000")
        assert derived_id("vis", "a", 1) == "vis_gef13911tdrbwa6vavyyczmtnq"
        assert SHAPE.fullmatch(derived_id("vis", "shp_1"))

    @given(st.lists(st.text(alphabet="ab", max_size=3), max_size=4), st.lists(st.text(alphabet="ab", max_size=3), max_size=4))
    def test_parts_do_not_run_together(self, one: list[str], other: list[str]) -> None:
        """Planted bug: joining the parts with nothing makes ("ab", "c") and ("a", "bc") the same."""
        assert (derived_id("x", *one) == derived_id("x", *other)) == ("\x1f".join(one) == "\x1f".join(other))


class TestPrefixes:
    @pytest.mark.parametrize("prefix", ["vis", "shp"])
    def test_both_kinds_carry_it(self, prefix: str) -> None:
        assert new_id(prefix).startswith(prefix + "_")
        assert derived_id(prefix, "a").startswith(prefix + "_")
