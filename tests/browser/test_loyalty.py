"""The club on the phone: she lets visits count, comes, sees her stamp and why, buys, and has nothing counted any more with one tap; the house reads the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.demo.jane import SHOP
from app.security.principals import Role
from geofences import facade as geofences
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving, until

pytestmark = pytest.mark.browser
SHOW = """body => fetch("/v1/presence", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)}).then(a => a.status)"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_she_comes_and_it_counts_and_stops_when_she_says_so(house_server: Serving, window: Callable[..., Eyes], size: tuple[int, int]) -> None:
    eyes = window(size)
    eyes.go("/m")
    eyes.page.click("button[value='all']")
    eyes.page.wait_for_selector("h1")
    eyes.go("/m/loyalty")
    eyes.look(f"loyalty-new-{size[0]}", full=True)
    eyes.page.click("text=Count my visits")
    expect(eyes.page.get_by_role("button", name="Do not count my visits")).to_be_visible()
    stamp = eyes.page.locator("[data-card='come_by'] .stamps li.on")
    earned = eyes.page.locator("[data-entry='visited']")
    expect(stamp).to_have_count(0)
    eyes.walk_in()
    text, _ = geofences.place_code(SHOP, house_server.house.clock.now(), kind="till")
    assert eyes.page.evaluate(SHOW, {"code": text}) == 200

    def counted() -> bool:
        eyes.page.reload(wait_until="domcontentloaded")
        return earned.count() == 1

    until(counted, eyes.shows, eyes.page)
    expect(stamp).to_have_count(1)
    expect(earned).to_contain_text("+5")
    eyes.page.click("[data-card='come_by'] summary")
    eyes.look(f"loyalty-{size[0]}", full=True)
    eyes.page.click("text=Stop counting")
    expect(eyes.page.locator(".notice")).to_contain_text("Nothing is counted for you now")
    eyes.look(f"loyalty-stopped-{size[0]}", full=True)


def test_the_house_reads_its_rules(window: Callable[..., Eyes], house_server: Serving) -> None:
    eyes = window(DESKTOP)
    eyes.enter(house_server.link(Role.MARKETER))
    eyes.go("/console/loyalty")
    eyes.page.click("summary")
    eyes.look("loyalty-console", full=True)
