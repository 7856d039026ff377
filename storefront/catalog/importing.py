"""Bringing products in from JSON: all of a file or nothing of it.

Owns the checks across a whole file, and writing it with a few statements for any number of products. Must not remove products that a
file does not mention; variants that their product does not mention any more are off sale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import delete_many, insert_many, listed
from app.kernel.documents import held, path_of
from app.kernel.errors import Invalid
from app.kernel.ids import derived_id
from storefront.catalog import categories
from storefront.catalog.index import index_of
from storefront.catalog.models import CategoryRow, ListingRow, OptionRow, ProductRow, ProductSearchRow, SearchWordRow
from storefront.catalog.narrowing import words_of
from storefront.catalog.schemas import CatalogueIn, CategoryIn, ProductIn, VariantIn
from storefront.catalog.words import Texts, texts


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """How many products an import created, changed, and found already as they should be."""

    created: int
    changed: int
    same: int


VERY_MANY = 500
"""So many at once change what a search is like."""
M = TypeVar("M", bound=BaseModel)
_COMPARED = (
    "name", "description", "category", "image", "price_minor", "currency", "stock_units", "particulars", "on_sale", "kind", "sku", "head_id", "is_head",
    "options", "images", "prices", "position",
)  # fmt: skip
_COLUMNS = ("id", *_COMPARED, "changed_at", "added_at")


def import_catalogue(session: Session, document: Any, *, default_currency: str, at: datetime) -> CatalogueReport:
    """`document` is `{"products": [...]}` (see ProductIn) or a checked CatalogueIn; raises Invalid naming each wrong field."""
    catalogue = document if isinstance(document, CatalogueIn) else checked(CatalogueIn, document)
    families = [_family(p, default_currency) for p in catalogue.products]
    _each_id_once(families)
    _put_categories(session, catalogue.categories)
    there = _there(session, families)
    found: dict[str, list[int]] = {"created": [], "changed": [], "same": []}
    rows: list[list[Any]] = []
    for index, family in enumerate(families):
        fresh = [values for values in family if not _same(there.get(values["id"]), values)]
        stale = [row for row in there.values() if row.head_id == family[0]["id"] and row.on_sale and row.id not in {v["id"] for v in family}]
        found["created" if family[0]["id"] not in there else "changed" if fresh or stale else "same"].append(index)
        rows += [[*(values[name] for name in ("id", *_COMPARED)), at, getattr(there.get(values["id"]), "added_at", None) or at] for values in fresh]
        if stale:
            session.execute(update(ProductRow).where(ProductRow.id.in_([row.id for row in stale])).values(on_sale=False, changed_at=at))
    insert_many(session, ProductRow, _COLUMNS, sorted(rows, key=lambda row: row[0]), unique=("id",), replace=(*_COMPARED, "changed_at"))
    session.expire_all()
    touched = [(families[index], catalogue.products[index]) for index in (*found["created"], *found["changed"])]
    _put_options(session, [family for family, _ in touched])
    _put_words(session, touched)
    _put_listing(session, [family for family, _ in touched])
    if len(touched) >= VERY_MANY:
        index_of(session).learn(session)
    return CatalogueReport(*(len(found[what]) for what in ("created", "changed", "same")))


def _family(p: ProductIn, default_currency: str) -> list[dict[str, Any]]:
    """The rows of a product: itself, and each of its variants after it."""
    images = list(dict.fromkeys([*([p.image] if p.image else []), *p.images]))
    sold = [v for v in p.variants if v.on_sale] or p.variants
    head: dict[str, Any] = {
        "id": p.id or derived_id("prd", p.name, p.category), "name": p.name, "description": p.description, "category": p.category,
        "image": next(iter(images), ""), "images": images, "price_minor": min((_price(v, p) for v in sold), default=p.price_minor),
        "currency": p.currency or default_currency, "prices": p.prices, "stock_units": p.stock or 0, "on_sale": p.on_sale, "particulars": p.particulars(),
        "kind": p.kind, "sku": p.sku, "head_id": None, "is_head": bool(p.variants), "options": p.options, "position": 0,
    }  # fmt: skip
    return [head, *(_variant(v, p, head, position) for position, v in enumerate(p.variants))]


def _variant(v: VariantIn, p: ProductIn, head: Mapping[str, Any], position: int) -> dict[str, Any]:
    own_prices = v.prices if v.prices is not None else p.prices if v.price_minor is None else {}
    return {
        **head, "id": v.id or derived_id("prd", head["id"], v.label.casefold()), "name": f"{p.name}, {v.label}"[:200], "image": head["image"] if v.image is None else v.image,
        "price_minor": _price(v, p), "prices": own_prices, "stock_units": v.stock, "on_sale": p.on_sale and v.on_sale, "sku": v.sku,
        "head_id": head["id"], "is_head": False, "options": v.options or {"variant": v.label}, "position": position,
    }  # fmt: skip


def _price(v: VariantIn, p: ProductIn) -> int:
    return p.price_minor if v.price_minor is None else v.price_minor


def _each_id_once(families: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    first_at: dict[str, str] = {}
    for index, family in enumerate(families):
        for nth, values in enumerate(family):
            here = f"products[{index}]" + (f".variants[{nth - 1}]" if nth else "")
            earlier = first_at.setdefault(values["id"], here)
            if earlier != here:
                raise Invalid.field(f"{here}.id", f"{values['id']} is also {earlier}; give each product an id of its own")


def _there(session: Session, families: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, ProductRow]:
    """The rows there are of these products, locked in the order of their ids, with all their variants."""
    ids = [values["id"] for family in families for values in family]
    asked = listed(session, ids)
    rows = session.scalars(select(ProductRow).where(ProductRow.id.in_(asked) | ProductRow.head_id.in_(asked)).order_by(ProductRow.id).with_for_update())
    return {row.id: row for row in rows}


def _same(row: ProductRow | None, values: Mapping[str, Any]) -> bool:
    return row is not None and all(getattr(row, name) == values[name] for name in _COMPARED)


def _put_categories(session: Session, told: Sequence[CategoryIn]) -> None:
    if not told:
        return
    tree = categories.parents(session)
    for one in told:
        tree.pop(one.name, None)
        if one.parent is not None:
            tree[one.name] = one.parent
    wrong = categories.circle(tree)
    if wrong is not None:
        index = next((i for i, one in enumerate(told) if one.name == wrong), 0)
        raise Invalid.field(f"categories[{index}].parent", f"{wrong} would lie in itself, or deeper than {categories.DEEPEST}; name another parent")
    rows = {one.name: (one.name, one.parent) for one in told}
    insert_many(session, CategoryRow, ("name", "parent"), list(rows.values()), unique=("name",), replace=("parent",))


def _put_options(session: Session, families: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """What can be chosen of what is sold."""
    ids = [values["id"] for family in families for values in family]
    session.execute(delete(OptionRow).where(OptionRow.product_id.in_(listed(session, ids)) | OptionRow.listed_id.in_(listed(session, ids))).execution_options(synchronize_session=False))
    rows = [(product_id, name, value, family[0]["id"]) for family in families for name, value, product_id in _chosen(family)]
    insert_many(session, OptionRow, ("product_id", "name", "value", "listed_id"), rows)


def _put_words(session: Session, touched: Sequence[tuple[Sequence[Mapping[str, Any]], ProductIn]]) -> None:
    """Each product that is on sale is found by its words, by what its variants are called, and by their numbers."""
    held: dict[str, Texts] = {}
    for family, p in touched:
        if family[0]["on_sale"]:
            rest = [p.description, p.sku, *(f"{v.label} {v.sku}" for v in p.variants)]
            held[family[0]["id"]] = texts([p.name, *p.also_called], p.category, rest)
    insert_many(
        session, ProductSearchRow, ("product_id", "names", "category", "rest"), [(i, t.names, t.category, t.rest) for i, t in held.items()],
        unique=("product_id",), replace=("names", "category", "rest"),
    )  # fmt: skip
    delete_many(session, ProductSearchRow, ("product_id",), [(family[0]["id"],) for family, _ in touched if family[0]["id"] not in held])
    words = sorted({word for text in held.values() for word in text.words()})
    insert_many(session, SearchWordRow, ("word",), [(word,) for word in words], unique=("word",))


def _put_listing(session: Session, families: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """What has words is listed, under their number."""
    s, p, family_of = ProductSearchRow, ProductRow, {family[0]["id"]: family for family in families}
    told = select(s.no, p.id, p.name, p.category, p.kind, p.price_minor, p.currency, p.added_at).join(p, p.id == s.product_id)
    found = session.execute(told.where(s.product_id.in_(listed(session, family_of)))).all()
    columns = ("no", "product_id", "name", "category", "kind", "price_minor", "currency", "added_at", "narrowed_by")
    rows = [(*row, words_of(row.category, row.kind, row.currency, row.price_minor, [chosen[:2] for chosen in _chosen(family_of[row.id])])) for row in found]
    insert_many(session, ListingRow, columns, rows, unique=("no",), replace=columns[1:])


def _chosen(family: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(option, value, id of what has it) of everything that is sold of a product."""
    for values in family:
        if values["on_sale"] and not values["is_head"]:
            yield from ((name, value, values["id"]) for name, value in values["options"].items())


def checked(model: type[M], document: Any) -> M:
    """Raises Invalid naming each wrong field."""
    return held(model, document, lambda place: path_of(place, whole="body"))
