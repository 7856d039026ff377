"""A marketer writes a campaign in the browser, changes it against the version that was live, and another person lets it go live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.security.principals import Role
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = pytest.mark.browser

AMOUNT = "[name='benefit.amount_minor']"


class TestCampaign:
    def test_written_refused_at_its_box_saved_approved_by_another_and_changed(self, house_server: Serving, window: Callable[..., Eyes]) -> None:
        mine, boss = window(DESKTOP), window(PHONE)
        mine.enter(house_server.link(Role.MARKETER))
        page = mine.page
        mine.go("/console/campaigns/new")
        page.fill("[name=name]", "Höyry: cake with your tea")
        page.fill("[name=title]", "A slice of cake on us")
        page.check("[name='trigger.place_ids.plc_hoyry']")
        page.select_option("[name='benefit.kind']", "amount")
        page.fill(AMOUNT, "lots")
        error = page.locator('[data-error-of="benefit.amount_minor"]')
        expect(error).to_contain_text("an amount such as 4.90")
        mine.look("console-campaign-refused", full=True)
        page.fill(AMOUNT, "3.50")
        expect(page.locator("#verdict")).to_contain_text("A shopper walks into Höyry Tea Room.")
        expect(error).to_be_empty()
        mine.look("console-campaign-form", picture=True)
        page.get_by_role("button", name="Save as a draft").click()
        page.get_by_role("button", name="Send for review").click()
        page.wait_for_selector("text=It waits for another person")
        boss.enter(house_server.link(Role.OPERATOR))
        boss.go(page.url)
        boss.page.get_by_role("button", name="Approve version 1").click()
        boss.page.get_by_role("button", name="Activate").click()
        boss.page.wait_for_selector("[data-campaign-state] >> text=live")
        boss.page.get_by_role("button", name="Pause").click()
        boss.page.get_by_role("link", name="Change").click()
        boss.page.fill(AMOUNT, "4")
        boss.page.wait_for_selector('[data-change="benefit.amount_minor"] >> text=Amount off: €3.50 → €4.00.')
        boss.look("console-campaign-changed", full=True)
        boss.page.locator(".sections-open").click()
        boss.page.get_by_role("link", name="Audit").wait_for()
        boss.look("console-sections", within=".sections")  # what lies half beneath the list is not read
        boss.go("/console/webhooks")
        boss.look("console-webhooks")
