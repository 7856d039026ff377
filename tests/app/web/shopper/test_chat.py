from __future__ import annotations

import re
from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser, Town


def after(page: str) -> tuple[int, str]:
    found = re.search(r'data-after="(\d+)" data-state="(\w+)"', page)
    assert found is not None
    return int(found[1]), found[2]


class TestChat:
    def test_a_question_is_answered_from_our_own_data(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        assert after(me.get("/m/chat").text) == (0, "bot")
        assert me.post("/m/chat", {"text": "How much is the Cloudberry Bonbon?"}).status_code == 303
        page = me.get("/m/chat").text
        assert "Cloudberry Bonbon costs €2.60." in page
        assert "From: catalogue" in page
        assert after(page) == (2, "bot")

    def test_what_she_writes_is_text(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        me.post("/m/chat", {"text": "<script>alert(1)</script>"})
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in me.get("/m/chat").text

    def test_nothing_and_too_much_are_refused(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        empty = me.post("/m/chat", {"text": "  "})
        assert (empty.status_code, "Write something first." in empty.text) == (422, True)
        assert me.post("/m/chat", {"text": "x" * 2001}).status_code == 422
        assert after(me.get("/m/chat").text) == (0, "bot")

    def test_another_sees_nothing_of_it(self, browser: Callable[..., Browser]) -> None:
        me, other = browser(Role.SHOPPER), browser(Role.SHOPPER)
        me.post("/m/chat", {"text": "How much is the Cloudberry Bonbon?"})
        assert "Cloudberry" not in other.get("/m/chat").text


class TestMore:
    def test_only_what_is_new(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        assert me.post("/m/chat", {"text": "hello"}, htmx=True).status_code == 204
        fresh = me.get("/m/chat/more?after=1&state=bot")
        assert (fresh.status_code, after(fresh.text)) == (200, (2, "bot"))
        assert 'data-seq="1"' not in fresh.text
        assert me.get("/m/chat/more?after=2&state=bot").status_code == 204

    def test_a_change_of_who_answers_is_new(self, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        me.post("/m/chat", {"text": "I want to speak to a person"})
        changed = me.get("/m/chat/more?after=2&state=bot")
        assert (changed.status_code, after(changed.text)) == (200, (2, "waiting"))


class TestAccept:
    def test_what_is_proposed_becomes_the_cart(self, town: Town, browser: Callable[..., Browser]) -> None:
        me = browser(Role.SHOPPER)
        me.post("/m/chat", {"text": "put two Cloudberry Bonbons into my cart"})
        assert "Put it into my cart" in me.get("/m/chat").text
        assert me.post("/m/chat/cart").status_code == 303
        page = me.get("/m/chat").text
        assert "It is in your cart." in page
        assert "Put it into my cart" not in page
        assert "Cloudberry Bonbon" in me.get("/m/cart").text
        again = me.post("/m/chat/cart")
        assert (again.status_code, "Nothing is proposed" in again.text) == (409, True)

