"""What is due to somebody by her facts: full cards and met challenges to be given, and those to be taken back. Pure.

Owns joining the rules over one person's facts. The same facts in any order, told once or ten times, give the same. A rule is closed some time after its
last day: by then everything that could come back has, and nothing of it moves any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from storefront.loyalty import challenges, stamps
from storefront.loyalty.facts import Facts
from storefront.loyalty.programme import Card, Challenge, Gift, Programme
from storefront.loyalty.stamps import Given

CLOSED_AFTER_DAYS = 60


@dataclass(frozen=True, slots=True)
class Due:
    """A gift to be given: `rule` and `number` are given once a person."""

    rule: str
    number: int
    used: int
    title: str
    gift: Gift


@dataclass(frozen=True, slots=True)
class Dues:
    """`back`: (rule, number) to be taken back."""

    give: tuple[Due, ...] = ()
    back: tuple[tuple[str, int], ...] = ()


def rule_of(one: Card | Challenge) -> str:
    return f"{'card' if isinstance(one, Card) else 'challenge'}.{one.id}"


def dues(programme: Programme, facts: Facts, given: Mapping[str, Sequence[Given]], today: date) -> Dues:
    """`given`: rule -> its rewards that stand."""
    give: list[Due] = []
    back: list[tuple[str, int]] = []
    for card in (c for c in programme.cards if _open(c, today)):
        rule = rule_of(card)
        weighed = stamps.weigh(card, stamps.stamps(card, facts), given.get(rule, ()))
        give += [Due(rule, number, used, card.name, stamps.worth(card.gift, card, facts)) for number, used in weighed.due]
        back += [(rule, number) for number in weighed.back]
    for challenge in (c for c in programme.challenges if _open(c, today)):
        rule, times = rule_of(challenge), challenges.times_met(challenge, facts)
        standing = {one.number: one for one in given.get(rule, ())}
        give += [Due(rule, number, 0, challenge.name, challenge.gift) for number in range(1, times + 1) if number not in standing]
        back += [(rule, number) for number, one in sorted(standing.items(), reverse=True) if number > times and not one.fixed]
    return Dues(tuple(give), tuple(back))


def _open(one: Card | Challenge, today: date) -> bool:
    return today <= date.fromisoformat(one.ends_on) + timedelta(days=CLOSED_AFTER_DAYS)


def earning_days(visited: Sequence[tuple[str, str]], booked: Mapping[str, int], *, each: int, most_per_month: int) -> dict[str, int]:
    """Of (cause, local day): what each day in a store is worth in points. A day that has points keeps what it got; further ones get `each`, the earliest
    first, while the month has room."""
    worth = {cause: booked[cause] for cause, _ in visited if booked.get(cause, 0) > 0}
    for cause, day in sorted(visited, key=lambda one: (one[1], one[0])):
        month = day[:7]
        taken = sum(1 for other, at in visited if other in worth and at[:7] == month)
        if cause not in worth and taken < most_per_month and each:
            worth[cause] = each
    return worth
