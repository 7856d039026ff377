"""Cash over HTTP: from the checkout to the closed drawer; what each caller may not do, and what is answered to nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.security.access import Role
from storefront.facade import Shop
from tests.storefront.cash.counter import HERE, books_agree, cash_shop
from tests.storefront.floor import app_of, orders, shopper, staff


@pytest.fixture
def town(database: Database) -> Shop:
    return cash_shop(database)


@pytest.fixture
def till(town: Shop) -> Iterator[TestClient]:
    with TestClient(app_of(town), base_url="http://shop.test", raise_server_exceptions=False) as client:
        yield client


def ordered(till: TestClient, headers: dict[str, str], key: str = "k1", **body: Any) -> Any:
    till.post("/v1/cart/lines", json={"product_id": "prd_bonbon", "quantity": 2}, headers=headers)
    till.put("/v1/cart/delivery", json={"method": "pickup", "collect_at": HERE}, headers=headers)
    return till.post("/v1/checkout", json={"pay_by": "pay_at_till", "expected_total_minor": 900} | body, headers=headers | {"Idempotency-Key": key})


def test_from_the_cart_to_the_closed_drawer(till: TestClient, town: Shop) -> None:
    _, jane = shopper(town.database)
    maria, operator = staff(town.database, Role.CLERK), staff(town.database, Role.OPERATOR)
    answer = ordered(till, jane)
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["detail"]["order"]["id"]
    assert (answer.json()["detail"]["order"]["state"], answer.json()["payment"]) == ("confirmed", None)
    assert ordered(till, jane).json() == answer.json()  # the same key: the same order, once
    assert till.post(f"/v1/till/cash/{order_id}/take", json={"tendered_minor": 900}, headers=maria).json()["code"] == "no_drawer_open"
    opened = till.post("/v1/till/drawers", json={"place_id": HERE, "float_minor": 1000, "currency": "EUR"}, headers=maria)
    assert opened.status_code == 201
    told = till.post(f"/v1/till/cash/{order_id}/take", json={"tendered_minor": 2000}, headers=maria)
    assert (told.status_code, told.json()["change_minor"]) == (200, 1100)
    again = till.post(f"/v1/till/cash/{order_id}/take", json={"tendered_minor": 2000}, headers=maria)
    assert (again.status_code, again.json()["code"]) == (409, "cash_not_due")
    back = till.post(f"/v1/orders/{order_id}/returns", json={"lines": [{"line_no": 1, "quantity": 1}]}, headers=maria | {"Idempotency-Key": "r1"})
    assert back.json()["detail"]["refund_due"] is True
    assert till.post(f"/v1/till/cash/{order_id}/pay-out", headers=maria).json() == {"paid_out_minor": 450}
    assert till.post("/v1/till/drawers/shift", json={"amount_minor": -1000, "currency": "EUR"}, headers=maria).json()["expected_minor"] == 450
    closed = till.post(f"/v1/till/drawers/{opened.json()['id']}/close", json={"counted_minor": 450}, headers=maria)
    assert closed.json()["difference_minor"] == 0
    told = till.get("/v1/cash/report", headers=operator).json()
    assert (told["drift"], told["report"]["cash_minor"]) == ({}, {"EUR": 450})
    assert books_agree(town) == {"sales": -450, "safe": 450}


def test_the_phone_is_told_the_ways_and_the_till_who_may(till: TestClient, town: Shop) -> None:
    _, jane = shopper(town.database)
    maria = staff(town.database, Role.CLERK)
    order_id = ordered(till, jane).json()["detail"]["order"]["id"]
    for path, body in (
        (f"/v1/till/cash/{order_id}/take", {"tendered_minor": 900}), (f"/v1/till/cash/{order_id}/refused", None), (f"/v1/till/cash/{order_id}/pay-out", None),
        ("/v1/till/drawers", {"place_id": HERE, "float_minor": 0, "currency": "EUR"}),
    ):  # fmt: skip
        assert till.post(path, json=body, headers=jane).status_code == 403, path
    assert till.get("/v1/cash/report", headers=maria).status_code == 403
    elsewhere = till.post("/v1/till/drawers", json={"place_id": "plc_kamppi", "float_minor": 0, "currency": "EUR"}, headers=maria)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "not_your_till")
    assert till.post(f"/v1/till/cash/{order_id}/refused", headers=maria).json() == {"given_up": True}
    assert till.post(f"/v1/till/cash/{order_id}/refused", headers=maria).json() == {"given_up": False}
    assert till.post("/v1/till/cash/ord_none/refused", headers=maria).status_code == 404


def test_nonsense_places_nothing_and_opens_nothing(till: TestClient, town: Shop) -> None:
    _, jane = shopper(town.database)
    maria = staff(town.database, Role.CLERK)
    wrong: list[dict[str, Any]] = [{"pay_by": "barter"}, {"payment_method": "pm_card_visa"}, {"keep_method": True}, {"expected_total_minor": -1}, {"pay_by": "cash_on_delivery"}]
    for number, body in enumerate(wrong):
        answer = ordered(till, jane, key=f"k{number}", **body)
        assert answer.status_code in (409, 422), body
    assert orders(town) == []
    for minor in (-1, 10**13, 1.5, "900", None):
        assert till.post("/v1/till/drawers", json={"place_id": HERE, "float_minor": minor, "currency": "EUR"}, headers=maria).status_code == 422
        assert till.post("/v1/till/cash/ord_x/take", json={"tendered_minor": minor}, headers=maria).status_code == 422
    assert till.get("/v1/till/drawers", headers=maria).json() == {"drawers": []}
