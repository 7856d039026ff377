"""What the storefront asks of its neighbour `offers`, said as verbs, so that tests may answer instead.

Owns the port alone. `offers.facade` is the real one (a module satisfies a protocol).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from offers.contracts import Quote, QuoteLine, Refused


class CouponDesk(Protocol):
    """Quote, hold, go on holding, use, put back and give back a coupon. All inside the caller's transaction."""

    def quote(
        self, session: Session, *, code: str, shopper_id: str, lines: Sequence[QuoteLine], currency: str, place_id: str | None, at: datetime
    ) -> Quote | Refused: ...

    def reserve(
        self,
        session: Session,
        *,
        code: str,
        shopper_id: str,
        order_id: str,
        lines: Sequence[QuoteLine],
        currency: str,
        place_id: str | None,
        at: datetime,
        ttl_s: int,
    ) -> Quote | Refused: ...

    def redeem(self, session: Session, *, order_id: str, at: datetime) -> bool: ...

    def renew(self, session: Session, *, order_id: str, at: datetime, ttl_s: int) -> bool: ...

    def release(self, session: Session, *, order_id: str, at: datetime, why: str) -> bool: ...

    def give_back(self, session: Session, *, order_id: str, at: datetime, why: str) -> bool: ...
