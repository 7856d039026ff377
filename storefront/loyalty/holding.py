"""What the programme holds about a shopper: how it is handed over, and how it is made gone.

Owns that. Points are books of their own (storefront/privacy.py); what was given as credit stands in the books of the balance.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from app.kernel.db import Base, touched
from storefront.loyalty.models import ChoiceRow, FactRow, RewardRow, StandingRow

FACT_KEPT_S = 800 * 86_400
TABLES: tuple[type[Base], ...] = (FactRow, StandingRow, RewardRow, ChoiceRow)
_UNSAID = ("shopper_id", "revision")


def export(session: Session, shopper_id: str) -> dict[str, Any]:
    found = {table.__tablename__.removeprefix("storefront_loyalty_"): _rows(session, table, shopper_id) for table in TABLES}
    return {"loyalty": found} if any(found.values()) else {}


def _rows(session: Session, table: type[Base], shopper_id: str) -> list[dict[str, Any]]:
    known = cast("Table", table.__table__)
    columns = [c for c in known.columns if c.name not in _UNSAID]
    rows = session.execute(select(*columns).where(known.c.shopper_id == shopper_id).order_by(*known.primary_key))
    return [{c.name: value.isoformat() if hasattr(value, "isoformat") else value for c, value in zip(columns, row, strict=True)} for row in rows]


def forget(session: Session, shopper_id: str) -> int:
    return sum(touched(session, delete(table).where(cast("Table", table.__table__).c.shopper_id == shopper_id)) for table in TABLES)
