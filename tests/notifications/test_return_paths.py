"""The name under which an e-mail comes back: one message, made here, and short enough for every mail server."""

from __future__ import annotations

import pytest

from app.kernel.ids import derived_id, new_id
from notifications.return_paths import BASE_MOST_CHARS, LOCAL_MOST_CHARS, message_of, return_address, token_in, token_of

MESSAGE = derived_id("msg", "cpn_1")



class TestMessageOf:
    def test_there_and_back(self) -> None:
        assert [message_of(token_of(one)) for one in (MESSAGE, "msg_1", new_id("msg"))][:2] == [MESSAGE, "msg_1"]

    def test_what_was_not_made_here_names_nothing(self) -> None:
        """Planted bug: the hash not compared."""
        token, other = token_of(MESSAGE), token_of(derived_id("msg", "cpn_2"))
        for wrong in ("", token[:-1], token + "a", token[:-16] + other[-16:], other[:-16] + token[-16:], token.upper(), f" {token}", "a" * 42, "ä" + token):
            assert message_of(wrong) is None


class TestReturnAddress:
    def test_fits_and_is_found_again_in_whatever_case(self) -> None:
        token = token_of(MESSAGE)
        address = return_address("b" * BASE_MOST_CHARS + "@shop.example", token)
        assert len(address.partition("@")[0]) == LOCAL_MOST_CHARS
        assert [token_in(address), token_in(address.upper()), token_in(f"b+c+{token}@x")] == [token] * 3

    @pytest.mark.parametrize("address", ["", "@", "+", "jane@example.org", "jane+shop@example.org", "abcdefghijklmnopqrstuvwxyz@shop.example", "b+@shop.example"])
    def test_an_address_without_one(self, address: str) -> None:
        assert token_in(address) is None
