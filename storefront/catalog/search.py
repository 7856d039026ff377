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

from sqlalchemy import ColumnElement, Select, exists, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.bulk import listed
from storefront.catalog import categories, narrowing
from storefront.catalog.index import index_of
from storefront.catalog.matching import Candidate, Wanted, score
from storefront.catalog.models import ListingRow, OptionRow, ProductRow, ProductSearchRow, ShelfRow
from storefront.catalog.narrowing import AnyOf
from storefront.catalog.repository import products_by_ids
from storefront.catalog.spelling import Vocabulary
from storefront.catalog.words import MAX_QUERY_WORDS, fold
from storefront.contracts import Found, ProductView

MOST = 100
LOOKED_AT = 500
FEW = 5_000
"""Of so many that answer, reading and ordering them all costs no more than going through the whole list costs until `LOOKED_AT` of them were met."""
MOST_MINOR = 2**63 - 1
Sort = Literal["best", "name", "newest", "price", "price_down"]
_Listed = Select[*tuple[Any, ...]]

_VARIANT = aliased(ProductRow)
_HAS_STOCK = or_(ProductRow.stock_units > 0, ProductRow.is_head & exists().where(_VARIANT.head_id == ProductRow.id, _VARIANT.on_sale, _VARIANT.stock_units > 0))


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
    in_categories = categories.below(asked.category, categories.parents(session)) if asked.category else ()
    within = _within(asked, in_categories)
    if not all(within):
        return Found((), 0, False, {}, {})
    if wanted:
        listing, rows = None, _matching(session, asked, in_categories, wanted, within)
    else:
        listing = _listing(session, asked, in_categories, within)
        rows = _first(session, listing, LOOKED_AT + 1, in_stock=asked.in_stock)
    more = len(rows) > LOOKED_AT
    rows = _ordered(rows[:LOOKED_AT], asked.sort) if wanted else rows[:LOOKED_AT]
    end = asked.offset + min(asked.limit, MOST)
    ids = [row.id for row in rows[asked.offset : end]]
    if listing is not None and more and end > LOOKED_AT:  # far down a list
        if asked.in_stock:
            ids = [row.id for row in _first(session, listing, end, in_stock=True)[asked.offset :]]
        else:
            ids = [row[0] for row in session.execute(listing.limit(min(asked.limit, MOST)).offset(asked.offset))]
    return Found(
        _page(session, ids), len(rows), more, _facets(session, rows), {one.word: one.meant for one in wanted if one.meant}, *_prices(rows)
    )  # fmt: skip


def _wanted(session: Session, words: Sequence[str]) -> list[Wanted]:
    """Each word, and what she may have meant where nothing we sell begins with it."""
    if not words:
        return []
    known = Vocabulary.of(session)
    return [Wanted(word, () if known.begins(word) else known.meant(word)) for word in words]


def _within(asked: Asked, in_categories: Sequence[str]) -> list[AnyOf]:
    """What is asked besides words, as the full-text index knows it: it answers several conditions in the time of one, a price nearly."""
    found = [narrowing.of_option(name, value) for name, value in asked.options.items()]
    if asked.category:
        found.append(narrowing.of_categories(in_categories))
    if asked.kind:
        found.append(narrowing.of_kind(asked.kind))
    if asked.currency:
        found.append(narrowing.of_currency(asked.currency))
    if asked.price_from_minor is not None or asked.price_to_minor is not None:
        found.append(narrowing.of_price(asked.price_from_minor or 0, MOST_MINOR if asked.price_to_minor is None else asked.price_to_minor))
    return found


def _asked_of_each(session: Session, asked: Asked) -> list[ColumnElement[bool]]:
    """What the index does not know, or not to the cent."""
    plain, conditions = index_of(session).unaided(ListingRow.price_minor), list[ColumnElement[bool]]()
    if asked.price_from_minor is not None:
        conditions.append(plain >= asked.price_from_minor)
    if asked.price_to_minor is not None:
        conditions.append(plain <= asked.price_to_minor)
    if asked.place_id:
        lies = select(ShelfRow.product_id).where(ShelfRow.place_id == asked.place_id, ShelfRow.units > 0)
        conditions.append(ListingRow.product_id.in_(select(func.coalesce(_VARIANT.head_id, _VARIANT.id)).where(_VARIANT.id.in_(lies), _VARIANT.on_sale)))
    return conditions


def _listing(session: Session, asked: Asked, in_categories: Sequence[str], within: Sequence[AnyOf]) -> _Listed:
    """Without a word, in the order asked for. Where few answer, the index finds them and they are put in order; where many do, the list is gone
    through in its order, and soon enough of them are met."""
    return _sorted(_rows(asked).where(*_asked_of_each(session, asked), *_narrowed(session, asked, in_categories, within)), asked.sort)


def _narrowed(session: Session, asked: Asked, in_categories: Sequence[str], within: Sequence[AnyOf]) -> list[ColumnElement[bool]]:
    """By the index, or where it would find very many, asked of one product after the other."""
    row = ListingRow
    if within and index_of(session).answers(session, within, most=FEW):
        return [index_of(session).within(within)]
    conditions = [exists().where(OptionRow.listed_id == row.product_id, OptionRow.name == name, OptionRow.value == value) for name, value in asked.options.items()]
    conditions += [row.kind == asked.kind] if asked.kind else []
    conditions += [row.currency == asked.currency] if asked.currency else []
    return conditions + ([index_of(session).unaided(row.category).in_(in_categories)] if asked.category else [])


def _first(session: Session, listing: _Listed, wanted: int, *, in_stock: bool) -> list[_Row]:
    """So many from its beginning, or all there are."""
    if not in_stock:
        return [_Row(*row) for row in session.execute(listing.limit(wanted))]
    found: list[_Row] = []
    at, size = 0, wanted + wanted // 3  # most of what is listed can be had
    while len(found) < wanted:
        rows = [_Row(*row) for row in session.execute(listing.limit(size).offset(at))]
        there = _in_stock(session, [row.id for row in rows])
        found += [row for row in rows if row.id in there]
        if len(rows) < size:
            break
        at, size = at + size, 4 * size
    return found[:wanted]


def _in_stock(session: Session, ids: Sequence[str]) -> set[str]:
    """Of which something can be sold, be it a variant."""
    return set(session.scalars(select(ProductRow.id).where(ProductRow.id.in_(listed(session, ids)), _HAS_STOCK)))


def _matching(session: Session, asked: Asked, in_categories: Sequence[str], wanted: Sequence[Wanted], within: Sequence[AnyOf]) -> list[_Row]:
    """Those whose names hold the words; and where these are not too many already, those that hold them anywhere."""
    s, index = ProductSearchRow, index_of(session)
    held = _rows(asked).add_columns(s.names, s.category).join(s, s.no == ListingRow.no)
    held = held.where(*_asked_of_each(session, asked), *_narrowed(session, asked, in_categories, within))
    if asked.in_stock:
        held = held.join(ProductRow, ProductRow.id == ListingRow.product_id).where(_HAS_STOCK)
    found: dict[str, _Row] = {}
    for in_names in (True, False):
        for *facts, names, category in session.execute(held.where(index.holds(wanted, in_names=in_names)).limit(LOOKED_AT + 1)):
            row = _Row(*facts)
            row.score = score(Candidate(row.id, names, category), wanted)
            found.setdefault(row.id, row)
        if len(found) > LOOKED_AT:
            break
    return list(found.values())


def _rows(asked: Asked) -> _Listed:
    row = ListingRow
    added_at = row.added_at if asked.sort == "newest" else null()  # of hundreds of rows, reading instants takes longer than ranking them
    return select(row.product_id, row.name, row.category, row.kind, row.price_minor, row.currency, added_at)


def _sorted(found: _Listed, sort: Sort) -> _Listed:
    row = ListingRow
    first = {"newest": [row.added_at.desc()], "price": [row.price_minor], "price_down": [row.price_minor.desc()]}.get(sort, [])
    return found.order_by(*first, row.name, row.product_id)


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
