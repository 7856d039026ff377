"""Signatures that others can check: the published vector, a key a week with overlap, nothing but the signed bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.security import signing
from app.security.sealing import derived_key, use_secrets
from app.security.secrets import new_secrets

WEEK = timedelta(days=7)
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def keys() -> None:
    use_secrets(new_secrets())


class TestChecks:
    def test_the_vector_of_rfc_8032(self) -> None:
        # RFC 8032, section 7.1, TEST 2
        public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        signature = bytes.fromhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
        assert signing.checks(public, b"\x72", signature)
        assert not signing.checks(public, b"\x73", signature)

    def test_any_changed_bit_is_seen(self) -> None:
        message = b"twenty bytes of text"
        signature = signing.sign("a", message, AT)
        public = signing.checking_key("a", AT).public
        assert signing.checks(public, message, signature)
        for k in range(len(message)):
            assert not signing.checks(public, message[:k] + bytes([message[k] ^ 1]) + message[k + 1 :], signature)
        for k in range(len(signature)):
            assert not signing.checks(public, message, signature[:k] + bytes([signature[k] ^ 1]) + signature[k + 1 :])

    @pytest.mark.parametrize("public", [b"", b"\0" * 31, b"\xff" * 32])
    def test_what_is_no_key_checks_nothing(self, public: bytes) -> None:
        assert not signing.checks(public, b"", b"\0" * 64)

    def test_another_purpose_and_another_house_are_other_keys(self) -> None:
        signature = signing.sign("a", b"m", AT)
        assert not signing.checks(signing.checking_key("b", AT).public, b"m", signature)
        use_secrets(new_secrets())
        assert not signing.checks(signing.checking_key("a", AT).public, b"m", signature)


class TestCheckingKeys:
    def test_the_key_of_next_week_is_known_this_week_and_that_of_last_week_still(self) -> None:
        last, this, following = signing.checking_keys("a", AT)
        assert signing.checking_key("a", AT - WEEK) == last
        assert signing.checking_key("a", AT + WEEK) == following
        assert len({last.id, this.id, following.id}) == 3
        assert last.good_until == this.signs_until == following.signs_from

    def test_a_key_signs_one_week_and_checks_two(self) -> None:
        key = signing.checking_key("a", AT)
        assert key.signs_from <= AT < key.signs_until
        assert key.signs_until - key.signs_from == WEEK
        assert key.good_until - key.signs_until == timedelta(seconds=signing.OVERLAP_S)
        assert signing.checking_key("a", key.signs_until - timedelta(seconds=1)) == key
        assert signing.checking_key("a", key.signs_until) != key

    def test_the_week_turns_on_a_thursday_at_midnight(self) -> None:
        assert signing.checking_key("a", AT).signs_from == datetime(2026, 11, 19, tzinfo=UTC)


class TestDerivedKey:
    def test_each_purpose_and_period_its_own_and_always_the_same(self) -> None:
        made = {derived_key(purpose, period) for purpose in ("a", "b", "ab") for period in range(3)}
        assert len(made) == 9
        assert derived_key("a", 0) in made
        assert all(len(key) == 32 for key in made)
