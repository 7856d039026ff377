"""The page says in words what is held, and nothing of another."""

from __future__ import annotations

from collections.abc import Callable

from app.security.principals import Role
from tests.app.web.conftest import Browser


class TestWhere:
    def test_who_was_seen_nowhere_is_told_so(self, browser: Callable[..., Browser]) -> None:
        page = browser(Role.SHOPPER).get("/m/me/where")
        assert page.status_code == 200
        assert "we have seen you nowhere" in page.text
        assert page.headers["cache-control"] == "no-store"

    def test_my_data_leads_there(self, browser: Callable[..., Browser]) -> None:
        assert 'href="/m/me/where"' in browser(Role.SHOPPER).get("/m/me").text
