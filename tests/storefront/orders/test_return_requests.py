"""A shopper asks to give pieces back: shown exactly, asked once, paid when they are here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.kernel.clock import ManualClock
from storefront.balance import books
from storefront.checkout import choose_delivery
from storefront.contracts import ReturnRequestView
from storefront.errors import QuoteChanged
from storefront.facade import Shop
from storefront.orders import return_requests
from storefront.orders.repository import owned
from storefront.orders.return_policy import Cause, Policy
from storefront.payments import collecting
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.return_errors import NotReturnable, ReturnAlreadyAsked
from tests.offers.builders import race
from tests.storefront.floor import coupon, fill, lay_in, order, row, shopper, state

JANE, POLICY = "shp_jane", Policy(14, frozenset({"truffle"}))


def bought(shop: Shop) -> str:
    """Two bonbons less 20 % (720), a truffle (1299), brought home (490)."""
    lay_in(shop, coupon(shop))
    fill(shop, prd_bonbon=2, prd_truffle=1)
    with shop.database.transaction() as session:
        choose_delivery(session, shop, JANE, "home", place_id=None, at=shop.now())
    return order(shop, method="pm_card_visa")[0]


def worth(shop: Shop, order_id: str, reason: Cause = Cause.DAMAGED, *, to_credit: bool = False, **pieces: int) -> return_requests.Worth:
    counted = {int(name.removeprefix("line")): count for name, count in pieces.items()}
    with shop.database.reading() as session:
        return return_requests.worth(session, owned(session, order_id, JANE), counted, reason, POLICY, to_credit=to_credit, at=shop.now())


def ask(shop: Shop, order_id: str, expected_minor: int, *, to_credit: bool = False, **pieces: int) -> ReturnRequestView:
    counted = {int(name.removeprefix("line")): count for name, count in pieces.items()}
    with shop.database.transaction() as session:
        return return_requests.ask(
            session, owned(session, order_id, JANE), counted, Cause.DAMAGED, POLICY, to_credit=to_credit, expected_minor=expected_minor, within_days=14, at=shop.now()
        )


def received(shop: Shop, order_id: str, pieces: dict[str, int]) -> None:
    counted = {int(number): count for number, count in pieces.items()}
    collecting.give_pieces_back(shop, order_id, counted, key="staff", restock=True, asked_by="sta_maria")


class TestWorth:
    def test_is_what_comes_back_then_piece_by_piece(self, shop: Shop, gateway: MemoryGateway) -> None:
        order_id = bought(shop)
        shown = worth(shop, order_id, line1=1)
        received(shop, order_id, {"1": 1})
        assert (shown.amount_minor, shown.card_minor, shown.credit_minor) == (360, 360, 0)
        assert gateway.read_payment(row(shop, order_id).payment_id or "").refunded_minor == 360
        assert (worth(shop, order_id, line1=1).amount_minor, worth(shop, order_id, line1=1, to_credit=True).credit_minor) == (360, 360)

    def test_the_delivery_comes_back_with_everything(self, shop: Shop) -> None:
        order_id = bought(shop)
        assert worth(shop, order_id, line1=2).amount_minor == 720
        whole = worth(shop, order_id, line1=2, line2=1)
        assert (whole.amount_minor, dict(whole.pieces)) == (2509, {1: 2, 2: 1, 3: 1})

    @pytest.mark.parametrize(("reason", "pieces"), [(Cause.CHANGED_MIND, {"line2": 1}), (Cause.DAMAGED, {"line1": 3}), (Cause.DAMAGED, {"line9": 1}), (Cause.DAMAGED, {"line3": 1}), (Cause.DAMAGED, {})])
    def test_what_may_not_come_back_is_refused(self, shop: Shop, reason: Cause, pieces: dict[str, int]) -> None:
        with pytest.raises(NotReturnable):
            worth(shop, bought(shop), reason, **pieces)  # pyright: ignore[reportArgumentType]


class TestAsk:
    def test_the_money_goes_where_she_said_when_the_pieces_are_here(self, shop: Shop) -> None:
        """Planted bug seen: a request that is not ended with the return is still open, and its money goes to the card."""
        order_id = bought(shop)
        asked = ask(shop, order_id, 2509, to_credit=True, line1=2, line2=1)
        assert (state(shop, order_id), row(shop, order_id).credited_minor) == ("paid", 0)
        received(shop, order_id, dict(asked.pieces))
        with shop.database.reading() as session:
            assert return_requests.request_of(session, order_id, at=shop.now()) is None
            assert (books.available_minor(session, JANE, "EUR"), books.drift(session)) == (2509, {})
        assert state(shop, order_id) == "refunded"

    def test_another_sum_than_shown_is_refused(self, shop: Shop) -> None:
        with pytest.raises(QuoteChanged):
            ask(shop, bought(shop), 361, line1=1)

    def test_one_is_open_at_a_time_however_many_ask(self, shop: Shop, clock: ManualClock) -> None:
        """Planted bug seen: without the partial unique index all three are open."""
        order_id = bought(shop)

        def work() -> ReturnRequestView:
            return ask(shop, order_id, 360, line1=1)

        works: list[Callable[[], Any]] = [work] * 3
        assert sorted(type(found).__name__ for found in race(works)) == ["ReturnAlreadyAsked", "ReturnAlreadyAsked", "ReturnRequestView"]
        clock.advance(14 * 86_400 + 1)
        with pytest.raises(NotReturnable):
            ask(shop, order_id, 360, line1=1)

    def test_one_that_lapsed_makes_room(self, shop: Shop, clock: ManualClock) -> None:
        order_id = bought(shop)
        with shop.database.transaction() as session:
            return_requests.ask(session, owned(session, order_id, JANE), {1: 1}, Cause.DAMAGED, POLICY, to_credit=False, expected_minor=360, within_days=1, at=shop.now())
        with pytest.raises(ReturnAlreadyAsked):
            ask(shop, order_id, 360, line1=1)
        clock.advance(86_400)
        assert ask(shop, order_id, 720, line1=2).pieces == {"1": 2}


class TestRoutes:
    def test_seen_asked_and_withdrawn(self, client: TestClient, shop: Shop) -> None:
        (jane_id, jane), (_, eve) = shopper(shop.database), shopper(shop.database)
        fill(shop, jane_id, prd_bonbon=2)
        order_id, _ = order(shop, shopper_id=jane_id, method="pm_card_visa")
        at = f"/v1/orders/{order_id}/return"
        told = client.get(at, headers=jane).json()
        assert ([(li["left"], li["why_not"]) for li in told["lines"]], told["request"], told["days"]) == ([(2, None)], None, 14)
        body = {"lines": [{"line_no": 1, "quantity": 1}], "reason": "changed_mind"}
        assert client.post(f"{at}/quote", json=body, headers=jane).json()["amount_minor"] == 450
        assert client.post(at, json=body | {"expected_minor": 450}, headers=eve).status_code == 404
        assert client.post(at, json=body | {"expected_minor": 450}, headers=jane).status_code == 201
        assert client.post(at, json=body | {"expected_minor": 450}, headers=jane).json()["code"] == "return_already_asked"
        assert client.get(at, headers=jane).json()["request"]["pieces"] == {"1": 1}
        assert [client.delete(at, headers=jane).status_code for _ in range(2)] == [204, 404]
        assert client.post(f"{at}/quote", json=body | {"reason": "because"}, headers=jane).status_code == 422
