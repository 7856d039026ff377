"""A marketer writes a campaign in the browser, changes it against the version that was live, and another person lets it go live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.security.principals import Role
from offers import facade as offers
from tests.browser.conftest import DESKTOP, PHONE, Eyes, Serving

pytestmark = pytest.mark.browser

AMOUNT = "[name='benefit.amount_minor']"
TEXT = "message.texts.0"
TYPED = {
    f"{TEXT}.language": "en", f"{TEXT}.title": "Cake at {{ place }}", f"{TEXT}.body": "{{ offer }}, {{ name }}.\nUntil tonight.", f"{TEXT}.sms": "Cake: {{ offer }}",
    f"{TEXT}.subject": "Cake with your tea", f"{TEXT}.html": "<p>{{ offer }}</p>", f"{TEXT}.defaults": "name: tea friend", "message.channels": "push, email",
    "at_least0": "2", "within_days0": "30", "of0": "chain:ooey-gooey\ntag:coffee", "at_most1": "3",
}  # fmt: skip
CHOSEN = {"fact0": "visits", "set0": "A", "fact1": "visits", "group1": "any", "set1": "B", "standsA": "any", "standsB": "none"}
"""What stands in the boxes of messages and of sets of conditions, as one types and chooses it."""


def saved(server: Serving, page: Page) -> dict[str, Any]:
    """What the campaign on this page says, as it is stored."""
    with server.house.database.reading() as session:
        view = offers.campaign(session, page.url.rsplit("/", 1)[1])
    assert view is not None
    return dict(view.definition)


class TestCampaign:
    def test_written_refused_at_its_box_saved_approved_by_another_and_changed(self, house_server: Serving, window: Callable[..., Eyes]) -> None:
        """Planted bugs: the text message read from the box of the subject; set B read into set A."""
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
        page.evaluate("for (const fold of document.querySelectorAll('form.write details:not(.on-map)')) fold.open = true")
        for name, text in TYPED.items():
            page.fill(f"[name='{name}']", text)
        for name, value in CHOSEN.items():
            page.select_option(f"[name='{name}']", value)
        mine.look("console-campaign-refused", full=True)
        page.fill(AMOUNT, "3.50")
        expect(page.locator("#verdict")).to_contain_text("A shopper walks into Höyry Tea Room.")
        expect(error).to_be_empty()
        mine.look("console-campaign-form", picture=True, within="#verdict")  # the boxes were looked at above
        page.get_by_role("button", name="Save as a draft").click()
        page.get_by_role("button", name="Send for review").click()
        page.wait_for_selector("text=It waits for another person")
        kept = saved(house_server, page)
        words = {"title": "Cake at {{ place }}", "body": "{{ offer }}, {{ name }}.\nUntil tonight.", "sms": "Cake: {{ offer }}", "subject": "Cake with your tea"}
        words |= {"html": "<p>{{ offer }}</p>", "defaults": {"name": "tea friend"}}
        assert kept["message"] == {"language": "en", "texts": {"en": words}, "channels": ["push", "email"], "risky": False}
        loyal = {"fact": "visits", "at_least": 2, "within_days": 30, "chains": ["ooey-gooey"], "tags": ["coffee"]}
        assert kept["audience"] == {"any": [{"all": [loyal]}], "none": [{"any": [{"fact": "visits", "at_most": 3}]}]}
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
        boss.go("/console/webhooks")
        boss.look("console-webhooks")
        boss.page.locator(".sections-open").click()
        boss.page.get_by_role("link", name="Audit").wait_for()
        boss.look("console-sections", within=".sections")  # what lies half beneath the list is not read
