"""A service from the phone to the table: a time chosen with one hand, paid, moved on the page of the order, the code shown and checked in at the till; and the console."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.demo.city.curation import OOEY_GOOEY, PLACES
from app.security.principals import Role
from storefront import facade as storefront
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving
from tests.browser.test_story import fresh_shopper

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SMALL = (320, 640)
COURSE = "prd_praline_course"


def always_open(house_server: Serving) -> None:
    """Whatever time it is here, one begins within the hour."""
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    times = {"duration_min": 45, "pause_min": 15, "capacity": 4, "closes_min_before": 0, "free_min_before": 0, "ahead_days": 14, "open": [{"days": days, "begins": "00:00", "ends": "24:00"}]}
    branches = [p.id for p in PLACES if p.chain == OOEY_GOOEY][:2]
    with house_server.house.database.transaction() as session:
        storefront.booking_desk.put(session, {"services": [{"product_id": COURSE, "place_id": place, **times} for place in branches]}, at=house_server.house.clock.now())


def test_from_the_phone_to_the_table(house_server: Serving, window: Callable[..., Eyes]) -> None:
    """Planted bug: the code page drew the code of the order and not of the booking; the till said it belongs to another."""
    always_open(house_server)
    eyes = window(SMALL)
    fresh_shopper(eyes)
    eyes.go(f"/m/shop/{COURSE}")
    page = eyes.page
    eyes.look("course-small")
    eyes.keep("course-small")
    page.get_by_role("navigation", name="Store").get_by_role("link").nth(1).click()
    expect(page.get_by_role("navigation", name="Store").get_by_role("link").nth(1)).to_have_attribute("aria-current", "true")
    page.locator(".times label").first.click()
    page.get_by_role("button", name="Book it").click()
    page.wait_for_selector("[data-time]")
    eyes.look("cart-booking")
    assert page.evaluate("document.querySelector('.line-sum').getBoundingClientRect().right <= document.querySelector('.line-item').getBoundingClientRect().right"), "the sum stands outside its card"
    eyes.keep("cart-booking")
    page.get_by_role("link", name="Pay €35.00").click()
    page.get_by_role("button", name="Pay €35.00").click()
    page.wait_for_selector("#order[data-state=paid]")
    expect(page.locator("[data-booking=booked]")).to_be_visible()
    eyes.look("order-booking")
    eyes.keep("order-booking")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Calendar").click()
    assert waiting.value.suggested_filename == "booking.ics"
    before = page.locator("[data-when]").inner_text()
    page.get_by_text("Another time", exact=True).click()
    page.get_by_role("button", name="Move it there").click()
    expect(page.locator("[data-when]")).not_to_have_text(before)
    page.get_by_text("Another time", exact=True).click()
    page.get_by_label("When").select_option(index=0)
    page.get_by_role("button", name="Move it there").click()
    expect(page.locator("[data-when]")).to_have_text(before)
    page.get_by_role("link", name="Show the code").click()
    page.wait_for_selector("[data-live-digits]")
    eyes.look("booking-code")
    eyes.keep("booking-code")
    till = window(PHONE)
    till.enter(house_server.link(Role.CLERK))
    till.go("/till/bookings")
    till.look("till-bookings")
    till.keep("till-bookings")
    till.page.get_by_label("Code on the phone").fill(page.locator("[data-live-digits]").inner_text())
    till.page.get_by_role("button", name="Check in").click()
    expect(till.page.locator("[data-state=attended]")).to_be_visible()
    page.wait_for_selector("[data-booking=attended]")  # her page asked again by itself
    for size in (DESKTOP, PHONE):
        desk = window(size)
        desk.enter(house_server.link(Role.MARKETER))
        desk.go("/console/services")
        expect(desk.page.locator(f"tr[data-service={COURSE}]").first).to_be_visible()
        desk.look(f"console-services-{size[0]}")
        desk.keep(f"console-services-{size[0]}")
        desk.page.get_by_role("link", name="Praline Course").first.click()
        desk.look(f"console-service-{size[0]}")
        desk.keep(f"console-service-{size[0]}")
    desk.page.get_by_label("Every week").fill("mon-fri 10:00-18:00\nsat 10:00-14:00 EUR 55.00")
    desk.page.get_by_label("Days that are different").fill("2026-12-24 closed")
    desk.page.get_by_role("button", name="Keep").click()
    expect(desk.page.get_by_role("heading", name="Services and their times")).to_be_visible()
