"""The marketer writes an audience and sees it counted meanwhile; what the groups of a campaign did, in both lights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.security.principals import Role
from offers import facade as offers
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving
from tests.offers.builders import moment
from tests.offers.crowd import bought, shopper, stay

pytestmark = pytest.mark.browser

SHOP = "plc_ooey_gooey_kluuvi"
CAMPAIGN = "cam_regulars"
DOCUMENT: dict[str, Any] = {
    "name": "Ooey Gooey: for regulars",
    "title": "A truffle for you",
    "because": "you come so often",
    "trigger": {"moment_kinds": ["store_visit"], "chains": ["ooey-gooey"]},
    "benefit": {"kind": "percent", "percent": 10, "max_discount_minor": 500},
    "experiment": {"holdout_bp": 4_000},
    "priority": 500,
    "audience": {"all": [{"fact": "visits", "at_least": 1, "within_days": 60, "chains": ["ooey-gooey"]}]},
}


@pytest.fixture(scope="module")
def regulars(house_server: Serving) -> None:
    """Two hundred shoppers who were there before; each has met the campaign, more than half of those who could get it bought."""
    now = house_server.house.clock.now()
    met = now - timedelta(days=20)
    with house_server.house.database.transaction() as session:
        offers.draft_campaign(session, DOCUMENT, by="psn_test", at=met, campaign_id=CAMPAIGN)
        offers.activate_campaign(session, CAMPAIGN, at=met)
        for n in range(200):
            who = shopper(session, f"shp_regular_{n:03d}", since=met - timedelta(days=5))
            stay(session, who, SHOP, met - timedelta(days=2))
    for n in range(200):
        with house_server.house.database.transaction() as session:
            who = f"shp_regular_{n:03d}"
            there = moment(f"mom_regular_{n:03d}", who, at=met)
            made = offers.decide(session, type(there)(**{**{f: getattr(there, f) for f in there.__slots__}, "place_id": SHOP}), at=met)
            mine = next(d for d in (offers.decision(session, i) for i in made) if d is not None and d.campaign_id == CAMPAIGN)
            if n % 3 if mine.outcome == "offer" else n % 3 == 0:
                bought(session, who, met + timedelta(days=2))


@pytest.mark.timeout(300)  # the first waits for the crowd, too
class TestAudience:
    @pytest.mark.parametrize("size", [PHONE, DESKTOP])
    def test_is_counted_while_it_is_written(self, house_server: Serving, regulars: None, window: Callable[..., Eyes], size: tuple[int, int]) -> None:
        eyes = window(size)
        eyes.enter(house_server.link(Role.MARKETER))
        eyes.go(f"/console/campaigns/{CAMPAIGN}/audience")
        assert "200+" in eyes.page.inner_text("#counted")
        eyes.page.select_option("#fact1", "orders")
        eyes.page.fill("#at_least1", "1")
        eyes.page.wait_for_selector("[data-words]:has-text('at least 1 order')")
        assert "200+" not in eyes.page.inner_text("#counted dd >> nth=0")
        eyes.look(f"console-audience-{size[0]}", full=True, picture=size == DESKTOP)

    @pytest.mark.parametrize("size", [PHONE, DESKTOP])
    def test_the_figures_by_group_come_with_the_campaign(self, house_server: Serving, regulars: None, window: Callable[..., Eyes], size: tuple[int, int]) -> None:
        eyes = window(size)
        eyes.enter(house_server.link(Role.MARKETER))
        eyes.go(f"/console/campaigns/{CAMPAIGN}")
        eyes.page.wait_for_selector('[data-arm="holdout"]')
        assert "It is hardly chance." in eyes.page.inner_text('[data-lift="all bought"]')
        eyes.look(f"console-figures-{size[0]}", full=True)
