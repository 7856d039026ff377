"""From the event to the coupon, through the real relay."""

from __future__ import annotations

from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.outbox import Subscriptions, emit
from app.kernel.relay import Relay
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security.contacts import repository as contacts
from app.security.contacts.contracts import ContactVerified
from app.security.contacts.values import ContactKind
from geofences.contracts import MomentDetected, MomentRetracted
from offers import facade, identity
from offers.definition import Hint
from offers.handlers import subscribe
from offers.models import IdentityHint
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

    def test_a_verified_contact_is_noted_as_a_hash_alone_and_joins_those_who_share_it(self, database: Database) -> None:
        """Seen to fail with nobody listening: two accounts with one verified address were two people to every campaign."""
        runner = relay(database)
        with database.transaction() as session:
            for shopper_id in ("shp_jane", "shp_john"):
                contacts.put(session, shopper_id, ContactKind.EMAIL, "jane@example.org", START)
                emit(session, ContactVerified(shopper_id, "email", START), subject=shopper_id)
            emit(session, ContactVerified("shp_gone", "email", START), subject="shp_gone")
        runner.run_until_idle()
        with database.reading() as session:
            assert identity.others(session, ["shp_jane"], [Hint.CONTACT]) == {Hint.CONTACT: frozenset({"shp_john"})}
            rows = [tuple(row) for row in session.execute(select(IdentityHint.kind, IdentityHint.hash, IdentityHint.shopper_id))]
        assert sorted((kind, shopper_id) for kind, _, shopper_id in rows) == [("contact", "shp_jane"), ("contact", "shp_john")]
        assert "example.org" not in str(rows)
