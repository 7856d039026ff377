"""The club of the tests: a programme with one of everything, and what happens to its members."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from app.kernel.outbox import OutboxEvent
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from geofences.contracts import TrustLevel, VisitView
from geofences.tiers import PresenceFacts
from storefront.balance import books
from storefront.contracts import LoyaltyView
from storefront.facade import Shop
from storefront.loyalty import counting, planning, showing, weighing
from storefront.orders import moves, returning
from storefront.points import ledger
from tests.storefront.floor import fill, order

JANE = "shp_jane"

CLUB = """\
loyalty:
  name: Bonbon Club
  timezone: Europe/Helsinki
  points:
    per_visit: 5
    visit_days_per_month: 3
    exchange: {points: 10, credit_minor: 100, currency: EUR}
  tiers:
    measure: spend
    currency: EUR
    window_days: 30
    kept_days: 10
    levels:
      silver: {name: Silver, from: 1000, multiplier: 2, free_delivery: true}
      gold: {name: Gold, from: 5000, multiplier: 3}
  cards:
    bonbon: {name: Bonbon card, categories: [bonbon], needs: 3, starts_on: 2026-11-01, ends_on: 2027-06-30, gift: {credit_minor: 300, currency: EUR}}
    come: {name: Visits, visits: true, needs: 2, starts_on: 2026-11-01, ends_on: 2027-06-30, gift: {points: 20}}
  challenges:
    stores: {name: Two stores, goal: stores, count: 2, every: month, most: 2, starts_on: 2026-11-01, ends_on: 2027-06-30, gift: {points: 50}}
"""


class Club:
    """A shop with the programme in force. `visits` is what geofences knows."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch, text: str = CLUB) -> None:
        self.shop, self.visits = shop, dict[str, tuple[VisitView, PresenceFacts]]()
        monkeypatch.setattr(geofences, "visit", lambda _session, visit_id: self.visits[visit_id][0] if visit_id in self.visits else None)
        monkeypatch.setattr(geofences, "presence_facts", lambda _session, visit_id: self.visits[visit_id][1] if visit_id in self.visits else None)
        self.apply(text)

    def apply(self, text: str) -> tuple[str, ...]:
        with self.shop.database.transaction() as session:
            return planning.apply(session, text, by="test", at=self.shop.now()).changes

    def agree(self, shopper_id: str = JANE, purpose: Purpose = Purpose.LOYALTY) -> None:
        with self.shop.database.transaction() as session:
            set_consent(session, shopper_id, purpose, granted=True, source="test", at=self.shop.now())

    def buy(self, key: str, shopper_id: str = JANE, **pieces: int) -> str:
        fill(self.shop, shopper_id, **pieces)
        order_id, _ = order(self.shop, key, shopper_id=shopper_id)
        with self.shop.database.transaction() as session:
            assert moves.pay(session, self.shop.coupons, order_id, at=self.shop.now())
        self.weigh(shopper_id)
        return order_id

    def give_back(self, order_id: str, pieces: dict[int, int], shopper_id: str = JANE) -> None:
        with self.shop.database.transaction() as session:
            refund_id = f"ref_{order_id[-6:]}_{sum(pieces.values())}"
            returning.ask_return(session, order_id, pieces, refund_id=refund_id, restock=True, asked_by="psn", at=self.shop.now())
            returning.finish(session, self.shop.coupons, refund_id, at=self.shop.now())
        self.weigh(shopper_id)

    def there(self, visit_id: str, place_id: str = "plc_kluuvi", at: datetime | None = None, *, level: str = "corroborated", verdict: str = "genuine", shopper_id: str = JANE) -> None:
        """Geofences knows of it; nobody has been told."""
        came_at = at or self.shop.now()
        view = VisitView(visit_id, shopper_id, place_id, "fnc_1", came_at, None, 600, 0.9, TrustLevel(level))
        self.visits[visit_id] = view, PresenceFacts(level, verdict, "till")

    def told(self, visit_id: str, shopper_id: str = JANE) -> bool:
        with self.shop.database.transaction() as session:
            return counting.visited(session, visit_id, shopper_id, at=self.shop.now())

    def come(self, visit_id: str, place_id: str = "plc_kluuvi", at: datetime | None = None, **given: object) -> None:
        self.there(visit_id, place_id, at, **given)  # type: ignore[arg-type]
        self.told(visit_id)
        self.weigh()

    def weigh(self, shopper_id: str = JANE) -> None:
        with self.shop.database.transaction() as session:
            weighing.weigh(session, shopper_id, at=self.shop.now())

    def shown(self, shopper_id: str = JANE) -> LoyaltyView:
        """What her page says; checks that both books add up."""
        with self.shop.database.reading() as session:
            assert ledger.drift(session) == {}
            assert books.drift(session) == {}
            return showing.shown(session, shopper_id, at=self.shop.now())

    def credit(self, shopper_id: str = JANE) -> int:
        with self.shop.database.reading() as session:
            return books.available_minor(session, shopper_id, "EUR")

    def gifts(self) -> list[tuple[str, str]]:
        return [(gift.title, gift.state) for gift in self.shown().gifts]

    def events(self) -> list[str]:
        with self.shop.database.reading() as session:
            return [t for t in session.scalars(select(OutboxEvent.type).order_by(OutboxEvent.id)) if t.startswith("loyalty.") and t != "loyalty.counted"]

