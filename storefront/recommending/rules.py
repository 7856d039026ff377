"""What is said to be bought together, and which of it is shown. Pure.

Owns the score, its floors, and the choice among candidates with the words why. Must not know a person: what it is given are numbers of people and products.
docs/algorithms/recommendations.md has it in prose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isqrt

LIFT_LEAST_BP = 12_000
"""Together at least 1.2 times as often as by chance: what everybody buys goes with nothing in particular."""
KEPT_OF_EACH = 20
ONE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Pair:
    """So many people have bought both in one order."""

    product_id: str
    other_id: str
    people: int


@dataclass(frozen=True, slots=True)
class Scored:
    """`score_bp`: people with both, over the geometric mean of those with either, in ten-thousandths."""

    product_id: str
    other_id: str
    score_bp: int


class Why(StrEnum):
    """Why something is shown to her."""

    TOGETHER = "bought_together"
    HERS = "from_your_purchases"
    LIST = "from_your_list"


WORDS = {
    Why.TOGETHER: "Many people who bought {name} bought this in the same order. We look at what at least {people} people did, never at one.",
    Why.HERS: "You bought {name}, and many people who did bought this in the same order. You let us use your purchases (Offers that fit); switch that off and this is gone.",
    Why.LIST: "{name} is on your list, and many people who bought it bought this in the same order. You let us use what you do here (Offers that fit); switch that off and this is gone.",
}
STRENGTH = {Why.TOGETHER: 3, Why.HERS: 2, Why.LIST: 2}
"""What lies before her now says more than what she did once."""


def scored(pairs: Iterable[Pair], buyers: Mapping[str, int], everybody: int, *, least_people: int) -> list[Scored]:
    """Both ways of each pair that enough people stand behind and that is no chance; of each product the best, the same whatever order they came in."""
    of: dict[str, list[Scored]] = {}
    for pair in pairs:
        either = buyers[pair.product_id] * buyers[pair.other_id]
        if pair.people < least_people or pair.people * everybody * ONE_BP < LIFT_LEAST_BP * either:
            continue
        score_bp = isqrt(pair.people**2 * ONE_BP**2 // either)
        for one, other in ((pair.product_id, pair.other_id), (pair.other_id, pair.product_id)):
            of.setdefault(one, []).append(Scored(one, other, score_bp))
    return [row for one in sorted(of) for row in sorted(of[one], key=lambda row: (-row.score_bp, row.other_id))[:KEPT_OF_EACH]]


@dataclass(frozen=True, slots=True)
class Seed:
    """Something she has to do with, and what that is."""

    product_id: str
    why: Why


@dataclass(frozen=True, slots=True)
class Chosen:
    """`because_of` is the product it goes with, and `why` what she has to do with that."""

    product_id: str
    because_of: str
    why: Why


def chosen(seeds: Sequence[Seed], together: Iterable[Scored], *, never: Collection[str]) -> list[Chosen]:
    """The candidates, best first: each adds up what it has with every seed, and names the one it has most with. None of `never`, and no seed."""
    why: dict[str, Why] = {}
    for seed in sorted(seeds, key=lambda seed: STRENGTH[seed.why]):
        why[seed.product_id] = seed.why
    total: dict[str, int] = {}
    best: dict[str, tuple[int, str]] = {}
    for row in together:
        if row.product_id not in why or row.other_id in why or row.other_id in never:
            continue
        points = row.score_bp * STRENGTH[why[row.product_id]]
        total[row.other_id] = total.get(row.other_id, 0) + points
        if row.other_id not in best or (points, best[row.other_id][1]) > (best[row.other_id][0], row.product_id):
            best[row.other_id] = (points, row.product_id)
    return [Chosen(one, best[one][1], why[best[one][1]]) for one in sorted(total, key=lambda one: (-total[one], one))]


def free_of(allergens: Collection[str], contains: Collection[str] | None, may_contain: Collection[str] | None) -> bool:
    """Whether it is known to hold none of these; what nobody has declared is not known."""
    return not allergens or (contains is not None and may_contain is not None and not set(allergens) & {*contains, *may_contain})
