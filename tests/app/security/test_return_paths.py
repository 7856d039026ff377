"""The name under which an e-mail comes back: one message or letter, made here, and short enough for every mail server."""

from __future__ import annotations

import pytest

from app.kernel.ids import derived_id, new_id
from app.security.return_paths import BASE_MOST_CHARS, LOCAL_MOST_CHARS, named_by, return_address, token_in, token_of

MESSAGE = derived_id("msg", "cpn_1")


class TestNamedBy:
    def test_there_and_back(self) -> None:
        several = (MESSAGE, "msg_1", new_id("msg"), "ltr_1", new_id("ltr"))
        assert [named_by(token_of(one)) for one in several] == list(several)

    def test_a_message_and_a_letter_of_the_same_number_are_two(self) -> None:
        """Planted bug: one keyed hash for both kinds, so that a letter's name opened a message."""
        message, letter = token_of("msg_1"), token_of("ltr_1")
        assert message[:-16] == letter[:-16]
        assert (named_by(message), named_by(letter)) == ("msg_1", "ltr_1")

    def test_what_was_not_made_here_names_nothing(self) -> None:
        """Planted bug: the hash not compared."""
        token, other = token_of(MESSAGE), token_of(derived_id("msg", "cpn_2"))
        for wrong in ("", token[:-1], token + "a", token[:-16] + other[-16:], other[:-16] + token[-16:], token.upper(), f" {token}", "a" * 42, "ä" + token):
            assert named_by(wrong) is None


class TestReturnAddress:
    def test_fits_and_is_found_again_in_whatever_case(self) -> None:
        token = token_of(MESSAGE)
        address = return_address("b" * BASE_MOST_CHARS + "@shop.example", token)
        assert len(address.partition("@")[0]) == LOCAL_MOST_CHARS
        assert [token_in(address), token_in(address.upper()), token_in(f"b+c+{token}@x")] == [token] * 3

    @pytest.mark.parametrize("address", ["", "@", "+", "jane@example.org", "jane+shop@example.org", "abcdefghijklmnopqrstuvwxyz@shop.example", "b+@shop.example"])
    def test_an_address_without_one(self, address: str) -> None:
        assert token_in(address) is None
