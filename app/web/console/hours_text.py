"""The hours of a service as a person writes them, line by line, and back. Pure.

Owns the two forms: `mon tue 10:00-18:00 EUR 55.00` for a week, `2026-12-24 closed` or `2026-12-24 10:00-14:00` for a day that is different. What the pieces mean together is
checked by storefront.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.web.amounts import amount_text, minor_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)")
_PRICE = re.compile(r"([A-Z]{3})\s+(\d+(?:[.,]\d+)?)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class NotHours(ValueError):
    """Says which line cannot be read, and how one is written."""


def week_of(text: str) -> list[dict[str, Any]]:
    """Raises NotHours."""
    out: list[dict[str, Any]] = []
    for line in _lines(text):
        words = line.lower().split()
        days = _days(words)
        if not days:
            raise NotHours(f"“{line}”: begin with days, as mon tue wed 10:00-18:00")
        out.append({"days": days, **_hours(line)})
    return out


def days_of(text: str) -> list[dict[str, Any]]:
    """Several lines of one date are one day. Raises NotHours."""
    days: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(text):
        date = line.split()[0]
        if not _DATE.fullmatch(date):
            raise NotHours(f"“{line}”: begin with a date, as 2026-12-24 closed")
        open_ = days.setdefault(date, [])
        if line.split()[1:] != ["closed"]:
            open_.append(_hours(line))
    return [{"date": date, "open": open_} for date, open_ in sorted(days.items())]


def text_of_week(open_: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"{' '.join(one['days'])} {_written(one)}" for one in open_)


def text_of_days(other: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"{one['date']} {_written(hours)}" for one in other for hours in one["open"]]
    return "\n".join(sorted((*lines, *(f"{one['date']} closed" for one in other if not one["open"]))))


def _lines(text: str) -> Iterable[str]:
    return (" ".join(line.split()) for line in text.splitlines() if line.strip())


def _days(words: Sequence[str]) -> list[str]:
    """`mon-fri` is all between."""
    out: list[str] = []
    for word in words:
        first, dash, last = word.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            break
        out += DAYS[DAYS.index(first) : DAYS.index(last) + 1] if dash else [first]
    return list(dict.fromkeys(out))


def _hours(line: str) -> dict[str, Any]:
    span = _SPAN.search(line)
    if span is None:
        raise NotHours(f"“{line}”: say from when to when, as 10:00-18:00")
    rest = line[span.end() :].strip()
    if _PRICE.sub("", rest).strip():
        raise NotHours(f"“{line}”: after the hours only a price, as EUR 55.00")
    try:
        prices = {found[1]: minor_of(found[2], found[1]) for found in _PRICE.finditer(rest)}
    except ValueError as wrong:
        raise NotHours(f"“{line}”: {wrong}") from None
    return {"begins": span[1], "ends": span[2], "prices_minor": prices}


def _written(one: Mapping[str, Any]) -> str:
    prices = "".join(f" {currency} {amount_text(amount, currency)}" for currency, amount in sorted(one["prices_minor"].items()))
    return f"{one['begins']}-{one['ends']}{prices}"
