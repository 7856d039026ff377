"""What the tests of analytics share: shoppers who may be counted, and coupons as offers would show them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.analytics import facade, handlers
from app.analytics.contracts import Funnel
from app.kernel.db import Database
from app.kernel.outbox import Subscriptions, emit
from app.kernel.relay import Relay
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security.sealing import use_secrets
from app.security.secrets import new_secrets
from geofences.contracts import MomentDetected
from notifications.contracts import MessageAnswered, PushSent, PushSuppressed
from offers import facade as offers
from offers.contracts import CouponIssued, CouponRedeemed, CouponReleased, MomentDecided
from storefront.contracts import OrderClosed, OrderPaid

NOW = datetime.fromisoformat("2026-11-21T12:00:00+00:00")


@pytest.fixture(autouse=True, scope="session")
def secrets() -> None:
    """What a device is called is sealed."""
    use_secrets(new_secrets())


@pytest.fixture(autouse=True)
def coupons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coupon `cpn_7` belongs to moment `mom_7` of campaign `cmp_1`; `cpn_none` to nothing."""

    def coupon_origins(_session: object, coupon_ids: Collection[str]) -> dict[str, tuple[str, str]]:
        numbers = {coupon_id: coupon_id.removeprefix("cpn_") for coupon_id in coupon_ids}
        return {coupon_id: (f"mom_{number}", "cmp_1") for coupon_id, number in numbers.items() if number != "none"}

    monkeypatch.setattr(offers, "coupon_origins", coupon_origins)


@dataclass
class Counting:
    """The consumers of analytics on one database."""

    database: Database

    def __post_init__(self) -> None:
        subscriptions = Subscriptions()
        handlers.subscribe(subscriptions)
        subscriptions.attach(self.database)
        self.relay = Relay(self.database, subscriptions)

    def consent(self, *numbers: int | str) -> None:
        with self.database.transaction() as session:
            for n in numbers:
                grant(session, f"shp_{n}", Purpose.ANALYTICS, source="test", at=self.database.clock.now())

    def hear(self, *events: Any) -> None:
        with self.database.transaction() as session:
            for event in events:
                emit(session, event, subject="x")
        self.relay.run_until_idle()

    def funnel(self, campaign_id: str | None = "cmp_1", since: datetime = NOW) -> Funnel:
        with self.database.reading() as session:
            return facade.funnel(session, campaign_id, since)

    def shoppers(self, campaign_id: str | None = "cmp_1") -> dict[str, int | None]:
        return {s.name: s.shoppers for s in self.funnel(campaign_id).stages}


@pytest.fixture
def counting(database: Database) -> Counting:
    return Counting(database)


def detected(n: int | str) -> MomentDetected:
    return MomentDetected(
        f"mom_{n}", "store_visit", f"shp_{n}", "dev", "plc_1", f"vis_{n}", NOW, NOW, 0, 1, 0.9, "claimed"
    )


def decided(n: int | str, outcome: str = "offer", **others: str) -> MomentDecided:
    """By `cmp_1`; `others` are the outcomes of more campaigns."""
    told = {"cmp_1": outcome, **others}
    return MomentDecided(f"mom_{n}", f"shp_{n}", "plc_1", NOW, tuple(f"dec_{n}_{name}" for name in told), tuple(told), tuple(told.values()), ((),) * len(told))


def issued(n: int | str) -> CouponIssued:
    later = NOW + timedelta(hours=1)
    return CouponIssued(
        f"cpn_{n}", f"dec_{n}", "cmp_1", f"mom_{n}", f"vis_{n}", f"shp_{n}", "plc_1", "Shop", "t", "b", NOW, later
    )


def pushed(n: int | str, channel: str = "inbox") -> PushSent:
    return PushSent(f"msg_{n}", f"shp_{n}", channel, f"cpn_{n}", "cmp_1", NOW)


def suppressed(n: int | str) -> PushSuppressed:
    return PushSuppressed(f"msg_{n}", f"shp_{n}", "inbox", f"cpn_{n}", "cmp_1", ("quiet_hours",), NOW)


def answered(n: int | str, kind: str = "seen") -> MessageAnswered:
    return MessageAnswered(f"msg_{n}", f"shp_{n}", kind, f"cpn_{n}", "cmp_1", NOW)


def paid(n: int | str, total_minor: int = 750) -> OrderPaid:
    return OrderPaid(f"ord_{n}", f"shp_{n}", total_minor, 250, "EUR", f"cpn_{n}", NOW)


def redeemed(n: int | str, at: datetime = NOW) -> CouponRedeemed:
    return CouponRedeemed(f"cpn_{n}", "cmp_1", f"shp_{n}", "plc_1", "order", f"ord_{n}", 250, "EUR", at)


def released(n: int | str, at: datetime = NOW + timedelta(seconds=30)) -> CouponReleased:
    return CouponReleased(f"cpn_{n}", "cmp_1", f"shp_{n}", "undone", at)


def closed(n: int | str, state: str = "refunded") -> OrderClosed:
    return OrderClosed(f"ord_{n}", f"shp_{n}", state, f"cpn_{n}", NOW)


WHOLE: tuple[Callable[[int | str], Any], ...] = (detected, decided, issued, pushed, answered, paid, redeemed)
"""Jane's whole story, in its natural order."""
