"""How much is leased at once: what is set, ever less towards the end, and of the last few nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.chunking import PART, offers_to_lease
from offers.chunks import NO_LIMIT


class TestOffersToLease:
    @pytest.mark.parametrize(
        ("left_coupons", "left_minor", "coupons", "minor", "expected"),
        [
            (NO_LIMIT, NO_LIMIT, 1, 0, 64),
            (64 * PART, NO_LIMIT, 1, 0, 64),
            (64 * PART - 1, NO_LIMIT, 1, 0, 63),
            (PART, NO_LIMIT, 1, 0, 1),
            (PART - 1, NO_LIMIT, 1, 0, 0),
            (0, 0, 1, 500, 0),
            (NO_LIMIT, 500 * PART * 2 + 499, 1, 500, 2),
            (NO_LIMIT, NO_LIMIT, 10, 5_000, 6),  # a book of ten: no part of one
            (-3, NO_LIMIT, 1, 0, 0),  # over its cap since that was lowered
        ],
    )
    def test_exact(self, left_coupons: int, left_minor: int, coupons: int, minor: int, expected: int) -> None:
        assert offers_to_lease(64, left_coupons, left_minor, coupons, minor) == expected

    def test_none_where_none_is_set(self) -> None:
        assert offers_to_lease(0, NO_LIMIT, NO_LIMIT, 1, 500) == 0

    @given(st.integers(0, 10_000), st.integers(-100, 10**7), st.integers(-100, 10**7), st.integers(1, 50), st.integers(0, 10_000))
    def test_never_more_than_its_part_of_what_is_left(self, chunk: int, left_coupons: int, left_minor: int, coupons: int, minor: int) -> None:
        count = offers_to_lease(chunk, left_coupons, left_minor, coupons, minor)
        assert 0 <= count * coupons <= chunk
        assert count * coupons * PART <= max(0, left_coupons)
        assert count * minor * PART <= max(0, left_minor) or minor == 0
