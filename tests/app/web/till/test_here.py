"""The code on the till's screen, and the phone that scans it."""

from __future__ import annotations

import re

from sqlalchemy import select, update

from app.kernel.bulk import insert_many
from app.security.policies.contracts import Presence, TrustVerdict, VisitLevel
from app.security.principals import Role
from geofences import facade as geofences
from geofences.beacons.models import CorroborationRow
from geofences.models import VisitRow
from offers import facade as offers
from offers.models import CouponRow
from tests.app.web.conftest import BONBON_SHOP, Town


class TestHere:
    def test_it_changes_and_is_for_the_stores_of_the_clerk_alone(self, town: Town) -> None:
        clerk = town.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        shown = clerk.get(f"/till/here?place_id={BONBON_SHOP}")
        assert shown.status_code == 200
        assert "<svg" in shown.text
        assert re.search(r">\d{4} \d{4}<", shown.text)
        town.clock.advance(15)
        assert clerk.get(f"/till/here?place_id={BONBON_SHOP}").text != shown.text
        assert clerk.get("/till/here?place_id=plc_ooey_gooey_asema").status_code == 404
        assert 'hx-get="/till/here"' in clerk.get("/till").text


class TestScanned:
    def test_one_button_and_then_it_is_said_once(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        code, _ = geofences.place_code(BONBON_SHOP, town.clock.now(), kind="till")
        page = shopper.get(f"/m/here?code={code}")
        assert f'value="{code}"' in page.text
        said = shopper.post("/m/here", {"code": code})
        assert "The till knows that you are here." in said.text
        assert 'data-good="no"' in shopper.post("/m/here", {"code": "MMP1.t.nonsense"}).text

    def test_a_printed_code_says_that_it_counts_for_little(self, town: Town) -> None:
        shopper = town.browser(Role.SHOPPER)
        code, _ = geofences.place_code(BONBON_SHOP, town.clock.now(), kind="printed_code", label="aisle-3")
        assert "it counts for a little only" in shopper.post("/m/here", {"code": code}).text


class TestWhatACouponsVisitIsWorth:
    def test_a_static_beacon_raises_the_visit_and_no_value(self, town: Town) -> None:
        """Seen to fail when the rules were told the level written on the coupon: a static beacon opened what a screen does."""
        shopper = town.browser(Role.SHOPPER)
        coupon = town.coupon(shopper)
        with town.house.database.transaction() as session:
            session.execute(update(CouponRow).where(CouponRow.id == coupon.id).values(trust="corroborated"))
            visit_id = session.scalars(select(CouponRow.visit_id).where(CouponRow.id == coupon.id)).one()
            assert offers.visits_behind(session, [coupon.id]) == (VisitLevel.CORROBORATED, None, None)
            at, whose = town.clock.now(), (shopper.id, "dev_test")
            visit = (visit_id, *whose, BONBON_SHOP, "fnc_1", at, at, 0, 1, 0.9, "corroborated", [])
            columns = ("id", "shopper_id", "device_id", "place_id", "fence_id", "started_at", "seen_at", "dwell_s", "nth_visit", "confidence", "trust", "doubts")  # fmt: skip
            insert_many(session, VisitRow, columns, [visit])
            confirmed = ("visit_id", "by_visit_id", "shopper_id", "kind", "noted_at")
            insert_many(session, CorroborationRow, confirmed, [(visit_id, "vis_zone", shopper.id, "beacon", at)])
            assert offers.visits_behind(session, [coupon.id]) == (VisitLevel.CLAIMED, TrustVerdict.GENUINE, Presence.STATIC_BEACON)
            insert_many(session, CorroborationRow, confirmed, [(visit_id, "prf_1", shopper.id, "screen_code", at)])
            assert offers.visits_behind(session, [coupon.id]) == (VisitLevel.CORROBORATED, TrustVerdict.GENUINE, Presence.SHELF_QR)
            assert offers.visits_behind(session, [coupon.id, "cpn_nobody"]) == (None, None, None)
