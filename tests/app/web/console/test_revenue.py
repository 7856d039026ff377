"""A month with partners in the console: who sees it, and who closes it."""

from __future__ import annotations

from collections.abc import Callable

from app.security.principals import Role
from storefront import facade as storefront
from storefront.revenue import books
from storefront.revenue.books import Account
from tests.app.web.conftest import Browser, Town

TERMS = "revenue: {partners: {cacao: {name: 'Cacao <b>Brothers</b>', commission_percent: 10, categories: [chocolate]}}}"


class TestRevenue:
    def test_told_to_staff_and_closed_by_operators(self, town: Town, browser: Callable[..., Browser]) -> None:
        at = town.clock.now()
        with town.house.database.transaction() as session:
            storefront.revenue.apply(session, TERMS, by="test", at=at)
            books.enter(session, Account.COMMISSION, Account.OWED, 59, "EUR", "paid", partner_id="cacao", cause="ord_1", at=at, line_no=1, product_id="prd_dark_74_bar", rate_bp=1000, base_minor=590)
        mari, otto = browser(Role.MARKETER), browser(Role.OPERATOR)
        page = mari.get("/console/revenue").text
        assert ("Cacao &lt;b&gt;Brothers&lt;/b&gt;" in page, "€0.59" in page, "10\u00a0%" in page, "Close November" in page) == (True, True, True, False)
        assert 'href="/console/revenue"' in mari.get("/console/orders").text
        town.clock.advance(40 * 86_400)
        mari, otto = browser(Role.MARKETER), browser(Role.OPERATOR)
        assert "Close November" not in mari.get("/console/revenue?period=2026-11").text
        assert mari.post("/console/revenue/close", {"period": "2026-11"}).status_code == 403
        assert "Close November" in otto.get("/console/revenue?period=2026-11").text
        assert otto.post("/console/revenue/close", {"period": "2026-11"}).headers["location"] == "/console/revenue?period=2026-11"
        closed = otto.get("/console/revenue?period=2026-11").text
        assert ("SHA-256" in closed, "Close November" in closed) == (True, False)
