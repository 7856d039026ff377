"""A partner's month: closed once and never changed; what comes late stands in the next."""

from __future__ import annotations

import csv
import io
import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.kernel.clock import ManualClock
from app.kernel.errors import Invalid
from app.security.access import Role
from storefront.facade import Shop, revenue
from storefront.revenue.errors import PeriodNotOver
from tests.storefront.floor import events, staff
from tests.storefront.revenue.partners import Partners

NOVEMBER, DECEMBER = "2026-11", "2026-12"


class TestClose:
    def test_not_before_the_month_is_over(self, partners: Partners) -> None:
        partners.buy(prd_bonbon=2)
        with pytest.raises(PeriodNotOver):
            partners.close(NOVEMBER)
        with pytest.raises(Invalid):
            partners.close("2026-13")

    def test_a_late_return_stands_in_the_next_month_and_the_closed_one_stays(self, partners: Partners, clock: ManualClock) -> None:
        """Planted bug: without the mark of the statement on the bookings November was told with the return in it."""
        order_id = partners.buy(prd_bonbon=2, prd_truffle=1)
        clock.advance(timedelta(days=40).total_seconds())
        closed = partners.close(NOVEMBER)
        assert [(one.partner_id, one.total_minor) for one in closed] == [("cacao", 113), ("cafe", 91)]
        partners.give_back(order_id, 1, 1)
        assert (partners.month(NOVEMBER), partners.close(NOVEMBER)) == ({"cacao": 113, "cafe": 91}, closed)
        assert partners.month(DECEMBER) == {"cacao": -57}
        with partners.shop.database.reading() as session:
            assert [revenue.unaltered(session, one.id or "") for one in closed] == [True, True]
        assert events(partners.shop, "statement.") == ["statement.closed"] * 2

    def test_two_who_close_at_once_close_it_once(self, partners: Partners, clock: ManualClock) -> None:
        partners.buy(prd_bonbon=2)
        clock.advance(timedelta(days=40).total_seconds())
        both = [threading.Thread(target=partners.close, args=(NOVEMBER,)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert (partners.month(NOVEMBER), events(partners.shop, "statement.")) == ({"cacao": 113}, ["statement.closed"])

    def test_a_month_that_was_skipped_is_in_the_next_and_nowhere_else(self, partners: Partners, clock: ManualClock) -> None:
        partners.buy(prd_bonbon=2)
        clock.advance(timedelta(days=40).total_seconds())
        partners.buy(prd_bonbon=2)
        clock.advance(timedelta(days=31).total_seconds())
        partners.close(DECEMBER)
        partners.close(NOVEMBER)
        assert (partners.month(DECEMBER), partners.month(NOVEMBER), partners.month("2027-01")) == ({"cacao": 226}, {}, {})


class TestRoutes:
    def test_as_lines_and_as_a_table_and_nobody_is_named(self, partners: Partners, client: TestClient, shop: Shop, clock: ManualClock) -> None:
        order_id = partners.buy(prd_bonbon=2)
        operator, marketer = staff(shop.database, Role.OPERATOR), staff(shop.database, Role.MARKETER)
        told = client.get("/v1/revenue/statements", headers=marketer)
        assert (told.json()["statements"][0]["lines"][0]["base_minor"], told.json()["drift"], told.json()["books_minor"]) == (900, {}, {"EUR": {"commission": -113, "owed": 113}})
        table = client.get("/v1/revenue/statements.csv", headers=marketer, params={"period": NOVEMBER}).text
        assert [(one["partner_id"], one["cause"], one["amount_minor"]) for one in csv.DictReader(io.StringIO(table))] == [("cacao", order_id, "113")]
        assert "shp_jane" not in told.text + table
        assert client.post("/v1/revenue/statements", headers=operator, json={"period": NOVEMBER}).json()["code"] == "period_not_over"
        assert client.post("/v1/revenue/statements", headers=marketer, json={"period": NOVEMBER}).status_code == 403
        clock.advance(timedelta(hours=23).total_seconds())
        assert "commission_percent: 12.5" in client.get("/v1/revenue/terms", headers=marketer).text
        assert client.get("/v1/revenue/statements/stm_none", headers=marketer).json()["code"] == "unknown_statement"
