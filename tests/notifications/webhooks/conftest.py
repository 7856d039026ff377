"""What the tests of webhooks share: a house's worth of webhooks on one database, whose events go in through the outbox."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.outbox import Subscriptions, emit
from app.kernel.relay import Relay
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.people import register_device
from notifications.webhooks import dispatch, recording, registry
from notifications.webhooks.adapters.memory_gateway import MemoryGateway
from notifications.webhooks.contracts import Registered
from notifications.webhooks.models import Endpoint, WebhookDelivery
from notifications.webhooks.settings import WebhookSettings
from offers.contracts import CouponIssued
from storefront.contracts import OrderClosed, OrderPaid, OrderPlaced

SOURCE = "https://house.example"
URL = "https://hooks.example.com/in"


@dataclass
class Out:
    """`say` emits, `relay` brings it here, `turn` sends what is due."""

    database: Database
    gateway: MemoryGateway = field(default_factory=MemoryGateway)
    settings: WebhookSettings = field(default_factory=WebhookSettings)

    def __post_init__(self) -> None:
        subscriptions = Subscriptions()
        recording.subscribe(subscriptions, lambda: None)
        subscriptions.attach(self.database)
        self.relay = Relay(self.database, subscriptions)

    @property
    def now(self) -> datetime:
        return self.database.clock.now()

    def endpoint(self, *types: str, url: str = URL) -> Registered:
        with self.database.transaction() as session:
            return registry.add(session, url, types, "", by="test", settings=self.settings, at=self.now)

    def shopper(self, *purposes: Purpose) -> str:
        with self.database.transaction() as session:
            shopper_id = register_device(session, "Phone", "android", self.now).shopper_id
        for purpose in purposes:
            self.consent(shopper_id, purpose)
        return shopper_id

    def consent(self, shopper_id: str, purpose: Purpose, *, given: bool = True) -> None:
        with self.database.transaction() as session:
            (grant if given else withdraw)(session, shopper_id, purpose, source="test", at=self.now)

    def say(self, *events: Any, relay: bool = True) -> None:
        with self.database.transaction() as session:
            for event in events:
                emit(session, event, subject=getattr(event, "order_id", None) or event.shopper_id)
        if relay:
            self.relay.run_until_idle()

    def order(self, order_id: str, shopper_id: str = "shp_1", *, relay: bool = True) -> None:
        """Its whole life: placed, paid, closed."""
        placed = OrderPlaced(order_id, shopper_id, 1200, "EUR", None, self.now)
        paid = OrderPaid(order_id, shopper_id, 1200, 0, "EUR", None, self.now)
        self.say(placed, paid, OrderClosed(order_id, shopper_id, "refunded", None, self.now), relay=relay)

    def coupon(self, shopper_id: str) -> None:
        self.say(CouponIssued("cpn_1", "dec_1", "cmp_1", "mom_1", "vis_1", shopper_id, "plc_1", "Kamppi", "Bonbon", "25 %", self.now, self.now))

    def turn(self) -> int:
        return dispatch.run_once(self.database, self.gateway, self.settings, SOURCE)

    def until_idle(self, most: int = 10_000) -> None:
        for _ in range(most):
            if not self.turn():
                return

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.gateway.sent]

    def states(self) -> list[tuple[str, str, str | None]]:
        """(type, state, reason) in the order of events."""
        d = WebhookDelivery
        with self.database.reading() as session:
            return [tuple(row) for row in session.execute(select(d.type, d.state, d.reason).order_by(d.event_id, d.endpoint_id))]

    def row(self, endpoint_id: str) -> Endpoint:
        with self.database.reading() as session:
            found = registry.found(session, endpoint_id)
            session.expunge(found)
            return found


@pytest.fixture
def out(database: Database) -> Out:
    return Out(database)
