"""The page says in words what is held, and nothing of another."""

from __future__ import annotations

from collections.abc import Callable

from app.security.principals import Role
from geofences.models import VisitRow
from tests.app.web.conftest import BONBON_SHOP, Browser, Town


class TestWhere:
    def test_who_was_seen_nowhere_is_told_so(self, browser: Callable[..., Browser]) -> None:
        page = browser(Role.SHOPPER).get("/m/me/where")
        assert page.status_code == 200
        assert "we have seen you nowhere" in page.text
        assert page.headers["cache-control"] == "no-store"

    def test_my_data_leads_there(self, browser: Callable[..., Browser]) -> None:
        assert 'href="/m/me/where"' in browser(Role.SHOPPER).get("/m/me").text

    def test_a_visit_can_be_asked_about_by_whoever_made_it(self, town: Town, browser: Callable[..., Browser]) -> None:
        me, eve, at = browser(Role.SHOPPER), browser(Role.SHOPPER), town.clock.now()
        with town.house.database.transaction() as session:
            session.add(VisitRow(
                id="vis_asked", shopper_id=me.id, device_id="d", place_id=BONBON_SHOP, fence_id="f", started_at=at, ended_at=at, seen_at=at, dwell_s=0, nth_visit=1, confidence=1.0,
                trust="claimed", doubts=[],
            ))  # fmt: skip
        assert 'href="/m/support/new?visit=vis_asked"' in me.get("/m/me/where").text
        assert "Your visit to" in me.get("/m/support/new?visit=vis_asked").text
        assert "Your visit to" not in eve.get("/m/support/new?visit=vis_asked").text
        told = {"category": "visit", "text": "I was not there", "visit_id": "vis_asked"}
        assert (me.post("/m/support", told).status_code, eve.post("/m/support", told).status_code) == (303, 404)
