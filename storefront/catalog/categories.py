"""The tree of categories: which lies in which.

Owns the tree. A product names its category alone; whoever asks for a category means everything below it too. Must not be a circle:
importing refuses one.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.models import CategoryRow, ProductRow

DEEPEST = 8


def parents(session: Session) -> dict[str, str]:
    """Category -> the one it lies in, for those that lie in one."""
    return {name: parent for name, parent in session.execute(select(CategoryRow.name, CategoryRow.parent).where(CategoryRow.parent.is_not(None))) if parent}


def above(name: str, tree: Mapping[str, str]) -> tuple[str, ...]:
    """Those it lies in, the nearest first."""
    out: list[str] = []
    while name in tree and tree[name] not in out and len(out) < DEEPEST:
        name = tree[name]
        out.append(name)
    return tuple(out)


def below(name: str, tree: Mapping[str, str]) -> tuple[str, ...]:
    """The category itself and everything in it."""
    return (name, *sorted(one for one in tree if name in above(one, tree)))


def on_sale(session: Session, tree: Mapping[str, str]) -> list[str]:
    """Every category in which something is on sale, and those they lie in, by name."""
    held = session.scalars(select(ProductRow.category).where(ProductRow.on_sale, ProductRow.head_id.is_(None)).distinct()).all()
    return sorted({one for name in held for one in (name, *above(name, tree))})


def circle(tree: Mapping[str, str]) -> str | None:
    """A category that lies in itself, be it by way of others; None when there is none."""
    for start in tree:
        name, steps = start, 0
        while name in tree and steps <= DEEPEST:
            name, steps = tree[name], steps + 1
            if name == start:
                return start
        if steps > DEEPEST:
            return start
    return None
