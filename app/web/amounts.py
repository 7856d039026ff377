"""Sums as people type them, and back: `4.90` or `4,9` is 490 cents.

Pure. Owns the two forms. Must not know a page.
"""

from __future__ import annotations

import re

from app.kernel.money import decimals_of


class Unread(ValueError):
    """The text is not what is asked for; the message is the remedy."""


def number_of(text: str, decimals: int, such_as: str) -> str:
    """With a point, and digits on both sides of it; raises Unread."""
    found = re.fullmatch(r"(-?[0-9]{1,12})(?:[.,]([0-9]{1,4}))?", text.replace(" ", ""))
    if found is None or len(found[2] or "") > decimals:
        raise Unread(such_as)
    return f"{found[1]}.{found[2] or '0'}"


def minor_of(text: str, currency: str) -> int:
    """`4.90` or `4,9` as 490 cents; raises Unread with the remedy."""
    decimals = decimals_of(currency)
    such_as = f"an amount such as {'4.90' if decimals else '490'}, without the sign of the currency"
    whole, _, part = number_of(text, decimals, such_as).partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 10**decimals + sign * int(part.ljust(decimals, "0")[:decimals] or 0)


def amount_text(amount_minor: int, currency: str) -> str:
    """The inverse: 490 as `4.90`, 500 as `5`."""
    decimals = decimals_of(currency)
    whole, part = divmod(abs(amount_minor), 10**decimals)
    text = f"{whole}.{part:0{decimals}}" if part else str(whole)
    return f"-{text}" if amount_minor < 0 else text
