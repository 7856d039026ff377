"""What the tests of this room share: keys, a place and a visit as geofences would show them, shoppers with phones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.http import RequestGuard, install_problems
from app.kernel.ids import derived_id
from app.kernel.outbox import OutboxEvent, Subscriptions, emit
from app.kernel.relay import Relay
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.contacts.settings import ContactSettings
from app.security.people import register_device
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from app.security.settings import SecuritySettings
from geofences import facade as geofences
from geofences.contracts import Place, TrustLevel, VisitView
from notifications import facade, wiring
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.channel_settings import ChannelSettings
from notifications.endpoints import router
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued

HELSINKI = Place("plc_1", "Ooey Gooey Kamppi", "store", "Ooey Gooey", "Europe/Helsinki", (), 60.17, 24.93)


@pytest.fixture(autouse=True)
def secrets() -> None:
    use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32))


@dataclass
class FakePlaces:
    """What geofences answers in these tests; `ended_at` closes every visit."""

    ended_at: datetime | None = None
    place: Place | None = HELSINKI

    def visit(self, _session: object, visit_id: str) -> VisitView:
        started = datetime.fromisoformat("2026-11-21T11:55:00+00:00")
        return VisitView(visit_id, "shp", "plc_1", "fen_1", started, self.ended_at, 300, 0.9, TrustLevel.CLAIMED)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> FakePlaces:
    fake = FakePlaces()
    monkeypatch.setattr(geofences, "place", lambda _session, _id: fake.place, raising=False)
    monkeypatch.setattr(geofences, "directory", lambda _session: SimpleNamespace(by_id=SimpleNamespace(get=lambda _id: fake.place)))
    monkeypatch.setattr(geofences, "visit", fake.visit, raising=False)
    monkeypatch.setattr(geofences, "visit_lasts", lambda _session, _id: fake.ended_at is None)
    return fake


@dataclass(frozen=True)
class Phone:
    shopper_id: str
    device_id: str
    bearer: str
    address: str | None


class Room:
    """A running room on one database: events go in through the outbox, as in the house."""

    def __init__(
        self,
        database: Database,
        settings: NotificationSettings,
        gateway: Any,
        channels: ChannelSettings | None = None,
        mail_server: ContactSettings | None = None,
    ) -> None:
        self.database, self.settings, self.gateway = database, settings, gateway
        self.channels = channels or ChannelSettings()  # type: ignore[call-arg]
        origin = "https://shop.example"
        self.parts = wiring.build(database, settings, gateway=gateway, channels=self.channels, mail_server=mail_server, origin=origin)
        self.subscriptions = Subscriptions()
        self.parts.subscribe(self.subscriptions)
        self.subscriptions.attach(database)
        self.relay = Relay(database, self.subscriptions)
        self._phones = 0

    def phone(self, *, consent: bool = True, push: bool = True, kind: str = "token") -> Phone:
        self._phones += 1
        at = self.database.clock.now()
        with self.database.transaction() as session:
            device = register_device(session, "Phone", "android", at)
        address = f"address-of-phone-{self._phones}" if push else None
        if consent:
            self.consent(device.shopper_id)
        if address:
            with self.database.transaction() as session:
                facade.register_push_token(session, device.device_id, device.shopper_id, address, kind)
        return Phone(device.shopper_id, device.device_id, device.token, address)

    def consent(self, shopper_id: str, *, given: bool = True) -> None:
        with self.database.transaction() as session:
            turn = grant if given else withdraw
            turn(session, shopper_id, Purpose.MARKETING_PUSH, source="test", at=self.database.clock.now())

    def coupon(
        self, shopper_id: str, *, name: str = "1", visit: str = "vis_1", life_s: float = 3600, **changes: Any
    ) -> CouponIssued:
        at = self.database.clock.now()
        coupon = CouponIssued(
            coupon_id=f"cpn_{name}",
            decision_id=f"dec_{name}",
            campaign_id="cmp_1",
            moment_id=f"mom_{name}",
            visit_id=visit,
            shopper_id=shopper_id,
            place_id="plc_1",
            place_name="Ooey Gooey Kamppi",
            title="Bonbon of the month",
            body="25 % off",
            issued_at=at,
            expires_at=at + timedelta(seconds=life_s),
        )
        return replace(coupon, **changes)

    def emit(self, *events: Any) -> None:
        with self.database.transaction() as session:
            for event in events:
                emit(session, event, subject=getattr(event, "shopper_id", "x"))

    def issue(self, shopper_id: str, **changes: Any) -> str:
        """Emit `coupon.issued`, let the relay deliver it; returns the message id."""
        event = self.coupon(shopper_id, **changes)
        self.emit(event)
        self.relay.run_until_idle()
        return derived_id("msg", event.coupon_id)

    def said(self, event_type: str) -> list[dict[str, Any]]:
        """The payloads of all events of a type, in order."""
        with self.database.reading() as session:
            return [
                r.payload
                for r in session.scalars(
                    select(OutboxEvent).where(OutboxEvent.type == event_type).order_by(OutboxEvent.id)
                )
            ]

    def states(self, message_id: str) -> dict[str, tuple[str, tuple[str, ...]]]:
        with self.database.reading() as session:
            return {d.channel: (d.state, d.reasons) for d in facade.deliveries(session, message_id=message_id)}

    def app(self) -> FastAPI:
        app = FastAPI()
        settings = SimpleNamespace(security=SecuritySettings(), notifications=self.settings, channels=self.channels)
        app.state.house = SimpleNamespace(database=self.database, settings=settings, notifications=self.parts)
        install_problems(app)
        app.add_middleware(RequestGuard)
        app.include_router(router)
        return app


@pytest.fixture
def settings() -> NotificationSettings:
    return NotificationSettings(push_workers=4, stream_poll_s=0.2)


@pytest.fixture
def room(database: Database, settings: NotificationSettings, places: FakePlaces) -> Iterator[Room]:
    made = Room(database, settings, MemoryGateway())
    yield made
    made.parts.stop()
