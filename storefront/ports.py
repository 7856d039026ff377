"""What the storefront asks of its neighbour `offers`, said as verbs, so that tests may answer instead.

Owns the port alone. `offers.facade` is the real one (a module satisfies a protocol).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from offers.contracts import Bundle, PurchaseLine, Quote, QuoteLine, Refused, Together


class CouponDesk(Protocol):
    """Quote coupons, hold, go on holding, use, put back and give back those of an order; and hear what was bought. All inside
    the caller's transaction."""

    def quote(
        self, session: Session, *, code: str, shopper_id: str, lines: Sequence[QuoteLine], currency: str, place_id: str | None, at: datetime
    ) -> Quote | Refused: ...

    def quote_together(
        self,
        session: Session,
        *,
        coupon_ids: Sequence[str],
        shopper_id: str,
        lines: Sequence[QuoteLine],
        currency: str,
        place_id: str | None,
        at: datetime,
    ) -> Together: ...

    def best_bundle(
        self, session: Session, *, shopper_id: str, lines: Sequence[QuoteLine], currency: str, place_id: str | None, at: datetime
    ) -> Bundle: ...

    def reserve_all(
        self,
        session: Session,
        *,
        codes: Sequence[str],
        shopper_id: str,
        order_id: str,
        lines: Sequence[QuoteLine],
        currency: str,
        place_id: str | None,
        at: datetime,
        ttl_s: int,
    ) -> tuple[Quote, ...] | Refused: ...

    def redeem(self, session: Session, *, order_id: str, at: datetime) -> bool: ...

    def renew(self, session: Session, *, order_id: str, at: datetime, ttl_s: int) -> bool: ...

    def release(self, session: Session, *, order_id: str, at: datetime, why: str) -> bool: ...

    def give_back(self, session: Session, *, order_id: str, at: datetime, why: str) -> bool: ...

    def return_part(
        self, session: Session, *, order_id: str, coupon_id: str, amount_minor: int, at: datetime, cause: str, why: str
    ) -> bool: ...

    def note_payment_method(self, session: Session, *, shopper_id: str, fingerprint: str, at: datetime) -> None: ...

    def note_purchase(
        self, session: Session, *, order_id: str, shopper_id: str, currency: str, lines: Sequence[PurchaseLine], at: datetime
    ) -> bool: ...

    def forget_purchase(self, session: Session, *, order_id: str) -> bool: ...
