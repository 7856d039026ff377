"""Coupon codes: 75 random bits and a check character, as `7K3F-9QPM-X2TD-WV4C`.

Pure: the random bits are handed in (bootstrap gives `secrets.randbits`). Owns alphabet, check character and forgiving
reading. Must not store or look up anything.

The 16 characters are elements of GF(32) (Crockford's base 32 digits, polynomial x^5 + x^2 + 1) and a valid code satisfies
sum(a^k * c_k) = 0 with distinct weights a^k. So every single wrong character is caught, and so is every exchange of two
characters, adjacent or not (the weights differ). Two unrelated errors slip through once in 32.

ISO/IEC 7064 asks the same of its systems (every single substitution, nearly every transposition), but they check modulo a
number: for 32 signs, which is no prime, they would need a 33rd sign or let errors through. A field of 32 needs neither.
"""

from __future__ import annotations

from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
RANDOM_BITS = 5 * (LENGTH - 1)
LIVE_DIGITS = 8
"""So many digits of a live code (rotating.py) may follow a code."""

_VALUE = {c: i for i, c in enumerate(ALPHABET)}
_READ_AS = {"O": "0", "I": "1", "L": "1"}
_SEPARATORS = {" ", "-", "\t", "\n", "\r", "\u00a0", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"}


def _powers() -> tuple[int, ...]:
    out, value = [1], 1
    for _ in range(LENGTH - 1):
        value <<= 1
        if value & 0b100000:
            value ^= 0b100101
        out.append(value)
    return tuple(out)


_WEIGHTS = _powers()
"""a^0 .. a^15; the check character has weight a^0 = 1."""


def _times(x: int, y: int) -> int:
    product = 0
    while y:
        if y & 1:
            product ^= x
        x <<= 1
        if x & 0b100000:
            x ^= 0b100101
        y >>= 1
    return product


def check_character(body: str) -> str:
    """The 16th character for 15 canonical characters."""
    total = 0
    for weight, char in zip(_WEIGHTS[1:], body, strict=True):
        total ^= _times(weight, _VALUE[char])
    return ALPHABET[total]


def new_code(random_bits: Callable[[int], int]) -> str:
    """Canonical (no dashes). `random_bits(75)` must be uniform and unpredictable (`secrets.randbits`)."""
    value = random_bits(RANDOM_BITS)
    body = "".join(ALPHABET[(value >> shift) & 31] for shift in range(RANDOM_BITS - 5, -5, -5))
    return body + check_character(body)


def apart(typed: str) -> tuple[str, str]:
    """(code, live digits) of what was typed or scanned: the digits follow the 16 characters, or are not there (empty)."""
    chars = "".join(c for c in typed[: 4 * LENGTH] if c not in _SEPARATORS) if len(typed) <= 4 * LENGTH else ""
    if len(chars) != LENGTH + LIVE_DIGITS:
        return typed, ""
    return chars[:LENGTH], "".join(_READ_AS.get(c, c) for c in chars[LENGTH:].upper())


def live_target(typed: str) -> str | None:
    """The canonical code whose live digits this tries; None where no digits follow a code. What follows can be guessed at, by many."""
    code, digits = apart(typed)
    return normalise(code) if digits else None


def normalise(typed: str) -> str | None:
    """What a person typed or a scanner read as the canonical 16 characters; None if it cannot be one (also a wrong check)."""
    if len(typed) > 200:
        return None
    chars = [_READ_AS.get(c, c) for c in typed.upper() if c not in _SEPARATORS]
    if len(chars) != LENGTH or any(c not in _VALUE for c in chars):
        return None
    code = "".join(chars)
    return code if check_character(code[:-1]) == code[-1] else None


def shown(code: str) -> str:
    """For people: groups of four."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))
