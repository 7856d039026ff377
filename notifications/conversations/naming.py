"""Which products and places a message names, and whether beyond doubt.

Pure. A name is certain when every word of it is there, or when its words could be no other product's and no strange word stands among
them: `cloudberry bonbon` is one, `caramel bonbon` is a question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from notifications.conversations.knowledge import KnownPlace, KnownProduct
from notifications.conversations.words import near, words_of

_IDLE = frozenset({"the", "of", "a", "for", "and", "lp"})
"""Words of a name that need not be said."""
MOST = 3


@dataclass(frozen=True, slots=True)
class Named:
    """`ids` best first; `used`: positions of the words that named them."""

    ids: tuple[str, ...]
    certain: bool
    used: frozenset[int]


NOTHING = Named((), False, frozenset())


def whole_names(words: Sequence[str], products: Sequence[KnownProduct]) -> dict[str, frozenset[int]]:
    """Products whose name is said in full: id -> positions of its words. A name within a longer one that is said does not count."""
    whole: dict[str, frozenset[int]] = {}
    for product in products:
        for name in (product.name, *product.also_called):
            at, all_there = _covered(words, _telling(name), _says)
            if all_there and len(at) > len(whole.get(product.id, ())):
                whole[product.id] = at
    return {i: at for i, at in whole.items() if not any(at < other for other in whole.values())}


def named_products(words: Sequence[str], products: Sequence[KnownProduct], plain: Collection[int], weak: Collection[int]) -> Named:
    """`plain`: positions of words that mean something else and are no part of a strange name; `weak`: of those that do not tell one
    product from another (small words, numbers, allergens)."""
    whole = whole_names(words, products)
    if whole:
        used = frozenset[int]().union(*whole.values())
        doubled = len(set(whole.values())) < len(whole)
        return Named(tuple(sorted(whole, key=lambda i: min(whole[i])))[:MOST], len(whole) <= MOST and not doubled, used)
    part: dict[str, frozenset[int]] = {}
    for product in products:
        for name in (product.name, *product.also_called):
            at, _ = _covered(words, _telling(name), _hints)
            if len(at - frozenset(weak)) > len(part.get(product.id, frozenset()) - frozenset(weak)):
                part[product.id] = at
    if not part:
        return NOTHING
    most = max(len(at - frozenset(weak)) for at in part.values())
    likely = [i for i, at in part.items() if len(at - frozenset(weak)) == most]
    used = frozenset[int]().union(*(part[i] for i in likely))
    among = any(_beside(i, used) and i not in used and i not in plain for i in range(len(words)))
    kinds = {w for product in products for w in words_of(product.category)}
    telling = any(len(words[i]) >= 4 and words[i] not in kinds for i in used)  # `chocolate` is a shelf, not the one product called so
    return Named(tuple(likely)[: MOST + 2], len(likely) == 1 and not among and telling, used)


@lru_cache(maxsize=20_000)
def _telling(name: str) -> tuple[str, ...]:
    return tuple(w for w in words_of(name) if w not in _IDLE)


def _beside(i: int, used: frozenset[int]) -> bool:
    return i - 1 in used or i + 1 in used


def _covered(words: Sequence[str], name: Sequence[str], says: Callable[[str, str], bool]) -> tuple[frozenset[int], bool]:
    """Positions of the words that are words of the name, and whether all of the name is there."""
    at: set[int] = set()
    there = 0
    for part in name:
        found = next((i for i, w in enumerate(words) if i not in at and says(w, part)), None)
        if found is not None:
            at.add(found)
            there += 1
    return frozenset(at), bool(name) and there == len(name)


def _says(typed: str, part: str) -> bool:
    """The word itself, with an ending (bonbons, bonbonin, bonbonen), or with a slip."""
    if typed == part:
        return True
    if part[0] not in typed[:2]:
        return False
    if typed.startswith(part) and len(part) >= 3 and len(typed) - len(part) <= (6 if len(part) >= 4 else 2):
        return True
    return near(typed, part) or (len(typed) > len(part) and len(part) >= 6 and near(typed[: len(part)], part))


def _hints(typed: str, part: str) -> bool:
    """As `_says`, or the end of a compound: a `bukett` may be the `torgbukett`."""
    return _says(typed, part) or (len(typed) >= 4 and part.endswith(typed))


def named_places(words: Sequence[str], places: Sequence[KnownPlace]) -> Named:
    """The places with the most words of their name said; certain when there is one."""
    found: dict[str, frozenset[int]] = {}
    for place in places:
        at, _ = _covered(words, words_of(place.name), _says)
        if any(len(words[i]) >= 4 for i in at):
            found[place.id] = at
    if not found:
        return NOTHING
    most = max(len(at) for at in found.values())
    likely = [i for i, at in found.items() if len(at) == most]
    return Named(tuple(likely), len(likely) == 1, frozenset[int]().union(*(found[i] for i in likely)))
