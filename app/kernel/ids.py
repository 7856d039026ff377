"""Identifiers: prefixed, sortable by time of making, or derived from what they name.

Owns the two ways of making an id. Must not make secrets: an id tells its time of birth and may be shown anywhere;
coupon codes and tokens are made in offers and app/security.
"""

from __future__ import annotations

import base64
import hashlib

import uuid_utils

_DIGITS = 26
_RFC4648_TO_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")
"""Crockford's base 32, lower case: no i, l, o, u."""


def _base32(value: int) -> str:
    """The lowest 130 bits as 26 digits."""
    bits = (value << 30).to_bytes(20, "big")  # RFC 4648 takes whole groups of 40 bits; the last six digits are nothing
    return base64.b32encode(bits)[:_DIGITS].translate(_RFC4648_TO_CROCKFORD).decode()


def new_id(prefix: str) -> str:
    """`new_id("vis")` -> `vis_01jd...`: 26 base-32 digits of a UUIDv7 (RFC 9562), so ids sort by time of making."""
    return f"{prefix}_{_base32(uuid_utils.uuid7().int)}"


def derived_id(prefix: str, *parts: str | int) -> str:
    """The same parts always give the same id (SHA-256, 130 bits): what is derived twice is stored once."""
    joined = "\x1f".join(str(p) for p in parts).encode()
    return f"{prefix}_{_base32(int.from_bytes(hashlib.sha256(joined).digest()[:17], 'big') >> 6)}"
