"""Finding products: by words with their slips, within a category, at a price, in stock or in a store, by what can be chosen; page by page.

Owns the query and its facets. The words are found by the full-text index of the engine (ports.ProductIndex), the order of what it found
is ours (matching.py), so that both engines answer alike. At most `LOOKED_AT` products are ranked and counted for one answer: of more
the names go first, and the answer says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Select, exists, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.bulk import listed
from storefront.catalog import categories
from storefront.catalog.index import index_of
from storefront.catalog.matching import Candidate, Wanted, score
from storefront.catalog.models import OptionRow, ProductRow, ProductSearchRow, ShelfRow
from storefront.catalog.repository import products_by_ids
from storefront.catalog.spelling import Vocabulary
from storefront.catalog.words import MAX_QUERY_WORDS, fold
from storefront.contracts import Found, ProductView

MOST = 100
LOOKED_AT = 500
Sort = Literal["best", "name", "newest", "price", "price_down"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. `category` means everything below it too; `place_id`: of which something lies in that store now; `options`: what must be
    there to choose, option -> value; prices are minor units in `currency`, or in whatever currency a product has."""

    query: str = ""
    category: str | None = None
    kind: str | None = None
    in_stock: bool = False
    place_id: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    currency: str | None = None
    price_from_minor: int | None = None
    price_to_minor: int | None = None
    sort: Sort = "best"
    limit: int = MOST
    offset: int = 0


@dataclass(slots=True)
class _Row:
    """One product of those that are ranked and counted."""

    id: str
    name: str
    category: str
    kind: str
    price_minor: int
    currency: str
    added_at: Any
    score: int = 0


def search(session: Session, asked: Asked) -> Found:
    """One page of what answers `asked`, and what all of it is like."""
    words = fold(asked.query)[:MAX_QUERY_WORDS]
    if asked.query.strip() and not words:
        return Found((), 0, False, {}, {})
    wanted = _wanted(session, words)
    filtered = _filtered(session, asked)
    narrowed = asked.price_from_minor is not None or asked.price_to_minor is not None or asked.category
    listed_now = filtered.where(ProductRow.on_sale, ProductRow.head_id.is_(None) if narrowed else index_of(session).listed())  # in the order of the list, unless something else leaves few
    if wanted:  # what can be found by a word is on sale, and no variant: to ask for that too would only mislead the planner
        rows = _matching(session, filtered, wanted)
    else:
        rows = [_Row(*row) for row in session.execute(_sorted(listed_now, asked.sort).limit(LOOKED_AT + 1))]
    more = len(rows) > LOOKED_AT
    rows = _ordered(rows[:LOOKED_AT], asked.sort) if wanted else rows[:LOOKED_AT]
    end = asked.offset + min(asked.limit, MOST)
    if wanted or end <= LOOKED_AT or not more:
        ids = [row.id for row in rows[asked.offset : end]]
    else:  # far down a list of everything: read from there
        ids = [row[0] for row in session.execute(_sorted(listed_now, asked.sort).limit(min(asked.limit, MOST)).offset(asked.offset))]
    return Found(
        _page(session, ids), len(rows), more, _facets(session, rows), {one.word: one.meant for one in wanted if one.meant}, *_prices(rows)
    )  # fmt: skip


def _wanted(session: Session, words: Sequence[str]) -> list[Wanted]:
    """Each word, and what she may have meant where nothing we sell begins with it."""
    if not words:
        return []
    known = Vocabulary.of(session)
    return [Wanted(word, () if known.begins(word) else known.meant(word)) for word in words]


def _filtered(session: Session, asked: Asked) -> Select[*tuple[Any, ...]]:
    """Each condition is asked of one product at a time: a word leaves few of them, and what a whole shop has in stock is never listed."""
    p, v = ProductRow, aliased(ProductRow)
    added_at = p.added_at if asked.sort == "newest" else null()  # of hundreds of rows, reading instants takes longer than ranking them
    found = select(p.id, p.name, p.category, p.kind, p.price_minor, p.currency, added_at)
    if asked.category:
        found = found.where(p.category.in_(categories.below(asked.category, categories.parents(session))))
    if asked.kind:
        found = found.where(p.kind == asked.kind)
    if asked.in_stock:
        found = found.where(or_(p.stock_units > 0, exists().where(v.head_id == p.id, v.on_sale, v.stock_units > 0)))
    if asked.place_id:
        lies = (ShelfRow.place_id == asked.place_id, ShelfRow.units > 0)
        found = found.where(or_(exists().where(*lies, ShelfRow.product_id == p.id), exists().where(*lies, ShelfRow.product_id == v.id, v.head_id == p.id, v.on_sale)))
    for name, value in asked.options.items():
        found = found.where(exists().where(OptionRow.listed_id == p.id, OptionRow.name == name, OptionRow.value == value))
    if asked.currency:
        found = found.where(p.currency == asked.currency)
    if asked.price_from_minor is not None:
        found = found.where(p.price_minor >= asked.price_from_minor)
    if asked.price_to_minor is not None:
        found = found.where(p.price_minor <= asked.price_to_minor)
    return found


def _matching(session: Session, filtered: Select[*tuple[Any, ...]], wanted: Sequence[Wanted]) -> list[_Row]:
    """Those whose names hold the words; and where these are not too many already, those that hold them anywhere."""
    s, index = ProductSearchRow, index_of(session)
    held = filtered.add_columns(s.names, s.category).join(s, s.product_id == ProductRow.id)
    found: dict[str, _Row] = {}
    for in_names in (True, False):
        for *facts, names, category in session.execute(held.where(index.holds(wanted, in_names=in_names)).limit(LOOKED_AT + 1)):
            row = _Row(*facts)
            row.score = score(Candidate(row.id, names, category), wanted)
            found.setdefault(row.id, row)
        if len(found) > LOOKED_AT:
            break
    return list(found.values())


def _sorted(found: Select[*tuple[Any, ...]], sort: Sort) -> Select[*tuple[Any, ...]]:
    p = ProductRow
    first = {"newest": [p.added_at.desc()], "price": [p.price_minor], "price_down": [p.price_minor.desc()]}.get(sort, [])
    return found.order_by(*first, p.name, p.id)


def _ordered(rows: list[_Row], sort: Sort) -> list[_Row]:
    rows = sorted(rows, key=lambda row: (row.name, row.id))
    match sort:
        case "best":
            return sorted(rows, key=lambda row: -row.score)
        case "newest":
            return sorted(rows, key=lambda row: row.added_at.timestamp() if row.added_at else 0.0, reverse=True)
        case "price" | "price_down":
            return sorted(rows, key=lambda row: row.price_minor, reverse=sort == "price_down")
        case _:
            return rows


def _page(session: Session, ids: Sequence[str]) -> tuple[ProductView, ...]:
    views = products_by_ids(session, ids)
    return tuple(views[i] for i in ids if i in views)


def _facets(session: Session, rows: Sequence[_Row]) -> dict[str, dict[str, int]]:
    """Of everything that was found, how many are of which kind, in which category, and let one choose what."""
    facets = {"category": Counter(row.category for row in rows), "kind": Counter(row.kind for row in rows)}
    out = {name: dict(sorted(counts.items())) for name, counts in facets.items()}
    o = OptionRow
    held = select(o.name, o.value, func.count(o.listed_id.distinct())).where(o.listed_id.in_(listed(session, [row.id for row in rows])))
    for name, value, count in session.execute(held.group_by(o.name, o.value).order_by(o.name, o.value)) if rows else ():
        out.setdefault(name, {})[value] = count
    return out


def _prices(rows: Sequence[_Row]) -> tuple[tuple[int, int] | None, str | None]:
    """From and to, in the currency most of them have."""
    if not rows:
        return None, None
    currency = Counter(row.currency for row in rows).most_common(1)[0][0]
    prices = [row.price_minor for row in rows if row.currency == currency]
    return (min(prices), max(prices)), currency
