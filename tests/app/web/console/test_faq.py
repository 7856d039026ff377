from __future__ import annotations

from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser

HERE = "/console/faq"
ENTRY = {"id": "dogs", "state": "published", "en.question": "May I bring my dog?", "en.answer": "Yes, <b>on a lead</b>.", "en.also": "Are pets allowed?"}


class TestFaq:
    def test_written_found_told_and_taken_away(self, browser: Callable[..., Browser]) -> None:
        mari, me = browser(Role.MARKETER), browser(Role.SHOPPER)
        wrong = mari.post(HERE, ENTRY | {"id": "Dogs!"})
        assert (wrong.status_code, "gift-wrapping" in wrong.text, "on a lead" in wrong.text) == (422, True, True)
        assert mari.post(HERE, ENTRY | {"en.answer": ""}).status_code == 422
        assert mari.post(HERE, ENTRY).status_code == 303
        assert "May I bring my dog?" in mari.get(HERE).text
        page = me.get("/m/help?q=pets allowed").text
        assert ("Yes, &lt;b&gt;on a lead&lt;/b&gt;." in page, "Nothing found" in me.get("/m/help?q=spaceships").text) == (True, True)
        me.post("/m/chat", {"text": "are pets allowed?"})
        assert "on a lead" in me.get("/m/chat").text
        assert mari.post(HERE, ENTRY | {"version": "7"}).status_code == 409
        assert mari.post(HERE, ENTRY | {"version": "1", "state": "draft"}).status_code == 303
        assert "May I bring my dog?" not in me.get("/m/help").text
        assert mari.post(f"{HERE}/dogs/remove").status_code == 303
        assert mari.get(f"{HERE}/dogs").status_code == 404
