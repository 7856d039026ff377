from __future__ import annotations

from collections.abc import Callable

from app.privacy.purposes import Purpose
from app.security.principals import Role
from tests.app.web.conftest import Browser

HERE = "/console/surveys"
LINES = "single: How <b>did</b> you find us? | A friend | The window\nmultiple: What for? | Gifts | Sweets\n!scale: How content? | 5\ntext: What else?"
SURVEY = {"id": "autumn", "title": "Your autumn", "shown_after": "link", "questions": LINES}


class TestSurveys:
    def test_written_opened_answered_counted(self, browser: Callable[..., Browser]) -> None:
        mari, me, shy = browser(Role.MARKETER), browser(Role.SHOPPER), browser(Role.SHOPPER, consents=(Purpose.LOCATION,))
        wrong = mari.post(HERE, SURVEY | {"questions": "poll: Hm?"})
        assert (wrong.status_code, "line 1" in wrong.text, "Your autumn" in wrong.text) == (422, True, True)
        assert mari.post(HERE, SURVEY).headers["location"] == f"{HERE}/autumn"
        assert me.get("/m/surveys/autumn").status_code == 404
        assert mari.post(f"{HERE}/autumn/state", {"state": "open"}).status_code == 303
        page = me.get("/m/surveys/autumn").text
        assert ("How &lt;b&gt;did&lt;/b&gt; you find us?" in page, 'name="q2.gifts"' in page) == (True, True)
        assert "You have not agreed to that" in shy.get("/m/surveys/autumn").text
        assert shy.post("/m/surveys/autumn", {"q3": "5"}).status_code == 409
        missing = me.post("/m/surveys/autumn", {"q1": "a-friend", "q4": "Half a thought"})
        assert (missing.status_code, "an answer is needed" in missing.text, "Half a thought" in missing.text) == (422, True, True)
        assert me.post("/m/surveys/autumn", {"q1": "a-friend", "q2.gifts": "on", "q2.sweets": "on", "q3": "4"}).status_code == 303
        thanks = me.get("/m/surveys/autumn").text
        assert ("Thank you." in thanks, "Gifts, Sweets" in thanks) == (True, True)
        counted = mari.get(f"{HERE}/autumn").text
        assert ("nothing is told yet" in counted, "answer:autumn/q1/a-friend" in counted) == (True, True)
        assert mari.post(HERE, SURVEY).status_code == 409
