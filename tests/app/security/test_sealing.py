from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import sealing
from app.security.sealing import (
    CannotOpen,
    NoSecrets,
    keyed_hash,
    link_signature,
    open_sealed,
    peppered,
    seal,
    use_secrets,
)
from app.security.secrets import Secrets, new_secrets

from .conftest import FIXED


class TestSeal:
    @given(st.binary(max_size=200), st.binary(max_size=40))
    def test_opens_to_what_was_sealed(self, plaintext: bytes, associated: bytes) -> None:
        assert open_sealed("p", seal("p", plaintext, associated), associated) == plaintext

    def test_same_plaintext_never_seals_alike(self) -> None:
        assert len({seal("p", b"x") for _ in range(100)}) == 100

    def test_header_names_the_key(self) -> None:
        assert seal("p", b"")[:8] == b"\x01\x06kfixed"


class TestOpenSealed:
    def test_another_purpose_or_row_does_not_open(self) -> None:
        """Seen to fail with `associated` left out of the bound bytes: a fix sealed for one row opened in another."""
        sealed = seal("fix_log", b"x", b"row 1")
        for purpose, associated in (("push_token", b"row 1"), ("fix_log", b"row 2"), ("fix_log", b"")):
            with pytest.raises(CannotOpen):
                open_sealed(purpose, sealed, associated)

    def test_purpose_and_associated_cannot_be_shifted_into_each_other(self) -> None:
        with pytest.raises(CannotOpen):
            open_sealed("a", seal("ab", b"x", b"c"), b"bc")

    def test_every_changed_bit_is_noticed(self) -> None:
        sealed = seal("p", b"secret")
        for i in range(len(sealed) * 8):
            changed = bytearray(sealed)
            changed[i // 8] ^= 1 << i % 8
            with pytest.raises(CannotOpen):
                open_sealed("p", bytes(changed))

    def test_every_truncation_is_noticed(self) -> None:
        sealed = seal("p", b"secret")
        for length in range(len(sealed)):
            with pytest.raises(CannotOpen):
                open_sealed("p", sealed[:length])

    def test_a_rotated_key_still_opens_and_the_new_one_seals(self) -> None:
        old = seal("p", b"x")
        key_id = "knew"
        use_secrets(Secrets(key_id, {**FIXED.sealing_keys, key_id: b"n" * 32}, FIXED.code_key, FIXED.link_key, FIXED.pepper))
        assert open_sealed("p", old) == b"x"
        assert seal("p", b"x")[2:6] == b"knew"

    def test_a_key_that_is_gone_is_named_as_the_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sealed = seal("p", b"x")
        monkeypatch.setattr(sealing._ring, "ciphers", {})
        with pytest.raises(CannotOpen, match="not in the secrets file"):
            open_sealed("p", sealed)


class TestKeyedHash:
    def test_is_hmac_sha256_over_length_framed_purpose_and_value(self) -> None:
        framed = b"\x00\x00\x00\x04code\x00\x00\x00\x02AB"
        assert keyed_hash("code", "AB") == hmac.new(b"c" * 32, framed, hashlib.sha256).hexdigest()

    def test_purposes_and_keys_stand_apart(self) -> None:
        hashes = {keyed_hash("a", "x"), keyed_hash("b", "x"), link_signature("a", "x"), peppered("x"), keyed_hash("ax", "")}
        assert len(hashes) == 5

    def test_text_no_codec_can_encode_is_hashed_too(self) -> None:
        assert len(keyed_hash("a", "\ud800")) == 64

    def test_without_secrets_it_says_what_was_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sealing._ring, "current", None)
        with pytest.raises(NoSecrets, match="use_secrets"):
            keyed_hash("a", "x")
        with pytest.raises(NoSecrets):
            seal("a", b"x")


def test_new_secrets_can_be_used_at_once() -> None:
    use_secrets(new_secrets())
    assert open_sealed("p", seal("p", b"x")) == b"x"
