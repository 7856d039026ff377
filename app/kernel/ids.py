"""Identifiers: prefixed, sortable by time of making, or derived from what they name.

Owns the two ways of making an id. Must not make secrets: an id tells its time of birth and may be shown anywhere;
coupon codes and tokens are made in offers and app/security.
"""

from __future__ import annotations

import hashlib

import uuid_utils

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32, lower case: no i, l, o, u."""
_PAIRS = [one + other for one in _CROCKFORD for other in _CROCKFORD]
_SHIFTS = range(120, -1, -10)


def _base32(value: int) -> str:
    """The lowest 130 bits as 26 digits."""
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])


def new_id(prefix: str) -> str:
    """`new_id("vis")` -> `vis_01jd...`: 26 base-32 digits of a UUIDv7 (RFC 9562), so ids sort by time of making."""
    return f"{prefix}_{_base32(uuid_utils.uuid7().int)}"


def derived_id(prefix: str, *parts: str | int) -> str:
    """The same parts always give the same id (SHA-256, 130 bits): what is derived twice is stored once."""
    joined = "\x1f".join(str(p) for p in parts).encode()
    return f"{prefix}_{_base32(int.from_bytes(hashlib.sha256(joined).digest()[:17], 'big') >> 6)}"
