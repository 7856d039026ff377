"""The catalogue as a file: the document an import takes, and the same as a table with a row for each product and each variant.

Owns both forms and the way between them. What is written and read again changes nothing; a test holds that. Must not check what it reads
(schemas.py does), beyond that it is a table.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from storefront.catalog.models import CategoryRow, ProductRow

COLUMNS: tuple[str, ...] = (
    "id", "variant_of", "name", "description", "category", "kind", "sku", "options", "price_minor", "currency", "prices", "stock", "on_sale", "images", "declared",
)  # fmt: skip
"""`variant_of` names the product of a variant, whose `name` is then what it is called among its siblings. `options` and `prices` are written
`size=39|color=blue`, `images` with | between, `declared` (allergens and the rest) as JSON."""
_DECLARED = ("allergens", "may_contain", "ingredients", "care", "also_called", "serves")


def catalogue_of(session: Session) -> dict[str, Any]:
    """Everything, also what is not on sale, as `{"categories": [...], "products": [...]}`."""
    tree = [{"name": c.name, "parent": c.parent} for c in session.scalars(select(CategoryRow).order_by(CategoryRow.name))]
    rows = session.scalars(select(ProductRow).order_by(ProductRow.head_id.is_not(None), ProductRow.position, ProductRow.id)).all()
    heads = {row.id: _product(row) for row in rows if row.head_id is None}
    for row in rows:
        if row.head_id in heads:
            heads[row.head_id]["variants"].append(_variant(row, heads[row.head_id]))
    products = [heads[i] for i in sorted(heads)]
    return {"categories": tree, "products": [{name: value for name, value in p.items() if name in _DECLARED or value not in ([], {}, "")} for p in products]}


def _product(row: ProductRow) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": row.id, "name": row.name, "description": row.description, "category": row.category, "kind": row.kind, "images": list(row.images or ([row.image] if row.image else [])),
        "price_minor": row.price_minor, "currency": row.currency, "prices": dict(row.prices), "sku": row.sku, "options": dict(row.options), "on_sale": row.on_sale,
        "variants": [],
    }  # fmt: skip
    return said | ({} if row.is_head else {"stock": row.stock_units}) | dict(row.particulars or {})


def _variant(row: ProductRow, head: Mapping[str, Any]) -> dict[str, Any]:
    label = row.name.removeprefix(f"{head['name']}, ")
    return {
        "id": row.id, "name": label, "sku": row.sku, "options": dict(row.options), "price_minor": row.price_minor, "prices": dict(row.prices), "stock": row.stock_units,
        "image": row.image, "on_sale": row.on_sale,
    }  # fmt: skip


def to_csv(document: Mapping[str, Any]) -> str:
    """The products of a document as a table; the categories' tree is not in it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for product in document["products"]:
        writer.writerow(_row(product, ""))
        for variant in product.get("variants", ()):
            writer.writerow(_row(variant, product["id"]))
    return out.getvalue()


def _row(said: Mapping[str, Any], head_id: str) -> dict[str, Any]:
    images = said.get("images") or ([said["image"]] if said.get("image") else [])
    declared = {name: said[name] for name in _DECLARED if name in said}
    return {
        **{name: said.get(name, "") for name in ("id", "name", "description", "category", "kind", "sku", "price_minor", "currency", "stock")},
        "variant_of": head_id, "options": _pairs(said.get("options", {})), "prices": _pairs(said.get("prices", {})), "images": "|".join(images),
        "on_sale": "yes" if said.get("on_sale", True) else "no", "declared": json.dumps(declared, ensure_ascii=False, sort_keys=True) if declared else "",
    }  # fmt: skip


def _pairs(values: Mapping[str, Any]) -> str:
    return "|".join(f"{name}={value}" for name, value in values.items())


def from_csv(text: str) -> dict[str, Any]:
    """The document a table stands for. Raises Invalid naming the line of what is no table of ours."""
    reader = csv.DictReader(io.StringIO(text))
    missing = {"name", "category", "price_minor"} - set(reader.fieldnames or ())
    unknown = set(reader.fieldnames or ()) - set(COLUMNS)
    if missing or unknown:
        wrong = f"the column {min(missing)} is missing" if missing else f"there is no column {min(unknown)}"
        raise Invalid.field("line 1", f"{wrong}; the columns are {', '.join(COLUMNS)}")
    products: dict[str, dict[str, Any]] = {}
    for row in reader:
        line = f"line {reader.line_num}"
        if None in row or None in row.values():
            raise Invalid.field(line, "this line has another number of columns than the first")
        said = _said(row, line)
        head_id = row.get("variant_of", "")
        if head_id and head_id not in products:
            raise Invalid.field(f"{line}.variant_of", f"no line above has the id {head_id}; put a product before its variants")
        if head_id:
            products[head_id].setdefault("variants", []).append(said)
        else:
            products[said.get("id") or line] = said
    return {"products": list(products.values())}


def _said(row: Mapping[str, str], line: str) -> dict[str, Any]:
    """What stands in a line; an empty cell says nothing."""
    said: dict[str, Any] = {name: value for name in ("id", "name", "description", "category", "kind", "sku", "currency") if (value := row.get(name, ""))}
    for name in ("price_minor", "stock"):
        if row.get(name, ""):
            said[name] = _whole(row[name], f"{line}.{name}")
    if row.get("options"):
        said["options"] = dict(_pair(one, f"{line}.options") for one in row["options"].split("|"))
    if row.get("prices"):
        said["prices"] = {name: _whole(value, f"{line}.prices") for name, value in (_pair(one, f"{line}.prices") for one in row["prices"].split("|"))}
    if row.get("images"):
        images = row["images"].split("|")
        said |= {"image": images[0]} if row.get("variant_of") else {"images": images}
    if row.get("on_sale"):
        if row["on_sale"].casefold() not in ("yes", "no"):
            raise Invalid.field(f"{line}.on_sale", "say yes or no")
        said["on_sale"] = row["on_sale"].casefold() == "yes"
    return said | _declared(row.get("declared", ""), f"{line}.declared")


def _declared(text: str, where: str) -> dict[str, Any]:
    try:
        said = json.loads(text) if text else {}
    except ValueError:
        said = None
    if not isinstance(said, dict) or set(said) - set(_DECLARED):
        raise Invalid.field(where, f"this is JSON with some of {', '.join(_DECLARED)}")
    return dict(said)


def _whole(text: str, where: str) -> int:
    if not text.strip().isdecimal():
        raise Invalid.field(where, "this is a whole number, in minor units where it is money")
    return int(text)


def _pair(text: str, where: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid.field(where, "write name=value, with | between several")
    return name, value


