"""An audience in plain words: what a condition asks for, and what is known of one shopper. English for now.

Pure. Owns these words for the console, the difference of versions and the reasons alike. Places go by the names that are handed
in. Must not decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.kernel.money import Money
from offers.reasons import Facts
from offers.segments import SCOPES, Fact, Segment, Value

NAMES: dict[str, str] = {
    Fact.MEMBER_DAYS: "Days since we know her",
    Fact.ACCOUNT: "Has an account (1 yes, 0 no)",
    Fact.MESSAGES: "Messages switched on (1 yes, 0 no)",
    Fact.TIER: "Tier of the loyalty programme (1 is the lowest, 0 none)",
    Fact.MEMBER: "Is a member (1 yes, 0 no)",
    Fact.VISITS: "Visits",
    Fact.AVERAGE_STAY_S: "Average stay, in seconds",
    Fact.DAYS_SINCE_VISIT: "Days since the last visit",
    Fact.ORDERS: "Orders",
    Fact.SPENT_MINOR: "Money spent, in minor units",
    Fact.DAYS_SINCE_ORDER: "Days since the last order",
    Fact.COUPONS_GIVEN: "Coupons given",
    Fact.COUPONS_USED: "Coupons used",
    Fact.COUPONS_UNUSED: "Coupons left unused",
    Fact.ANSWERS: "Answers chosen in surveys",
}
COUNTED: dict[str, tuple[str, str]] = {
    Fact.VISITS: ("visit", ""),
    Fact.ORDERS: ("order", ""),
    Fact.COUPONS_GIVEN: ("coupon", " given"),
    Fact.COUPONS_USED: ("coupon", " used"),
    Fact.COUPONS_UNUSED: ("coupon", " left unused"),
    Fact.ANSWERS: ("answer", " chosen"),
}


def listed(words: Sequence[str], last: str = "or") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def _plural(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def amount(fact: str, value: Value, currency: str | None) -> str:
    """One value with its unit: `2 visits`, `20.00 EUR`, `45 days`; `none` where there is nothing to tell of."""
    if value is None:
        return "none"
    if fact in COUNTED:
        word, after = COUNTED[fact]
        return f"{_plural(value, word)}{after}"
    if fact == Fact.SPENT_MINOR:
        return Money(value, currency or "EUR").display()
    if fact == Fact.AVERAGE_STAY_S:
        return _plural(value // 60, "minute") if value >= 60 else _plural(value, "second")
    if fact in (Fact.ACCOUNT, Fact.MESSAGES, Fact.MEMBER):
        return "yes" if value else "no"
    if fact == Fact.TIER:
        return f"tier {value}"
    return _plural(value, "day")


def _bounds(c: Segment) -> str:
    """`at least 2 visits`, `from 2 visits to 5 visits`, `exactly 1 order`."""
    fact = c.fact or ""
    least, most = (amount(fact, bound, c.currency) if bound is not None else "" for bound in (c.at_least, c.at_most))
    if c.at_least == c.at_most:
        return f"exactly {least}"
    if c.at_most == 0 and fact in COUNTED:
        word, after = COUNTED[fact]
        return f"no {word}{after}"
    if least and most:
        return f"from {least} to {most}"
    return f"at least {least}" if least else f"at most {most}"


def _scope(c: Segment, place_names: Mapping[str, str]) -> str:
    places = [place_names.get(i, i) for i in c.place_ids]
    places += [f"any shop of {chain.replace('-', ' ').title()}" for chain in c.chains]
    places += [f"any place for {tag}" for tag in c.tags]
    things = [f"product {p}" for p in c.product_ids] + [f"category {name}" for name in c.categories] + [f"plan {p}" for p in c.plan_ids]
    out = f" at {listed(places)}" if places else ""
    out += f" of {listed(things)}" if things else ""
    out += f" of {listed(c.answers)}" if c.answers else ""
    return out + (f" by {listed(c.campaign_ids)}" if c.campaign_ids else "")


def condition(c: Segment, place_names: Mapping[str, str] | None = None) -> str:
    """`at least 2 visits at any shop of Ooey Gooey within 30 days`."""
    fact, scope = c.fact or "", _scope(c, place_names or {})
    within = f" within {_plural(c.within_days, 'day')}" if c.within_days is not None else ""
    if fact == Fact.ACCOUNT:
        return "an account" if c.at_least else "no account"
    if fact == Fact.MESSAGES:
        return "messages switched on" if c.at_least else "messages switched off"
    if fact == Fact.MEMBER:
        return f"{'a' if c.at_least else 'no'} membership{scope}"
    if fact == Fact.TIER and c.at_most == 0:
        return "no tier of the loyalty programme"
    if fact == Fact.AVERAGE_STAY_S:
        return f"an average stay of {_bounds(c)}{scope}{within}"
    if fact == Fact.DAYS_SINCE_VISIT:
        return f"the last visit{scope} {_bounds(c)} ago"
    if fact == Fact.DAYS_SINCE_ORDER:
        return f"the last order{scope} {_bounds(c)} ago"
    if fact == Fact.MEMBER_DAYS:
        return f"{_bounds(c)} with us"
    return f"{_bounds(c)}{' spent' if fact == Fact.SPENT_MINOR else ''}{scope}{within}"


def phrase(segment: Segment, place_names: Mapping[str, str] | None = None) -> str:
    """The whole of it in one clause; brackets where others are joined within."""
    if segment.fact is not None:
        return condition(segment, place_names)

    def joined(inner: Sequence[Segment], word: str) -> str:
        return f" {word} ".join(
            phrase(one, place_names) if one.fact is not None else f"({phrase(one, place_names)})" for one in inner
        )

    parts = [joined(segment.all, "and")] if segment.all else []
    if segment.any:
        either = joined(segment.any, "or")
        parts.append(f"({either})" if len(segment.any) > 1 and (segment.all or segment.none) else either)
    parts += [f"not ({joined(segment.none, 'or')})"] if segment.none else []
    return " and ".join(parts)


def sentences(segment: Segment, place_names: Mapping[str, str]) -> list[str]:
    """For the page of a campaign: one sentence for each thing that must be so."""
    if segment.fact is not None:
        return [f"She has {condition(segment, place_names)}."]
    out = [f"She has {phrase(one, place_names)}." for one in segment.all]
    if segment.any:
        out.append(f"She has {listed([phrase(one, place_names) for one in segment.any])}.")
    return out + [f"She has not: {phrase(one, place_names)}." for one in segment.none]


def of_document(document: Mapping[str, Any] | None, place_names: Mapping[str, str]) -> list[str]:
    """`sentences` of an audience as a campaign's document has it."""
    return sentences(msgspec.convert(document, Segment), place_names) if document is not None else ["Everybody."]


def facts_of(c: Segment, value: Value, wanted: bool) -> Facts:
    """What a decision records of a condition that kept her out: numbers and names, no text."""
    facts: Facts = {"fact": c.fact, "value": value, "wanted": wanted}
    facts |= {
        name: given
        for name in ("at_least", "at_most", "within_days", "currency")
        if (given := getattr(c, name)) is not None
    }
    return facts | {name: "\n".join(values) for name in SCOPES if (values := getattr(c, name))}





def texts_of(facts: Facts) -> dict[str, str]:
    """`asked_text` and `known_text` of such facts, for the sentences of reasons.py; nothing for other facts."""
    if not isinstance(facts.get("fact"), str):
        return {}
    scopes = {name: tuple(str(facts[name]).split("\n")) for name in SCOPES if facts.get(name)}
    named: dict[str, str | int | None] = {
        n: v
        for n in ("fact", "at_least", "at_most", "within_days", "currency")
        if not isinstance(v := facts.get(n), (bool, float))
    }
    asked = Segment(**named, **scopes)  # pyright: ignore[reportArgumentType]
    value = facts.get("value")
    known = amount(str(facts["fact"]), value if isinstance(value, int) else None, asked.currency)
    return {"asked_text": ("" if facts.get("wanted") else "not: ") + condition(asked), "known_text": known}
