"""Bringing products in from JSON: all of a file or nothing of it.

Owns the checks across a whole file. Must not remove products that a file does not mention.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.kernel.errors import FieldError, Invalid
from app.kernel.ids import derived_id
from storefront.catalog import repository
from storefront.catalog.schemas import CatalogueIn
from storefront.contracts import ProductView


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """How many products an import created, changed, and found already as they should be."""

    created: int
    changed: int
    same: int


def import_catalogue(session: Session, document: Any, *, default_currency: str, at: datetime) -> CatalogueReport:
    """`document` is `{"products": [...]}` (see ProductIn) or a checked CatalogueIn; raises Invalid naming each wrong field."""
    catalogue = document if isinstance(document, CatalogueIn) else _checked(document)
    views = [
        ProductView(
            id=p.id or derived_id("prd", p.name, p.category), name=p.name, description=p.description, category=p.category, image=p.image,
            price_minor=p.price_minor, currency=p.currency or default_currency, in_stock=p.stock,
        )
        for p in catalogue.products
    ]  # fmt: skip
    first_at: dict[str, int] = {}
    for index, item in enumerate(views):
        earlier = first_at.setdefault(item.id, index)
        if earlier != index:
            raise Invalid.field(f"products[{index}].id", f"{item.id} is also products[{earlier}]; give each product an id of its own")
    done = Counter(repository.put(session, item, on_sale=p.on_sale, at=at, particulars=p.particulars()) for item, p in sorted(zip(views, catalogue.products, strict=True), key=lambda pair: pair[0].id))
    return CatalogueReport(done["created"], done["changed"], done["same"])


def _checked(document: Any) -> CatalogueIn:
    try:
        return CatalogueIn.model_validate(document)
    except ValidationError as wrong:
        fields = [FieldError(_path(e["loc"]), e["msg"]) for e in wrong.errors()[:20]]
        raise Invalid("; ".join(f"{f.field}: {f.remedy}" for f in fields[:3]), fields=fields) from None


def _path(location: tuple[int | str, ...]) -> str:
    out = ""
    for part in location:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out or "body"
