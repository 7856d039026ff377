from __future__ import annotations

import re
from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser, Town

HERE = "/console/conversations"


def handed_off(browser: Callable[..., Browser]) -> Browser:
    me = browser(Role.SHOPPER)
    for text in ("How much is the Cloudberry Bonbon?", "I want to speak to a person"):
        me.post("/m/chat", {"text": text})
    return me


class TestConversations:
    def test_taken_answered_and_handed_back(self, town: Town, browser: Callable[..., Browser]) -> None:
        me = handed_off(browser)
        maija, olli = browser(Role.CLERK), browser(Role.CLERK)
        queue = maija.get(HERE).text
        assert "You asked for a person." in queue
        assert "Cloudberry" not in queue
        [thread_id] = re.findall(r'data-thread="(cnv_\w+)"', queue)
        assert maija.get(f"{HERE}/{thread_id}").status_code == 409
        assert maija.post(f"{HERE}/{thread_id}/claim").headers["location"] == f"{HERE}/{thread_id}"
        page = maija.get(f"{HERE}/{thread_id}").text
        assert "Cloudberry Bonbon costs €2.60." in page
        assert "What you need to know" in page
        assert olli.post(f"{HERE}/{thread_id}/claim").status_code == 409
        assert olli.get(f"{HERE}/{thread_id}").status_code == 409
        assert maija.post(f"{HERE}/{thread_id}/reply", {"text": "Good day."}).status_code == 303
        assert maija.post(f"{HERE}/{thread_id}/reply", {"canned": "Can I do anything else for you?"}, htmx=True).status_code == 204
        assert maija.post(f"{HERE}/{thread_id}/reply", {"text": ""}).status_code == 422
        assert "Good day." in me.get("/m/chat").text
        assert maija.get(f"{HERE}/{thread_id}/more?after=6&state=person").status_code == 204
        assert "Good day." in maija.get(f"{HERE}/{thread_id}/more?after=4&state=person").text
        assert maija.post(f"{HERE}/{thread_id}/hand-back").headers["location"] == HERE
        assert "I, the assistant, am back." in me.get("/m/chat").text
        assert "Nobody waits" in maija.get(HERE).text

    def test_who_sees_the_door(self, browser: Callable[..., Browser]) -> None:
        assert HERE in browser(Role.OPERATOR).get("/console").text
        assert HERE not in browser(Role.MARKETER).get("/console").text
        assert 'href="/console/campaigns"' not in browser(Role.CLERK).get(HERE).text
