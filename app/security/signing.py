"""Ed25519 signatures that others can check without asking us, with keys that change by the calendar.

Owns the signing keys: for each purpose one key a week, derived from the secrets file, so that every process has the same
ones, none is stored, and nobody has to remember to rotate. Must not know what is signed.

A key signs during its own week and is good for checking until the end of the next: what is signed must not live longer
than `OVERLAP_S`. The keys of the last, this and the next week are published together, so a checker that was
offline over midnight of Thursday (when Unix weeks turn) knows the new key already.

A key that leaked is revoked (key_changes.py): its week gets another one, its next turn, and every process sees that when it
signs or checks the next time. What was signed before it was revoked stays readable as that, for journals that come in later.
Source: RFC 8032 (Ed25519); derivation by HMAC-SHA256 as in NIST SP 800-108r1, counter mode with one block.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.security.sealing import derived_key, replaced_at

PERIOD_S = 7 * 86_400
OVERLAP_S = PERIOD_S
KEY_ID_BYTES, SIGNATURE_BYTES = 4, 64


@dataclass(frozen=True, slots=True)
class CheckingKey:
    """A public key. `id` is the beginning of its SHA-256; it signs from `signs_from` to `signs_until`, checks until `good_until`.

    `turn` is 0 unless keys of its week had to go before it; `revoked_at` is when it had to itself.
    """

    id: bytes
    public: bytes
    period: int
    signs_from: datetime
    signs_until: datetime
    good_until: datetime
    turn: int = 0
    revoked_at: datetime | None = None

    def revoked(self, at: datetime) -> bool:
        return self.revoked_at is not None and self.revoked_at <= at


def period_of(at: datetime) -> int:
    """The number of the week, counted from 1970 (Unix time, so no leap seconds)."""
    return int(at.timestamp()) // PERIOD_S


def sign(purpose: str, message: bytes, at: datetime) -> bytes:
    """The signature (64 bytes) with the key of this week; `checking_key(purpose, at)` names it."""
    key = checking_key(purpose, at)
    return _private(secret_beside(purpose, key, _label(purpose))).sign(message)


def checking_key(purpose: str, at: datetime) -> CheckingKey:
    return _turns(purpose, period_of(at))[-1]


def checking_keys(purpose: str, at: datetime) -> tuple[CheckingKey, ...]:
    """Those of the last, this and the next week that have not been revoked."""
    return tuple(_turns(purpose, period_of(at) + k)[-1] for k in (-1, 0, 1))


def known_keys(purpose: str, at: datetime) -> tuple[CheckingKey, ...]:
    """Those of `checking_keys` and the revoked ones of the same weeks, by week and turn."""
    return tuple(key for k in (-1, 0, 1) for key in _turns(purpose, period_of(at) + k))


def secret_beside(purpose: str, key: CheckingKey, label: str) -> bytes:
    """A secret of 32 bytes that lives and goes with a signing key."""
    return derived_key(label, key.period, family=purpose, turn=key.turn)


def checks(public: bytes, message: bytes, signature: bytes) -> bool:
    """True when `signature` over `message` was made with the private half of `public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def lasting_key(purpose: str) -> bytes:
    """The public half of a key that does not change with the week: for what is printed. It goes with the secrets file alone."""
    return _public(derived_key(f"lasting:{purpose}", 0))


def sign_lasting(purpose: str, message: bytes) -> bytes:
    """The signature (64 bytes) with that key."""
    return _private(derived_key(f"lasting:{purpose}", 0)).sign(message)


def _label(purpose: str) -> str:
    return f"ed25519:{purpose}"


@lru_cache(maxsize=64)
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=64)
def _public(seed: bytes) -> bytes:
    return _private(seed).public_key().public_bytes_raw()


def _turns(purpose: str, period: int) -> list[CheckingKey]:
    """Every key this week has had; the last one counts."""
    ends: tuple[datetime | None, ...] = (*replaced_at(purpose, period), None)
    return [_key(purpose, period, turn, revoked_at) for turn, revoked_at in enumerate(ends)]


def _key(purpose: str, period: int, turn: int, revoked_at: datetime | None) -> CheckingKey:
    public = _public(derived_key(_label(purpose), period, family=purpose, turn=turn))
    begins = period * PERIOD_S
    from_, until, good = (datetime.fromtimestamp(begins + s, UTC) for s in (0, PERIOD_S, PERIOD_S + OVERLAP_S))
    return CheckingKey(hashlib.sha256(public).digest()[:KEY_ID_BYTES], public, period, from_, until, good, turn, revoked_at)
