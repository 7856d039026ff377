"""What a product can be narrowed down by, as words of a full-text index: category, kind, currency, what can be chosen, and about what it costs.

Owns these words. An index over them answers several conditions at once in the time one of them takes. A word stands for what it was made of
by 48 bits of a digest: that two things of one shop ever share one is not to be expected. Pure.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable
from hashlib import blake2b

STEPS_BITS = 2
"""Prices lie in steps, four to each doubling: the index need not know them to the cent."""
LEVELS = (4, 2, 0)
"""A price is told by its step, and by the four and the sixteen steps it lies in, so that any range is few words."""

AnyOf = tuple[str, ...]


def words_of(category: str, kind: str, currency: str, price_minor: int, options: Iterable[tuple[str, str]]) -> str:
    """Of a product that is listed, with blanks between; `options` are those of everything that is sold of it."""
    step = _step(price_minor)
    words = [_word("category", category), _word("kind", kind), _word("currency", currency)]
    words += [_word("option", name, value) for name, value in options]
    words += [_word("price", str(level), str(step >> level)) for level in LEVELS]
    return " ".join(dict.fromkeys(words))


def of_categories(names: Iterable[str]) -> AnyOf:
    """It lies in one of them."""
    return tuple(_word("category", name) for name in names)


def of_kind(kind: str) -> AnyOf:
    """It is of this kind."""
    return (_word("kind", kind),)


def of_currency(currency: str) -> AnyOf:
    """Its price is in this currency."""
    return (_word("currency", currency),)


def of_option(name: str, value: str) -> AnyOf:
    """This can be chosen of it."""
    return (_word("option", name, value),)


def of_price(from_minor: int, to_minor: int) -> AnyOf:
    """What costs `from_minor` to `to_minor` is among it, and little that costs less or more. Empty: nothing can cost that."""
    step, last = _step(max(0, from_minor)), _step(to_minor) if to_minor >= 0 else -1
    words: list[str] = []
    while step <= last:
        level = next(one for one in LEVELS if step % (1 << one) == 0 and step + (1 << one) - 1 <= last)
        words.append(_word("price", str(level), str(step >> level)))
        step += 1 << level
    return tuple(words)


def _step(price_minor: int) -> int:
    """0, 1, 2, ... upwards with the price: the place of its first bit, and the two bits after it."""
    length = price_minor.bit_length()
    if length <= STEPS_BITS:
        return price_minor
    return ((length - STEPS_BITS) << STEPS_BITS) + ((price_minor >> (length - STEPS_BITS - 1)) & 3)


def _word(*parts: str) -> str:
    """Letters and digits only, whatever the parts hold, and few of them."""
    return b32encode(blake2b("\0".join(parts).encode(), digest_size=6).digest()).rstrip(b"=").decode().lower()
