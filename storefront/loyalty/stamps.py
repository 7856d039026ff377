"""How many stamps are on a card, which full cards are due and which are taken back. Pure.

Owns the rule: every piece that stays bought, or every store and day visited, is a stamp. Full cards have used up `needs` stamps each, by the `needs` of
their day. When pieces go back and there are fewer stamps than full cards have used up, the newest full card is taken back; one whose gift is spent
already stays, and its stamps are missing on the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.loyalty.facts import Facts, bought_in, visited_in
from storefront.loyalty.programme import Card, Gift, GiftKind


@dataclass(frozen=True, slots=True)
class Given:
    """A reward that stands. `used`: stamps used up by it and those before it. `fixed`: it cannot be taken back."""

    number: int
    used: int = 0
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """`have` of `needs` stamps are on the card in her hand; below nothing: so many are missing for what was given. `due` is to be given (number, stamps
    used up in all), `back` to be taken back, in this order."""

    have: int
    due: tuple[tuple[int, int], ...] = ()
    back: tuple[int, ...] = ()
    full: int = 0


def stamps(card: Card, facts: Facts) -> int:
    if card.scope.visits:
        return len(visited_in(facts, card.starts_on, card.ends_on))
    return sum(b.pieces for b in bought_in(facts, card.scope, card.starts_on, card.ends_on))


def weigh(card: Card, count: int, given: Sequence[Given]) -> Weighed:
    """`given`: the full cards that stand."""
    standing = sorted(given, key=lambda g: g.number)
    back: list[int] = []
    for one in reversed(standing):
        if count >= one.used or one.fixed:
            break
        back.append(one.number)
    left = standing[: len(standing) - len(back)]
    used = left[-1].used if left else 0
    number = left[-1].number if left else 0
    due: list[tuple[int, int]] = []
    while count >= used + card.needs and (card.most is None or number < card.most):
        number, used = number + 1, used + card.needs
        due.append((number, used))
    return Weighed(count - used, tuple(due), tuple(back), number)


def worth(gift: Gift, card: Card, facts: Facts) -> Gift:
    """A free piece as what it is worth: the cheapest that is on the card, as it was paid, of what the gift's currency paid for."""
    if gift.kind is not GiftKind.FREE_PIECE:
        return gift
    units = [b.unit_minor for b in bought_in(facts, card.scope, card.starts_on, card.ends_on) if b.currency == gift.currency and b.unit_minor]
    return Gift(GiftKind.CREDIT, amount_minor=min([gift.amount_minor, *units]), currency=gift.currency)
