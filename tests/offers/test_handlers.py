"""From the event to the coupon, through the real relay."""

from __future__ import annotations

from app.kernel.db import Database
from app.kernel.outbox import Relay, Subscriptions, emit
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from geofences.contracts import MomentDetected, MomentRetracted
from offers import facade
from offers.handlers import subscribe
from offers.settings import OfferSettings
from tests.conftest import START
from tests.offers.builders import go_live

DETECTED = MomentDetected(
    moment_id="mom_1", kind="store_visit", shopper_id="shp_jane", device_id="dev_1", place_id="plc_kluuvi", visit_id="vis_1",
    occurred_at=START, detected_at=START, dwell_s=0, nth_visit=1, confidence=0.9, trust="claimed",
)  # fmt: skip
RETRACTED = MomentRetracted("mom_1", "vis_1", "shp_jane", "plc_kluuvi", START)


def relay(database: Database) -> Relay:
    subscriptions = Subscriptions()
    subscribe(subscriptions, OfferSettings())
    subscriptions.attach(database)
    return Relay(database, subscriptions)


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return [str(c.state) for c in facade.wallet(session, "shp_jane", START)]


class TestSubscribe:
    def test_detected_then_retracted(self, database: Database) -> None:
        runner = relay(database)
        with database.transaction() as session:
            go_live(session)
            set_consent(session, "shp_jane", Purpose.PERSONALISATION, granted=True, source="test", at=START)
            emit(session, DETECTED, subject="shp_jane")
            emit(session, DETECTED, subject="shp_jane")
        runner.run_until_idle()
        assert states(database) == ["issued"]
        with database.transaction() as session:
            emit(session, RETRACTED, subject="shp_jane")
        runner.run_until_idle()
        assert states(database) == ["revoked"]

    def test_without_consent_no_coupon(self, database: Database) -> None:
        runner = relay(database)
        with database.transaction() as session:
            go_live(session)
            emit(session, DETECTED, subject="shp_jane")
        runner.run_until_idle()
        assert states(database) == []

    def test_an_unknown_place_is_passed_over(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
            from dataclasses import replace

            from offers.handlers import moment_of

            assert facade.decide(session, moment_of(replace(DETECTED, place_id="plc_gone")), at=START) == []
