"""Somebody shows a code of a place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.people import NewDevice
from geofences import facade, trust
from geofences.beacons import zone_store
from geofences.beacons.models import CorroborationRow
from geofences.contracts import TrustLevel
from geofences.errors import NoConsentForLocation
from geofences.models import VisitRow
from geofences.presence import privacy, proving
from geofences.presence.errors import PresenceCodeOld, PresenceCodeUnknown, PresenceCodeUsed
from geofences.presence.models import PresenceRow
from geofences.presence.proving import Proved
from geofences.tiers import BEACON, PRINTED, ROTATING, SCREEN, TILL
from tests.geofences.conftest import SHOP_FEATURE, SHOP_ID

Make = Callable[..., NewDevice]
FAR_ID = "plc_far"
FAR = {**SHOP_FEATURE, "id": FAR_ID, "geometry": {"type": "Point", "coordinates": [23.76, 61.5]}}
"""160 km away."""


@pytest.fixture
def far(database: Database, shop: str) -> str:
    with database.transaction() as session:
        facade.import_geojson(session, FAR, at=database.clock.now())
    return FAR_ID


def visiting(database: Database, who: NewDevice, place_id: str = SHOP_ID, doubts: tuple[str, ...] = ()) -> str:
    """She is there, as her positions tell it."""
    visit_id = f"vis_{place_id}_{who.device_id[-8:]}"
    at = database.clock.now() - timedelta(minutes=2)
    columns = (
        "id", "shopper_id", "device_id", "place_id", "fence_id", "started_at", "seen_at", "dwell_s", "nth_visit", "confidence", "trust", "doubts",
    )  # fmt: skip
    row = (visit_id, who.shopper_id, who.device_id, place_id, "fnc_1", at, at, 0, 1, 0.9, "claimed", list(doubts))
    with database.transaction() as session:
        insert_many(session, VisitRow, columns, [row])
    return visit_id


def show(database: Database, who: NewDevice, text: str, *, device: str | None = None) -> Proved:
    at = database.clock.now()
    with database.transaction() as session:
        code = proving.read_code(session, text, at)
        return proving.prove(
            session, code, shopper_id=who.shopper_id, device_id=device or who.device_id, at=at, fastest_mps=90.0
        )


def level(database: Database, visit_id: str) -> str:
    with database.reading() as session:
        return session.scalars(select(VisitRow.trust).where(VisitRow.id == visit_id)).one()


def facts(database: Database, visit_id: str) -> tuple[str, str, str]:
    with database.reading() as session:
        found = facade.presence_facts(session, visit_id)
    assert found is not None
    return found.visit_level, found.trust_verdict, found.presence


def code(database: Database, kind: str, place_id: str = SHOP_ID, label: str = "") -> str:
    return proving.shown_code(kind, place_id, label, database.clock.now())


class TestProve:
    @pytest.mark.parametrize(
        ("kind", "presence", "visit_level", "for_value"),
        [
            (PRINTED, "static_beacon", "corroborated", "claimed"),
            (SCREEN, "shelf_qr", "corroborated", "corroborated"),
            (TILL, "till", "verified", "verified"),
        ],
    )
    def test_a_code_confirms_her_visit_by_what_it_is_worth(
        self, database: Database, shop: str, shopper: Make, kind: str, presence: str, visit_level: str, for_value: str
    ) -> None:
        """Seen to fail when `facts_of` gave the visit's own level: a printed code was worth as much as a screen."""
        ann = shopper()
        visit_id = visiting(database, ann)
        assert facts(database, visit_id) == ("claimed", "genuine", "bare_fix")
        assert show(database, ann, code(database, kind)) == Proved(shop, presence, visit_id, visit_level)
        assert level(database, visit_id) == visit_level
        assert facts(database, visit_id) == (for_value, "genuine", presence)

    @pytest.mark.parametrize("kind", [PRINTED, SCREEN, TILL])
    def test_each_is_taken_once(self, database: Database, shop: str, shopper: Make, kind: str) -> None:
        """Seen to fail when each proof had a hash of its own, and when the phone was left out of it."""
        ann, bob = shopper(), shopper()
        text = code(database, kind)
        show(database, ann, text)
        with pytest.raises(PresenceCodeUsed):
            show(database, ann, text)
        show(database, bob, text)  # another phone in the same line
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(PresenceRow)) == 2

    def test_of_eight_at_once_one_is_taken(self, database: Database, shop: str, shopper: Make) -> None:
        """Seen to fail on PostgreSQL when the use was looked up and then inserted without its unique hash."""
        ann, text = shopper(), code(database, TILL)
        start, taken = threading.Barrier(8), list[str]()

        def run() -> None:
            start.wait()
            try:
                show(database, ann, text)
                taken.append("taken")
            except PresenceCodeUsed:
                taken.append("used")

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == ["taken"] + ["used"] * 7

    def test_an_old_and_a_forged_code_are_refused(
        self, database: Database, shop: str, shopper: Make, clock: object
    ) -> None:
        ann = shopper()
        with pytest.raises(PresenceCodeUnknown):
            show(database, ann, code(database, TILL, "plc_nowhere"))
        with pytest.raises(PresenceCodeUnknown):
            show(database, ann, code(database, TILL)[:-4] + "AAAA")
        old = proving.shown_code(TILL, shop, "", database.clock.now() - timedelta(seconds=45))
        with pytest.raises(PresenceCodeOld):
            show(database, ann, old)

    def test_without_consent_nothing_is_noted(self, database: Database, shop: str, shopper: Make) -> None:
        ann = shopper(agreed=False)
        with pytest.raises(NoConsentForLocation):
            show(database, ann, code(database, TILL))
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(PresenceRow)) == 0

    def test_a_mocked_position_stays_claimed_at_the_till_too(
        self, database: Database, shop: str, shopper: Make
    ) -> None:
        ann = shopper()
        visit_id = visiting(database, ann, doubts=(trust.MOCKED,))
        assert show(database, ann, code(database, TILL)).level == "claimed"
        assert facts(database, visit_id) == ("claimed", "spoofed", "till")

    def test_where_no_visit_is_known_it_is_kept_alone(self, database: Database, shop: str, shopper: Make) -> None:
        assert show(database, shopper(), code(database, SCREEN)) == Proved(shop, "shelf_qr", None, "claimed")


class TestTwoPlaces:
    def test_two_places_at_once_undo_both(self, database: Database, shop: str, far: str, shopper: Make) -> None:
        """Seen to fail when only the second was flagged: the first visit stayed verified."""
        ann = shopper()
        here, there = visiting(database, ann), visiting(database, ann, far)
        assert show(database, ann, code(database, TILL)).level == "verified"
        assert show(database, ann, code(database, TILL, far), device="dev_accomplice") == Proved(
            far, "bare_fix", None, "claimed"
        )
        assert (level(database, here), level(database, there)) == ("claimed", "claimed")
        with database.reading() as session:
            assert None not in set(session.scalars(select(PresenceRow.relayed_at)))
            assert session.scalar(select(func.count()).select_from(CorroborationRow)) == 0

    def test_with_time_to_travel_both_count(self, database: Database, shop: str, far: str, shopper: Make) -> None:
        ann = shopper()
        here, there = visiting(database, ann), visiting(database, ann, far)
        show(database, ann, code(database, TILL))
        later = database.clock
        assert isinstance(later, ManualClock)
        later.advance(7200)
        assert show(database, ann, code(database, TILL, far)).level == "verified"
        assert (level(database, here), level(database, there)) == ("verified", "verified")


class TestBesideBeacons:
    def heard(self, session: Session, visit_id: str, who: NewDevice, kind: str) -> None:
        row = ("vis_zone", visit_id, who.shopper_id, kind)
        insert_many(
            session, CorroborationRow, ("by_visit_id", "visit_id", "shopper_id", "kind", "noted_at"), [(*row, self.at)]
        )
        zone_store.raise_trust(session, {who.shopper_id})

    @pytest.mark.parametrize(("kind", "after"), [(BEACON, "verified"), (ROTATING, "verified")])
    def test_a_screen_and_a_beacon_verify(
        self, database: Database, shop: str, shopper: Make, kind: str, after: str
    ) -> None:
        ann, self.at = shopper(), database.clock.now()
        visit_id = visiting(database, ann)
        show(database, ann, code(database, SCREEN))
        with database.transaction() as session:
            self.heard(session, visit_id, ann, kind)
        assert level(database, visit_id) == after

    def test_a_printed_code_and_a_static_beacon_do_not(self, database: Database, shop: str, shopper: Make) -> None:
        ann, self.at = shopper(), database.clock.now()
        visit_id = visiting(database, ann)
        show(database, ann, code(database, PRINTED))
        with database.transaction() as session:
            self.heard(session, visit_id, ann, BEACON)
        assert level(database, visit_id) == TrustLevel.CORROBORATED
        assert facts(database, visit_id) == ("claimed", "genuine", "static_beacon")

    def test_what_an_echoed_beacon_confirmed_the_screen_still_does(
        self, database: Database, shop: str, shopper: Make
    ) -> None:
        ann, self.at = shopper(), database.clock.now()
        visit_id = visiting(database, ann)
        show(database, ann, code(database, SCREEN))
        with database.transaction() as session:
            self.heard(session, visit_id, ann, ROTATING)
            zone_store.withdraw(session, {"vis_zone": ("beacon_echoed",)})
        assert level(database, visit_id) == "corroborated"


class TestPrivacy:
    def test_given_out_and_gone(self, database: Database, shop: str, shopper: Make) -> None:
        ann, bob = shopper(), shopper()
        show(database, ann, code(database, TILL))
        show(database, bob, code(database, TILL))
        with database.transaction() as session:
            given = privacy.export(session, ann.shopper_id)["proofs_of_presence"]
            assert [(row["place_id"], row["kind"], row["relayed_at"]) for row in given] == [(shop, TILL, None)]
            assert privacy.erase(session, ann.shopper_id) == 1
            assert privacy.erase(session, ann.shopper_id) == 0
            assert len(privacy.export(session, bob.shopper_id)["proofs_of_presence"]) == 1
