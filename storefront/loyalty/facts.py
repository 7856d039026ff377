"""What was counted: a visit to a store on a day, or pieces that were bought and kept. Pure.

Owns the shapes and what of it a scope takes in. Two visits to one store on one day count once, however many moments tell of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storefront.loyalty.programme import Scope


@dataclass(frozen=True, slots=True, order=True)
class Visited:
    """She was in the store on that local day."""

    day: str
    place_id: str


@dataclass(frozen=True, slots=True, order=True)
class Bought:
    """A line of a paid order as far as it stays bought. `products`: the variant and what it is of; `categories`: its own and those it lies in."""

    day: str
    order_id: str
    line_no: int
    products: tuple[str, ...]
    categories: tuple[str, ...]
    pieces: int
    spent_minor: int
    currency: str

    @property
    def unit_minor(self) -> int:
        return self.spent_minor // self.pieces if self.pieces else 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything counted of one person, each once, in the order of the days."""

    visited: tuple[Visited, ...] = ()
    bought: tuple[Bought, ...] = ()


def facts_of(visited: Iterable[Visited], bought: Iterable[Bought]) -> Facts:
    """In whatever order and however often they are told, the same comes out. What cost nothing was not bought."""
    return Facts(tuple(sorted(set(visited))), tuple(sorted({b for b in bought if b.pieces > 0 and b.spent_minor > 0})))


def within(day: str, starts_on: str, ends_on: str) -> bool:
    """Both ends belong to it."""
    return starts_on <= day <= ends_on


def bought_in(facts: Facts, scope: Scope, starts_on: str, ends_on: str) -> Sequence[Bought]:
    """What of it the scope takes in."""
    everything = not scope.products and not scope.categories
    return [
        b for b in facts.bought
        if within(b.day, starts_on, ends_on) and (everything or not set(scope.products).isdisjoint(b.products) or not set(scope.categories).isdisjoint(b.categories))
    ]  # fmt: skip


def visited_in(facts: Facts, starts_on: str, ends_on: str) -> Sequence[Visited]:
    return [v for v in facts.visited if within(v.day, starts_on, ends_on)]
