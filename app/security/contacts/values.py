"""Addresses and telephone numbers: in what form they are stored, and how much of them is shown.

Pure but for the e-mail rule it shares with accounts. Must not store or send anything.
"""

from __future__ import annotations

import re
from enum import StrEnum

from app.kernel.errors import Invalid
from app.security.accounts import accepted_email


class ContactKind(StrEnum):
    """The ways to reach somebody. `phone` is a number that takes texts."""

    EMAIL = "email"
    PHONE = "phone"


MAX_TYPED_CHARS = 320
_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
"""ITU-T E.164: a country code and at most 15 digits in all; shorter than eight is nobody's number."""


def accepted(kind: ContactKind, typed: str) -> str:
    """The form that is stored: an address trimmed in lower case, a number in E.164. Raises `Invalid` naming `value`."""
    if kind is ContactKind.EMAIL:
        try:
            return accepted_email(typed)
        except Invalid:
            raise Invalid.field("value", "an e-mail address such as jane@example.org") from None
    number = _PUNCTUATION.sub("", typed)
    if number.startswith("00"):
        number = "+" + number[2:]
    if len(typed) > MAX_TYPED_CHARS or not _E164.fullmatch(number):
        raise Invalid.field("value", "a telephone number with its country code, such as +358 40 123 4567")
    return number


def masked(kind: ContactKind, value: str) -> str:
    """Enough to know one's own by: `j…@example.org`, `+358…67`."""
    if kind is ContactKind.EMAIL:
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}…@{domain}"
    return f"{value[:4]}…{value[-2:]}"
