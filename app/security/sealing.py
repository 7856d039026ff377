"""Sealing (AES-256-GCM) and keyed hashes, with the keys of the secrets file.

Owns the sealed format and the key ring of this process. Must not read files and must not log what it seals.

A process has one key ring: `use_secrets(secrets, changed)` is called once by the bootstrap, before anything is sealed. A sealed
value is `0x01 | len(key id) | key id | nonce (12) | ciphertext and tag`; header, purpose and `associated` are
authenticated, so a value sealed for one purpose, or for one row, does not open for another.
Source: NIST SP 800-38D; 96-bit random nonces are good for 2^32 values a key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.kernel.errors import AppError
from app.security.secrets import Replacement, Secrets

_VERSION = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(AppError):
    """The sealed value was not made here, not for this purpose, or was changed."""

    status = 500
    code = "cannot_open"


class NoSecrets(RuntimeError):
    """The key ring is empty: the bootstrap calls `use_secrets` before anything is sealed, opened or hashed."""


class _Ring:
    """The keys in use. Keys of earlier secrets stay able to open: a rotated key must still read old rows."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.current: Secrets | None = None
        self.ciphers: dict[str, AESGCM] = {}
        self.changed: Callable[[], Secrets | None] | None = None


_ring = _Ring()


def use_secrets(secrets: Secrets, changed: Callable[[], Secrets | None] | None = None) -> None:
    """Make `secrets` the ones of this process. Calling it again adds keys that open and replaces the one that seals.

    `changed` is asked whenever something is signed or a signature is checked: newer secrets, or None (secrets.Watched).
    """
    with _ring.lock:
        _take(secrets)
        _ring.changed = changed


def take_up(secrets: Secrets) -> None:
    """`secrets` have come in the place of the ones in use; whoever watches them goes on."""
    with _ring.lock:
        _take(secrets)


def _take(secrets: Secrets) -> None:
    _ring.ciphers = {**_ring.ciphers, **{key_id: AESGCM(key) for key_id, key in secrets.sealing_keys.items()}}
    _ring.current = secrets


def _newest() -> Secrets:
    """The secrets as they stand in their file now: a key that was revoked there counts no more in any process."""
    if _ring.changed is not None:
        with _ring.lock:
            newer = _ring.changed() if _ring.changed is not None else None
            if newer is not None:
                _take(newer)
    return _secrets()


def _secrets() -> Secrets:
    current = _ring.current
    if current is None:
        raise NoSecrets(NoSecrets.__doc__)
    return current


def seal(purpose: str, plaintext: bytes, associated: bytes = b"") -> bytes:
    """Encrypt and authenticate. `purpose` names the kind of value (`fix_log`), `associated` what it belongs to (a row id).

    The same three arguments give a different value each time; the length of the plaintext shows.
    """
    key_id = _secrets().sealing_key_id
    header = _VERSION + bytes([len(key_id)]) + key_id.encode("ascii")
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + _ring.ciphers[key_id].encrypt(nonce, plaintext, _bound(header, purpose, associated))


def open_sealed(purpose: str, sealed: bytes, associated: bytes = b"") -> bytes:
    """The plaintext of a value sealed for the same purpose and `associated`; raises `CannotOpen` for anything else."""
    sealed = bytes(sealed)
    if len(sealed) < 2 or sealed[:1] != _VERSION:
        raise CannotOpen("not a sealed value of this house")
    end = 2 + sealed[1]
    header, nonce, body = sealed[:end], sealed[end : end + _NONCE_BYTES], sealed[end + _NONCE_BYTES :]
    cipher = _ring.ciphers.get(header[2:].decode("ascii", "replace"))
    if cipher is None:
        raise CannotOpen("sealed with a key that is not in the secrets file; put back the file that was in use")
    try:
        return cipher.decrypt(nonce, body, _bound(header, purpose, associated))
    except (InvalidTag, ValueError):
        raise CannotOpen() from None


def keyed_hash(purpose: str, value: str | bytes) -> str:
    """HMAC-SHA256 in 64 hex digits: finds a value again without storing it. Another purpose gives another hash."""
    return _hmac(_secrets().code_key, purpose, value)


def link_signature(purpose: str, value: str | bytes) -> str:
    """HMAC-SHA256 (hex) over what a link carries; check with `hmac.compare_digest`."""
    return _hmac(_secrets().link_key, purpose, value)


def derived_key(purpose: str, period: int, *, family: str | None = None, turn: int = 0) -> bytes:
    """32 bytes that only this house can make again: one key for each purpose and period (a number).

    With `family` and `turn` from the root that came in the place of that family's for the `turn`th time (`replaced_at`).
    """
    root = _secrets().link_key if turn == 0 else _replacements(family or purpose, period)[turn - 1].root
    return hmac.new(root, framed(b"derived", purpose.encode(), period.to_bytes(8, "big")), hashlib.sha256).digest()


def replaced_at(family: str, period: int) -> tuple[datetime, ...]:
    """When the root of this family's keys of `period` was replaced, oldest first; asks for newer secrets."""
    _newest()
    return tuple(r.at for r in _replacements(family, period))


def _replacements(family: str, period: int) -> tuple[Replacement, ...]:
    return tuple(r for r in _secrets().replacements.get(family, ()) if r.covers(period))


def peppered(password: str) -> str:
    """What is hashed in place of a password: without the secrets file a stolen table cannot be guessed against."""
    return _hmac(_secrets().pepper, "password", password)


def _hmac(key: bytes, purpose: str, value: str | bytes) -> str:
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return hmac.digest(key, framed(purpose.encode(), raw), "sha256").hex()


def _bound(header: bytes, purpose: str, associated: bytes) -> bytes:
    return framed(header, purpose.encode(), associated)


def framed(*parts: bytes) -> bytes:
    """Length before each part, so that no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
