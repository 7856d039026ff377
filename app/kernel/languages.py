"""How people write money, dates, numbers and plurals, language by language; and which language to take when hers is not there.

Owns the way from a language tag (BCP 47) to CLDR's rules, by babel. Pure. Must not raise over a tag it does not know: that is written as
English is.
"""

from __future__ import annotations

import datetime as dt
import pkgutil
import re
from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.kernel.money import Money

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
PLAIN = "en"
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})


@lru_cache(maxsize=256)
def known(tag: str) -> bool:
    """Whether it is a language tag that CLDR has rules for."""
    return TAG.fullmatch(tag) is not None and _parsed(tag) is not None


@lru_cache(maxsize=256)
def _parsed(tag: str) -> Any:
    from babel import Locale, UnknownLocaleError  # lazy: babel reads its tables

    for part in (tag, tag.split("-", maxsplit=1)[0]):
        try:
            return Locale.parse(part, sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None


def _locale(tag: str) -> Any:
    return _parsed(tag if TAG.fullmatch(tag) else PLAIN) or _parsed(PLAIN)


def chain(wanted: str, default: str) -> tuple[str, ...]:
    """The languages to look for, the best first: `fr-CA`, `fr`, then the default and what it is a form of."""
    out: list[str] = []
    for tag in (wanted, default):
        parts = tag.split("-") if TAG.fullmatch(tag) else []
        out += ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys(out))


def chosen(wanted: str, there: Collection[str], default: str) -> str:
    """The best of those that are `there`; the default if none is. Letters may be large or small."""
    by_name = {tag.lower(): tag for tag in there}
    return next((by_name[tag.lower()] for tag in chain(wanted, default) if tag.lower() in by_name), default)


def right_to_left(tag: str) -> bool:
    return tag.split("-", maxsplit=1)[0].lower() in RIGHT_TO_LEFT


def money(value: Any, tag: str) -> str:
    """`Money(1250, "EUR")` is `12,50 €` in Finnish. Raises TypeError for what is no money."""
    if not isinstance(value, Money):
        raise TypeError("money is written of an amount, such as amount or price")
    from babel.numbers import format_currency, get_currency_precision

    amount = Decimal(value.amount_minor).scaleb(-get_currency_precision(value.currency))
    return format_currency(amount, value.currency, locale=_locale(tag))


def number(value: Any, tag: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError("that is no number")
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale(tag))


def date(value: Any, tag: str, form: str = "medium") -> str:
    """`form`: short, medium, long, full, as CLDR has them."""
    if not isinstance(value, (dt.date, dt.datetime)) or form not in ("short", "medium", "long", "full"):
        raise TypeError("a date is written of an instant, such as ends; its form is short, medium, long or full")
    from babel.dates import format_date

    return format_date(value, form, locale=_locale(tag))


def time(value: Any, tag: str) -> str:
    """The wall clock of the instant's own zone."""
    if not isinstance(value, dt.datetime):
        raise TypeError("a time is written of an instant, such as ends")
    from babel.dates import format_time

    return format_time(value, "short", tzinfo=value.tzinfo, locale=_locale(tag))


def plural(value: Any, tag: str) -> str:
    """zero, one, two, few, many or other."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError("that is no number")
    return _locale(tag).plural_form(value)


def one(tag: str, count: int) -> bool:
    """Whether the language says so many as it says one thing."""
    return _locale(tag).plural_form(count) == "one"


def catalogue(package: str, name: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """A gettext catalogue (`.po`) that is shipped with a package, as (context, id) -> what is said, with its plural forms; what is not translated or in doubt is left out."""
    from babel.messages.pofile import read_po  # lazy, as above

    found = read_po((pkgutil.get_data(package, name) or b"").decode().splitlines())
    told: dict[tuple[str, str], tuple[str, ...]] = {}
    for message in found:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not message.fuzzy and all(forms):
            told[message.context or "", message.id if isinstance(message.id, str) else message.id[0]] = tuple(str(form) for form in forms)
    return told
