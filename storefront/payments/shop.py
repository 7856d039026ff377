"""The storefront's standing equipment, built once in bootstrap and handed to its use cases.

Owns the bundle alone: database, clock (by the database), settings, payment gateway, coupon desk, and the provider of subscriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel.db import Database
from storefront.memberships.ports import BillingGateway
from storefront.payments.ports import PaymentGateway
from storefront.ports import CouponDesk
from storefront.settings import StorefrontSettings


@dataclass(frozen=True, slots=True)
class Shop:
    database: Database
    settings: StorefrontSettings
    gateway: PaymentGateway
    coupons: CouponDesk
    billing: BillingGateway

    def now(self) -> datetime:
        return self.database.clock.now()
