"""The end of a request to give pieces back, whatever it is: once, and with what was held for it in exchange.

Owns that move: one conditional UPDATE of an open request, and who makes it puts back the pieces that nobody takes any more. So nothing stays held for a
request that is over, and nothing is put back twice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from storefront.catalog.repository import put_back
from storefront.contracts import ExchangeView
from storefront.orders.models import ReturnRequestRow
from storefront.orders.states import ReturnState

R = ReturnRequestRow


def end(session: Session, order_id: str, state: ReturnState, *, at: datetime, taken: int = 0, lapsed: bool = False) -> ReturnRequestRow | None:
    """The request that was open, for the one who ended it. `taken`: so many of the pieces held for it go into her exchange; `lapsed`: only if its time is over."""
    row = open_of(session, order_id)
    if row is None or (lapsed and row.expires_at > at):
        return None
    if not moved(session, update(R).where(R.id == row.id, R.state == ReturnState.OPEN).values(state=state, closed_at=at)):
        return None
    held = exchange_of(row)
    if held is not None and held.quantity > taken:
        put_back(session, {held.product_id: held.quantity - taken})
    return row


def open_of(session: Session, order_id: str) -> ReturnRequestRow | None:
    """The one that has not ended, though its time may be over."""
    return session.scalar(select(R).where(R.order_id == order_id, R.state == ReturnState.OPEN).execution_options(populate_existing=True))


def exchange_of(row: ReturnRequestRow) -> ExchangeView | None:
    """What she wants instead of money."""
    return ExchangeView(**row.exchange) if row.exchange else None


def lapsing(session: Session, at: datetime, limit: int = 100) -> list[str]:
    """Orders of which she has not brought in time what she asked to give back."""
    return list(session.scalars(select(R.order_id).where(R.state == ReturnState.OPEN, R.expires_at <= at).order_by(R.expires_at).limit(limit)))
