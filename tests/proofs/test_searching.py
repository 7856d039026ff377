"""What looks for what is left must find it: a proof that finds nothing with it would prove nothing.

Planted bugs, each seen to fail: one place in eight looked at; the last bytes left out; the first eight bytes taken for the whole.
"""

from __future__ import annotations

import random

import pytest

from tests.proofs import searching
from tests.proofs.searching import found_in

HEAP = random.Random(1).randbytes(300)


class TestFoundIn:
    @pytest.mark.parametrize("length", [8, 9, 31])
    def test_wherever_it_begins(self, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(searching, "AT_ONCE", 7)
        for at in range(len(HEAP) - length + 1):
            assert found_in(HEAP, [HEAP[at : at + length]]) == {HEAP[at : at + length]}

    def test_all_of_them_and_no_other(self) -> None:
        there = {HEAP[at : at + 12] for at in range(0, 280, 13)}
        begins_alike = {text[:-1] + bytes([text[-1] ^ 1]) for text in there}
        assert found_in(HEAP, there | begins_alike) == there

    def test_two_that_begin_alike_are_two(self) -> None:
        assert found_in(HEAP, [HEAP[3:12], HEAP[3:20]]) == {HEAP[3:12], HEAP[3:20]}

    def test_in_nothing_is_nothing(self) -> None:
        assert found_in(b"", [b"somebody"]) == set()
        assert found_in(b"somebod", [b"somebody"]) == set()

    def test_what_chance_would_find_is_refused(self) -> None:
        with pytest.raises(ValueError, match="too short"):
            found_in(HEAP, [b"seven by"[:7]])
