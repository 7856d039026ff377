"""What all books in double entry have in common: a movement is two entries that add up to nothing.

Owns writing such a pair, and what is wrong with entries by themselves. Must not know an account: each book has its own, and says beside what else it must stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Mapped, QueryableAttribute, Session


class Entry(Protocol):
    """A table of entries in money."""

    movement: Mapped[str]
    account: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]


def enter(session: Session, entries: type[Any], source: str, target: str, amount_minor: int, said: Mapping[str, Any]) -> None:
    """One movement: `amount_minor` from `source` to `target`. `said`: what both entries say, the name of the movement among it."""
    session.execute(insert(entries), [{**said, "account": source, "amount_minor": -amount_minor}, {**said, "account": target, "amount_minor": amount_minor}])


def sums(session: Session, entries: type[Entry]) -> dict[str, dict[str, int]]:
    """Currency -> account -> minor units."""
    found: dict[str, dict[str, int]] = {}
    e = entries
    for currency, account, minor in session.execute(select(e.currency, e.account, func.sum(e.amount_minor)).group_by(e.currency, e.account)):
        found.setdefault(currency, {})[account] = int(minor)
    return found


def drift(session: Session, entries: type[Entry]) -> dict[str, int]:
    """What must be nothing: the sum of each currency, and movements that are not two entries that add up."""
    found = {f"sum {currency}": sum(by.values()) for currency, by in sums(session, entries).items()}
    return found | {"uneven movements": uneven(session, entries.movement, entries.amount_minor)}


def uneven(session: Session, movement: QueryableAttribute[str] | Mapped[str], amount: QueryableAttribute[int] | Mapped[int]) -> int:
    """How many movements are not two entries that add up to nothing."""
    wrong = select(movement).group_by(movement).having((func.sum(amount) != 0) | (func.count() != 2))
    return len(session.scalars(wrong).all())
