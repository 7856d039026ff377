"""Use is counted once by event, on its day, and a closed day never changes; its report is ours or it is not."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.kernel.http import to_json
from app.kernel.outbox import OutboxEvent, Subscriptions, emit
from app.kernel.relay import Relay
from app.security.sealing import use_secrets
from app.security.secrets import new_secrets
from notifications.metering import counting, reporting
from notifications.metering.contracts import UsageReport
from storefront.contracts import OrderPaid
from tests.conftest import START

TODAY, TOMORROW = START.date(), START.date() + timedelta(days=1)


class Meter:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        use_secrets(new_secrets())
        subscriptions = Subscriptions()
        counting.subscribe(subscriptions)
        subscriptions.attach(database)
        self.relay = Relay(database, subscriptions)

    def paid(self, order_id: str) -> str:
        with self.database.transaction() as session:
            return emit(session, OrderPaid(order_id, "shp_jane", 900, 0, "EUR", None, self.clock.now()), subject="shp_jane")

    def close(self) -> int:
        return reporting.close_days(self.database, self.clock.now())

    def report(self) -> UsageReport:
        with self.database.reading() as session:
            return reporting.report(session, TODAY, TOMORROW)

    def told(self) -> list[str]:
        with self.database.reading() as session:
            return [p["day"] for p in session.scalars(select(OutboxEvent.payload).where(OutboxEvent.type == "usage.reported").order_by(OutboxEvent.id))]


@pytest.fixture
def meter(database: Database, clock: ManualClock) -> Meter:
    return Meter(database, clock)


class TestCounting:
    def test_each_event_once_however_often_it_is_delivered(self, meter: Meter) -> None:
        """Planted bug: counting without the inbox counted the second delivery too."""
        from app.kernel.outbox import OutboxDelivery

        ids = [meter.paid(f"ord_{n}") for n in range(3)]
        for _ in range(2):
            meter.relay.run_until_idle()
            with meter.database.transaction() as session:
                session.execute(delete(OutboxDelivery).where(OutboxDelivery.event_id == ids[0]))
                session.add(OutboxDelivery(event_id=ids[0], consumer=counting.CONSUMER, next_attempt_at=meter.clock.now()))
        meter.relay.run_until_idle()
        found = meter.report()
        assert (found.totals["orders_paid"], found.days[0].units["orders_paid"], "shp_jane" in to_json(found).decode()) == (3, 3, False)


class TestCloseDays:
    def test_not_before_it_is_over_and_everything_is_counted_and_then_for_good(self, meter: Meter) -> None:
        """Planted bugs: without the look at what waits the day was closed one short; without the look at closed days it grew afterwards."""
        meter.paid("ord_1")
        meter.relay.run_until_idle()
        meter.paid("ord_2")
        assert meter.close() == 0
        meter.clock.advance(timedelta(days=1, hours=2).total_seconds())
        assert (meter.close(), meter.told()) == (0, [])
        meter.relay.run_until_idle()
        assert (meter.close(), meter.close(), meter.told()) == (1, 0, [TODAY.isoformat()])
        before = meter.report()
        with meter.database.transaction() as session:
            late = OrderPaid("ord_3", "shp_jane", 900, 0, "EUR", None, meter.clock.now())
            session.get_one(OutboxEvent, emit(session, late, subject="shp_jane")).created_at = START
        meter.relay.run_until_idle()
        after = meter.report()
        assert (before.days[0], after.days[0].units["orders_paid"], after.days[1].units["orders_paid"]) == (after.days[0], 2, 1)
        assert (after.days[0].closed, after.complete) == (True, False)


class TestGenuine:
    def test_as_signed_or_not(self, meter: Meter) -> None:
        """Planted bug: without the signature whoever rewrote the hash too was believed."""
        meter.paid("ord_1")
        meter.relay.run_until_idle()
        told = json.loads(to_json(meter.report()))
        assert reporting.genuine(told)
        for change in ({"totals": told["totals"] | {"orders_paid": 0}}, {"signature": "00" * 64}, {"sha256": "0" * 64}, {"days": None}):
            assert not reporting.genuine(told | change)
        less = {one["day"]: one["units"] | {"orders_paid": 0} for one in told["days"]}
        forged = dataclasses.asdict(meter.report()) | {"days": [{"day": d, "units": u} for d, u in less.items()]}
        import hashlib

        forged["sha256"] = hashlib.sha256(reporting.canonical(less, forged["totals"])).hexdigest()
        assert not reporting.genuine(forged)

    def test_a_span_that_is_none(self, meter: Meter) -> None:
        with meter.database.reading() as session, pytest.raises(Invalid):
            reporting.report(session, TOMORROW, TODAY)
