"""The programme in plain words: what it takes, what it gives, until when. Pure.

Owns the sentences of the phone and the console. They say what is to be had and by when, never what is about to be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.kernel.money import Money
from storefront.loyalty.programme import Card, Challenge, Every, Gift, GiftKind, Goal, Level, Programme, Scope, Tiers

PERIODS = {Every.WEEK: "week", Every.MONTH: "month"}


def day(iso: str) -> str:
    when = date.fromisoformat(iso)
    return f"{when.day} {when:%B %Y}"


def gift(one: Gift) -> str:
    if one.kind is GiftKind.POINTS:
        return f"{one.points} {'point' if one.points == 1 else 'points'}"
    money = Money(one.amount_minor, one.currency).display()
    return f"the cheapest of them back on your balance, up to {money}" if one.kind is GiftKind.FREE_PIECE else f"{money} on your balance"


def benefits(level: Level) -> tuple[str, ...]:
    times = f"{level.points_bp / 10_000:g}"
    return (*([f"{times} times the points"] if level.points_bp != 10_000 else []), *(["free delivery"] if level.free_delivery else []))


def scope(one: Scope, names: Mapping[str, str]) -> str:
    """`names`: product id -> what it is called."""
    if not one.products and not one.categories:
        return "anything"
    return " or ".join([*(f"“{c}”" for c in one.categories), *(f"“{names.get(p, p)}”" for p in one.products)])


def card(one: Card, names: Mapping[str, str]) -> str:
    what = "One stamp for each store and day you visit." if one.scope.visits else f"One stamp for each piece of {scope(one.scope, names)} you buy."
    often = f" Up to {one.most} full cards." if one.most else ""
    return f"{what} {one.needs} stamps: {gift(one.gift)}.{often} Until {day(one.ends_on)}."


def challenge(one: Challenge, names: Mapping[str, str]) -> str:
    match one.goal:
        case Goal.VISITS:
            what = f"Visit us on {one.count} {'day' if one.count == 1 else 'days (one for each store)'}"
        case Goal.STORES:
            what = f"Visit {one.count} different {'store' if one.count == 1 else 'stores'}"
        case Goal.PIECES:
            what = f"Buy {one.count} {'piece' if one.count == 1 else 'pieces'} of {scope(one.scope, names)}"
        case Goal.SPEND:
            what = f"Buy {scope(one.scope, names)} for {Money(one.count, one.currency).display()}"
    if one.every is Every.ONCE:
        when = f" from {day(one.starts_on)} to {day(one.ends_on)}"
    elif one.in_a_row > 1:
        when = f" in each of {one.in_a_row} {PERIODS[one.every]}s in a row, until {day(one.ends_on)}"
    else:
        when = f" within a {PERIODS[one.every]}, until {day(one.ends_on)}"
    often = f" Up to {one.most} times." if one.most > 1 else ""
    return f"{what}{when}: {gift(one.gift)}.{often}"


def tiers(one: Tiers) -> str:
    what = f"what you spend in {one.currency}" if one.measure == "spend" else "the points you earn"
    kept = f" A tier stays {one.kept_days} days after the last day on which that was enough." if one.kept_days else ""
    return f"Your tier goes by {what} within {one.window_days} days. What you give back does not count.{kept}"


def amount(tiers: Tiers, value: int) -> str:
    return Money(value, tiers.currency).display() if tiers.measure == "spend" else f"{value} points"


def points(programme: Programme) -> tuple[str, ...]:
    rules, out = programme.points, list[str]()
    if rules.per_visit:
        out.append(f"{rules.per_visit} points for each store and day you visit, on up to {rules.visit_days_per_month} days a month.")
    if rules.exchange:
        out.append(f"{rules.exchange.points} points are {Money(rules.exchange.credit_minor, rules.exchange.currency).display()} on your balance.")
    if rules.last_days and rules.lapse_from:
        out.append(f"Points are good for {rules.last_days} days; none ends before {day(rules.lapse_from)}.")
    return tuple(out)
