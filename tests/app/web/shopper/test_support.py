from __future__ import annotations

import re
from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser, Town

HERE, QUEUE = "/m/support", "/console/support"


def asked(me: Browser, text: str = "Where is <b>my</b> parcel?", **more: str) -> str:
    answer = me.post(HERE, {"category": "delivery", "text": text} | more)
    assert answer.status_code == 303
    return answer.headers["location"].rsplit("/", 1)[1]


class TestSupport:
    def test_asked_answered_solved_rated(self, town: Town, browser: Callable[..., Browser]) -> None:
        """The whole way, on both sides; what she writes is text."""
        me, maija, olli = browser(Role.SHOPPER), browser(Role.CLERK), browser(Role.CLERK)
        case_id = asked(me)
        page = me.get(f"{HERE}/{case_id}").text
        assert "Where is &lt;b&gt;my&lt;/b&gt; parcel?" in page
        assert "You have an answer by" in page
        queue = maija.get(QUEUE).text
        assert case_id in queue
        assert "parcel?" not in queue
        assert maija.get(f"{QUEUE}/{case_id}").status_code == 409
        assert maija.post(f"{QUEUE}/{case_id}/claim").status_code == 303
        assert olli.post(f"{QUEUE}/{case_id}/claim").status_code == 409
        assert maija.post(f"{QUEUE}/{case_id}/entries", {"to": "us", "text": "She sounds tired."}).status_code == 303
        assert maija.post(f"{QUEUE}/{case_id}/entries", {"to": "shopper", "text": "It comes today."}).status_code == 303
        assert maija.post(f"{QUEUE}/{case_id}/entries", {"to": "shopper", "text": ""}).status_code == 422
        file, mine = maija.get(f"{QUEUE}/{case_id}").text, me.get(f"{HERE}/{case_id}").text
        assert ("She sounds tired." in file, "She sounds tired." in mine, "It comes today." in mine) == (True, False, True)
        assert "We have answered you" in me.get("/m").text
        assert maija.post(f"{QUEUE}/{case_id}/set", {"priority": "high", "category": "delivery", "move": "solve"}).status_code == 303
        assert 'id="rating"' in me.get(f"{HERE}/{case_id}").text
        assert me.post(f"{HERE}/{case_id}/rating", {"stars": "6"}).status_code == 422
        assert me.post(f"{HERE}/{case_id}/rating", {"stars": "5", "words": "Quick"}).status_code == 303
        assert me.post(f"{HERE}/{case_id}/rating", {"stars": "1"}).status_code == 409
        assert "You rated it 5 of 5." in me.get(f"{HERE}/{case_id}").text
        assert me.post(f"{HERE}/{case_id}", {"text": "Not there after all"}).status_code == 303
        assert 'data-state="reopened"' in me.get(f"{HERE}/{case_id}").text

    def test_about_an_offer_of_hers_and_not_of_anothers(self, town: Town, browser: Callable[..., Browser]) -> None:
        me, eve = browser(Role.SHOPPER), browser(Role.SHOPPER)
        coupon = town.coupon(me)
        form = me.get(f"{HERE}/new?coupon={coupon.id}").text
        assert f"The offer “{coupon.title}”" in form
        assert coupon.title not in eve.get(f"{HERE}/new?coupon={coupon.id}").text
        assert f"/m/support/new?decision={coupon.decision_id}" in me.get(f"/m/why/{coupon.decision_id}").text
        case_id = asked(me, "The till refused it", coupon_id=coupon.id, category="offer")
        assert f"/m/coupons/{coupon.id}" in me.get(f"{HERE}/{case_id}").text
        refused = eve.post(HERE, {"category": "offer", "text": "Mine?", "coupon_id": coupon.id})
        assert (refused.status_code, "not hers" in refused.text) == (404, True)
        assert eve.get(f"{HERE}/{case_id}").status_code == 404
        assert case_id not in eve.get(HERE).text

    def test_what_is_missing_is_asked_for_and_what_was_typed_stays(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        answer = me.post(HERE, {"category": "", "text": "Half a thought"})
        assert (answer.status_code, "say what it is about" in answer.text, "Half a thought" in answer.text) == (422, True, True)


class TestConsole:
    def test_from_the_telephone_and_two_that_are_one(self, town: Town, browser: Callable[..., Browser]) -> None:
        me, maija = browser(Role.SHOPPER), browser(Role.CLERK)
        coupon, first = town.coupon(me), asked(me, "One")
        bad = maija.post(QUEUE, {"about": "hello", "category": "offer", "text": "She called"})
        assert (bad.status_code, "begins with ord_" in bad.text, "She called" in bad.text) == (422, True, True)
        second = maija.post(QUEUE, {"about": coupon.id, "category": "offer", "text": "She called"}).headers["location"].rsplit("/", 1)[1]
        page = maija.get(f"{QUEUE}/{second}").text
        assert re.search(rf'<option value="{first}">', page)
        assert maija.post(f"{QUEUE}/{second}/merge", {"into": first}).status_code == 303
        assert f"/m/support/{first}" in me.get(f"{HERE}/{second}").text
        assert maija.get(f"{QUEUE}/{second}").status_code == 200

    def test_who_sees_the_door(self, browser: Callable[..., Browser]) -> None:
        assert QUEUE in browser(Role.OPERATOR).get("/console").text
        assert QUEUE not in browser(Role.MARKETER).get("/console").text
