"""The terms with partners as a file: export, what a file would change, and applying it.

Owns the comparison with what is in force. A file from before somebody else's change is refused, not merged. What is sold from then on is sold at the new terms;
what was sold before stays at those it was sold at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import insert_new
from offers import facade as offers
from storefront.catalog import categories
from storefront.catalog.models import ProductRow
from storefront.revenue import repository
from storefront.revenue.errors import RevenueFileOutdated
from storefront.revenue.models import TermsRow
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
    return RevenuePlan(row.version if row is not None else None, tuple(changes(document_of(current), document_of(terms)))), terms


def _nobody_sells(session: Session, terms: Terms) -> Iterator[tuple[str, str]]:
    """A slip of the pen would earn nothing, and nobody would notice."""
    named = sorted({product_id for one in terms.partners for product_id in one.products})
    products = set(session.scalars(select(ProductRow.id).where(ProductRow.id.in_(listed(session, named)))))
    tree = categories.parents(session)
    known = {*session.scalars(select(ProductRow.category).distinct()), *tree, *tree.values()}
    for one in terms.partners:
        for what, there, names in (("products", products, one.products), ("categories", known, one.categories)):
            missing = [name for name in names if name not in there]
            if missing:
                yield f"revenue.partners.{one.id}.{what}", f"the catalogue has no {', '.join(missing)}"
