"""In a real browser: she asks and is answered, asks for a person, a clerk takes it and answers, the assistant is quiet until it is handed back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.security.principals import Role
from tests.browser.conftest import DESKTOP, Eyes, Held, Serving

pytestmark = pytest.mark.browser

NARROW = (320, 640)


def says(eyes: Eyes, text: str) -> None:
    eyes.page.locator("#say-text").fill(text)
    eyes.page.locator("#say button").click()
    sees(eyes, text)


def sees(eyes: Eyes, text: str) -> None:
    eyes.page.locator("#talk li", has_text=text).last.wait_for()


class TestConversation:
    def _says_two_things_at_once(self, jane: Eyes) -> None:
        """Seen to fail with an answer that emptied the box whatever stood in it, and with a lost connection of which nothing was said."""
        held, box = Held(jane.page, "**/m/chat"), jane.page.locator("#say-text")
        for text in ("Good day", "And then"):
            box.fill(text)
            jane.page.locator("#say button").click()
            held.come()
            box.fill("What she types since")
            held.routes.pop().continue_() if text == "Good day" else held.routes.pop().abort("internetdisconnected")
            expect(jane.page.locator("#say button")).to_be_enabled()
            expect(box).to_have_value("What she types since")
        jane.page.get_by_text("That did not reach us.").wait_for()
        sees(jane, "Good day")
        jane.page.unroute("**/m/chat")

    def test_from_question_to_person_and_back(self, window: Callable[..., Eyes], house_server: Serving) -> None:
        jane, maija = window(NARROW), window(DESKTOP)
        jane.go("/m")
        jane.page.locator('button[value="all"]').click()
        jane.page.wait_for_selector("#now")
        jane.go("/m/chat")
        self._says_two_things_at_once(jane)
        says(jane, "How much is the Cloudberry Bonbon?")
        sees(jane, "Cloudberry Bonbon costs €2.60.")
        says(jane, "Put two of them into my cart")
        jane.page.get_by_role("button", name="Put it into my cart").wait_for()
        jane.look("chat")
        jane.page.get_by_role("button", name="Put it into my cart").click()
        sees(jane, "It is in your cart.")
        assert jane.page.get_by_role("button", name="Put it into my cart").count() == 0
        says(jane, "I want to speak to a person")
        sees(jane, "A person will answer you here.")

        maija.enter(house_server.link(Role.CLERK))
        maija.go("/console/conversations")
        maija.look("conversations")
        maija.page.get_by_role("button", name="Take it: You asked for a person.").click()
        sees(maija, "How much is the Cloudberry Bonbon?")
        maija.page.get_by_text("2 × Cloudberry Bonbon").last.wait_for()
        maija.look("conversation")
        says(maija, "Good day, this is Maija.")
        sees(jane, "Good day, this is Maija.")
        jane.page.get_by_text("A person of ours is with you.").wait_for()

        says(jane, "How much is the Nightferry?")
        sees(maija, "How much is the Nightferry?")
        assert jane.page.locator("#talk li", has_text="Nightferry costs").count() == 0
        maija.page.get_by_role("button", name="Hand back to the assistant").click()
        sees(jane, "I, the assistant, am back.")
        assert jane.page.locator("#talk li", has_text="Nightferry costs").count() == 0
        says(jane, "How much is the Nightferry?")
        sees(jane, "Nightferry costs")
        maija.page.get_by_text("Nobody waits").wait_for()
        assert jane.said == []
        assert maija.said == []
