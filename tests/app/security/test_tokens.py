from __future__ import annotations

import pytest

from app.kernel.logs import HIDDEN, scrub_text
from app.security.tokens import TokenKind, kind_of, new_token, token_hash


class TestNewToken:
    @pytest.mark.parametrize("kind", TokenKind)
    def test_says_its_kind_and_carries_256_bits(self, kind: TokenKind) -> None:
        token = new_token(kind)
        assert token.text.startswith(kind)
        assert len(token.text) == len(kind) + 43
        assert kind_of(token.text) is kind
        assert token.hash == token_hash(token.text)
        assert token.shown == token.text[: len(kind) + 6]

    def test_is_never_made_twice(self) -> None:
        assert len({new_token(TokenKind.DEVICE).text for _ in range(1000)}) == 1000

    @pytest.mark.parametrize("kind", TokenKind)
    def test_the_log_hides_every_kind(self, kind: TokenKind) -> None:
        token = new_token(kind)
        assert scrub_text(f"got {token.text} today") == f"got {HIDDEN} today"

    def test_repr_hides_it(self) -> None:
        token = new_token(TokenKind.SESSION)
        assert token.text not in repr(token)


class TestKindOf:
    @pytest.mark.parametrize("text", ["", "dt", "DT_x", "hello", "dt_" + "x" * 200, "\x00", "mk_test_x"])
    def test_anything_else_is_none(self, text: str) -> None:
        assert kind_of(text) is None
