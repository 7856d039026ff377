"""What the campaign form offers to choose from: places, chains, tags, products, categories, groups.

Owns these lists and their bounds. Must not read a table: it joins what facades answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.web.console.campaign_texts import ticked
from geofences import facade as geofences
from offers import facade as offers
from storefront import facade as storefront

MOST_LISTED = 250
"""Of a longer list only what is chosen has a box; the rest is named in a line of text."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`note` is said beside it; `shut`: it cannot be chosen, and the note says why."""

    value: str
    label: str
    note: str = ""
    shut: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """By the path of the box. `longer`: boxes whose list was too long to show whole."""

    lists: Mapping[str, list[Choice]]
    longer: frozenset[str]
    stores: list[Choice]
    groups: list[str]


def choices(session: Session, texts: Mapping[str, str]) -> Choices:
    places = sorted(geofences.places(session), key=lambda p: p.name)
    chains, tags = Counter(p.chain for p in places if p.chain), Counter(tag for p in places for tag in p.tags)
    products = storefront.product_names(session)
    all_of = {
        "trigger.place_ids": [Choice(p.id, p.name, f"kept free: {str(p.refused).split(':')[0]}" if p.refused else "", p.refused is not None) for p in places],
        "trigger.chains": [Choice(name, name.replace("-", " ").title(), _places(n)) for name, n in sorted(chains.items())],
        "trigger.tags": [Choice(name, name, _places(n)) for name, n in sorted(tags.items())],
        "benefit.product_ids": sorted((Choice(one[0], one[1], one[2]) for one in products), key=lambda c: (c.note, c.label)),
        "benefit.categories": [Choice(name, name) for name in storefront.categories(session)],
    }
    shown = {path: _shown(found, ticked(texts, path)) for path, found in all_of.items()}
    groups = {str(view.definition.get("stacking", {}).get("group") or "") for view in offers.campaigns(session)} - {""}
    longer = frozenset(path for path, found in all_of.items() if len(found) > MOST_LISTED)
    return Choices(shown, longer, all_of["trigger.place_ids"][:MOST_LISTED], sorted(groups))


def _places(n: int) -> str:
    return f"{n} place{'' if n == 1 else 's'}"


def _shown(found: list[Choice], chosen: Iterable[str]) -> list[Choice]:
    """What is chosen comes first, also what nobody knows any more, so that saving does not lose it."""
    wanted, known = set(chosen), {one.value for one in found}
    first = [one for one in found if one.value in wanted] + [Choice(value, value, "not known here") for value in sorted(wanted - known)]
    return first if len(found) > MOST_LISTED else first + [one for one in found if one.value not in wanted]
