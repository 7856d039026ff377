"""Ephemeral ids of Eddystone beacons: computing them, and agreeing on the key they come from.

Owns the two formulas (AES-128, X25519 with HKDF-SHA256) and is the one file of the room that speaks `cryptography`. It must not
store keys nor know which beacons there are: rotation.py resolves. A key appears in no message.
Source: Eddystone, "Eddystone-EID computation"; RFC 7748, RFC 5869.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from geofences.beacons.rotation import MOST_EXPONENT, Rotation, WrongKey


def ephemeral_id(identity_key: bytes, exponent: int, clock_s: int) -> bytes:
    """The 8 bytes a beacon with this key sends when its clock shows `clock_s` (0..2^32-1); they change every 2^exponent seconds."""
    if len(identity_key) != 16:
        raise WrongKey("an identity key has 16 bytes")
    if not 0 <= exponent <= MOST_EXPONENT:
        raise WrongKey(f"the rotation exponent is a whole number from 0 to {MOST_EXPONENT}")
    if not 0 <= clock_s < 1 << 32:
        raise WrongKey("a beacon's clock counts from 0 to 2^32 - 1")
    # one key for every 65,536 s, from which the ids of that time come
    passing = _aes(identity_key, bytes(11) + b"\xff\x00\x00" + (clock_s >> 16).to_bytes(2, "big"))
    began = clock_s >> exponent << exponent
    return _aes(passing, bytes(11) + bytes([exponent]) + began.to_bytes(4, "big"))[:8]


def _aes(key: bytes, block: bytes) -> bytes:
    # one block, as the layout asks: there is no mode to choose
    return Cipher(AES(key), ECB()).encryptor().update(block)  # noqa: S305


def agreed_key(our_private: bytes, their_public: bytes, *, resolver_public: bytes, beacon_public: bytes) -> bytes:
    """The 16-byte identity key a resolver and a beacon agree on (X25519 keys of 32 bytes); raises `WrongKey`.

    Either side calls it with its own private key; the two public keys are the salt. An all-zero secret (a public key of small
    order) is refused: anybody could know it.
    """
    try:
        secret = X25519PrivateKey.from_private_bytes(our_private).exchange(
            X25519PublicKey.from_public_bytes(their_public)
        )
    except ValueError:
        raise WrongKey("a key for the agreement has 32 bytes, and a public one must not be of small order") from None
    if not any(secret):
        raise WrongKey("a public key must not be of small order")
    return HKDF(SHA256(), 32, resolver_public + beacon_public, None).derive(secret)[:16]


def public_key(private: bytes) -> bytes:
    """The public half of an X25519 key of 32 bytes."""
    try:
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    except ValueError:
        raise WrongKey("a private key has 32 bytes") from None


def sends(rotation: Rotation, clock_s: int) -> bytes:
    """`ephemeral_id` as rotation.py asks for it."""
    return ephemeral_id(rotation.identity_key, rotation.exponent, clock_s)
