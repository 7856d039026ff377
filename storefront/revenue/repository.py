"""Queries on the terms with partners.

Owns reading them. Must not decide.
"""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.revenue.models import PlacementRow, TermsRow
from storefront.revenue.partners import Terms
from storefront.revenue.schemas import checked
from storefront.revenue_contracts import PlacementFigures


def newest(session: Session) -> TermsRow | None:
    return session.scalars(select(TermsRow).order_by(TermsRow.version.desc()).limit(1)).first()


def in_force(session: Session) -> Terms:
    """None at all where nobody has written any."""
    row = newest(session)
    return terms_of(row.document) if row is not None else Terms()


def figures(session: Session) -> list[PlacementFigures]:
    """Every placement there was, by name."""
    rows = session.scalars(select(PlacementRow).order_by(PlacementRow.id).execution_options(populate_existing=True))
    return [PlacementFigures(r.id, r.partner_id, r.product_id, r.views, r.clicks, r.spent_minor, r.budget_minor, r.currency) for r in rows]


@lru_cache(maxsize=8)
def terms_of(document: str) -> Terms:
    """Checked once, not with every sale."""
    return checked(json.loads(document))
