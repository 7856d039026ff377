"""The terms with partners as a file: export, what a file would change, and applying it.

Owns the comparison with what is in force. A file from before somebody else's change is refused, not merged. What is sold from then on is sold at the new terms;
what was sold before stays at those it was sold at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import insert_new, moved
from app.kernel.errors import Invalid
from offers import facade as offers
from storefront.catalog import categories
from storefront.catalog.models import ProductRow
from storefront.revenue import repository
from storefront.revenue.errors import RevenueFileOutdated
from storefront.revenue.models import PlacementRow, TermsRow
from storefront.revenue.partners import Terms
from storefront.revenue.schemas import checked, document_of
from storefront.revenue_contracts import RevenuePlan
from storefront.versioned_files import changes, from_before, read, refuse

HEAD = "# Change it, look at `moments revenue plan FILE`, then `moments revenue apply FILE`. `version` says what you changed.\n"


def export(session: Session) -> str:
    """What is in force, as YAML; bare bones where there is nothing."""
    row = repository.newest(session)
    if row is None:
        return HEAD + offers.write_yaml({"revenue": document_of(Terms())})
    return HEAD + offers.write_yaml({"revenue": {"version": row.version, **document_of(repository.terms_of(row.document))}})


def plan(session: Session, text: str) -> RevenuePlan:
    """What `apply` would do; changes nothing. Raises Invalid (each wrong field with its line), RevenueFileOutdated."""
    return _planned(session, text)[0]


def apply(session: Session, text: str, *, by: str, at: datetime) -> RevenuePlan:
    """Put the file in force, in the caller's transaction. The same file again changes nothing."""
    planned, terms = _planned(session, text)
    if planned.changes_something:
        row = {"version": (planned.version or 0) + 1, "document": json.dumps(document_of(terms)), "applied_by": by, "applied_at": at}
        if not insert_new(session, TermsRow, row, unique=["version"]):
            raise RevenueFileOutdated
        for one in terms.placements:
            first = {
                "id": one.id, "partner_id": one.partner_id, "product_id": one.product_id, "currency": one.currency, "budget_minor": one.budget_minor, "spent_minor": 0,
                "views": 0, "clicks": 0,
            }  # fmt: skip
            known = update(PlacementRow).where(PlacementRow.id == one.id, PlacementRow.spent_minor <= one.budget_minor)
            if not insert_new(session, PlacementRow, first, unique=["id"]) and not moved(session, known.values(budget_minor=one.budget_minor)):
                raise Invalid.field(f"revenue.placements.{one.id}.budget_minor", "more than that is used up already")
    return planned


def _planned(session: Session, text: str) -> tuple[RevenuePlan, Terms]:
    file = read(text, "revenue", checked)
    terms, row = file.value, repository.newest(session)
    current = repository.terms_of(row.document) if row is not None else Terms()
    if row is not None and terms == current:
        return RevenuePlan(row.version, ()), terms
    if row is not None and file.version != row.version:
        raise RevenueFileOutdated(from_before("revenue", row.version, file.version))
    refuse(_nobody_sells(session, terms), file.line_of)
    refuse(_under_way(session, terms), file.line_of)
    return RevenuePlan(row.version if row is not None else None, tuple(changes(document_of(current), document_of(terms)))), terms


def _under_way(session: Session, terms: Terms) -> Iterator[tuple[str, str]]:
    """What was booked for one thing is not told as another's."""
    rows = {row.id: row for row in session.scalars(select(PlacementRow).execution_options(populate_existing=True))}
    for one in terms.placements:
        row = rows.get(one.id)
        if row is not None and (row.partner_id, row.product_id, row.currency) != (one.partner_id, one.product_id, one.currency):
            yield f"revenue.placements.{one.id}", "its partner, product and currency stay; give the other one another id"
        elif row is not None and row.spent_minor > one.budget_minor:
            yield f"revenue.placements.{one.id}.budget_minor", f"{row.spent_minor} of it is used up already"


def _nobody_sells(session: Session, terms: Terms) -> Iterator[tuple[str, str]]:
    """A slip of the pen would earn nothing, and nobody would notice."""
    named = sorted({product_id for one in terms.partners for product_id in one.products} | {one.product_id for one in terms.placements})
    products = set(session.scalars(select(ProductRow.id).where(ProductRow.id.in_(listed(session, named)))))
    tree = categories.parents(session)
    known = {*session.scalars(select(ProductRow.category).distinct()), *tree, *tree.values()}
    for one in terms.partners:
        for what, there, names in (("products", products, one.products), ("categories", known, one.categories)):
            missing = [name for name in names if name not in there]
            if missing:
                yield f"revenue.partners.{one.id}.{what}", f"the catalogue has no {', '.join(missing)}"
    for one in terms.placements:
        for what, there, names in (("product", products, (one.product_id,)), ("categories", known, one.categories)):
            missing = [name for name in names if name not in there]
            if missing:
                yield f"revenue.placements.{one.id}.{what}", f"the catalogue has no {', '.join(missing)}"
