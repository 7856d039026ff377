"""Stored answers: a shopper's goes with her key."""

from __future__ import annotations

import pytest

from app.security.answers import SealedAnswers
from app.security.vault import Destroyed, owner_of, vault

BODY = b'{"email":"jane@example.org"}'


class TestSealedAnswers:
    def test_is_stored_sealed_and_given_again(self) -> None:
        for caller in ("shopper:shp_answers", "clerk:per_1", "anyone:10.0.0.1"):
            stored = SealedAnswers().kept(caller, "hash", BODY)
            assert b"jane" not in stored
            assert SealedAnswers().given("hash", stored) == BODY

    def test_one_of_before_is_given_as_it_is(self) -> None:
        assert SealedAnswers().given("hash", BODY) == BODY
        assert SealedAnswers().kept("shopper:shp_a", "hash", b"") == b""

    def test_a_shopper_s_goes_with_her_key(self) -> None:
        """Seen to fail when every answer was sealed with the house's key."""
        stored = SealedAnswers().kept("shopper:shp_gone", "hash", BODY)
        vault().destroy([owner_of("shp_gone")])
        with pytest.raises(Destroyed):
            SealedAnswers().given("hash", stored)
