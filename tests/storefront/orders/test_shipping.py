"""Parcels: never more sent than is hers, never backwards, each step once, and only of an order that stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.errors import Invalid
from app.security import api_keys
from app.security.access import Role
from app.security.settings import SecuritySettings
from storefront.checkout import choose_delivery
from storefront.collection import proof
from storefront.contracts import OrderToShip, ShipmentView
from storefront.errors import (
    HandOverRefused,
    NothingToSend,
    ShipmentBehind,
    SlotFixed,
    TooManyShipped,
    UnknownOrder,
    UnknownShipment,
)
from storefront.facade import Shop
from storefront.orders import parcels, rescheduling, shipping
from storefront.orders.models import OrderRow
from storefront.payments import collecting
from storefront.privacy import HOLDERS
from storefront.shipments.models import ShipmentLineRow, ShipmentRow
from storefront.shipments.states import Failure, Left, ShipmentState
from tests.app.security.racing import race
from tests.conftest import START
from tests.storefront.delivery.town import TODAY, TOMORROW, lives, open_area
from tests.storefront.floor import events, fill, order, shopper, staff

S = ShipmentState
HERE, THERE = ("plc_kluuvi",), ("plc_kamppi",)
SOON = START + timedelta(hours=5)


@pytest.fixture
def town(shop: Shop) -> Shop:
    open_area(shop, place_id="plc_kluuvi")
    return shop


def bought(shop: Shop, key: str = "k1", *, shopper_id: str = "shp_jane", method: str | None = "pm_card_visa", slot_id: str = TODAY) -> str:
    """Three bonbons and a truffle, to be brought."""
    lives(shop, shopper_id)
    fill(shop, shopper_id, prd_bonbon=3, prd_truffle=1)
    with shop.database.transaction() as session:
        choose_delivery(session, shop, shopper_id, "home", place_id=None, at=shop.now(), slot_id=slot_id)
    return order(shop, key, shopper_id=shopper_id, method=method)[0]


def pack(shop: Shop, order_id: str, places: shipping.Places = HERE, **pieces: int) -> str:
    """`pack(shop, order_id, l1=2)`: two pieces of the first line."""
    with shop.database.transaction() as session:
        chosen = {int(name[1:]): quantity for name, quantity in pieces.items()}
        return shipping.pack(session, order_id, chosen, places, carrier="Bike", by="psn_maria", at=shop.now())


def move(shop: Shop, shipment_id: str, *steps: S, places: shipping.Places = HERE, **more: Any) -> list[bool]:
    made: list[bool] = []
    for step in steps:
        with shop.database.transaction() as session:
            made.append(shipping.move(session, shipment_id, step, places, by="key_1", at=shop.now(), **more))
    return made


def seen(shop: Shop, order_id: str) -> list[ShipmentView]:
    with shop.database.reading() as session:
        return list(parcels.of_order(session, order_id))


def listed(shop: Shop, places: shipping.Places = HERE) -> list[OrderToShip]:
    with shop.database.reading() as session:
        return shipping.to_ship(session, places, shop.now())


def left(shop: Shop, order_id: str) -> dict[int, int]:
    with shop.database.reading() as session:
        return {piece.line_no: piece.quantity for piece in parcels.left(session, [order_id])[order_id]}


class TestPack:
    def test_in_parts_and_exactly_all_of_it(self, town: Shop) -> None:
        """Planted bug: what lies in another parcel is not taken off."""
        order_id = bought(town)
        assert left(town, order_id) == {1: 3, 2: 1}
        pack(town, order_id, l1=2)
        assert left(town, order_id) == {1: 1, 2: 1}
        with pytest.raises(TooManyShipped) as refused:
            pack(town, order_id, l1=2, l2=1)
        assert refused.value.extra == {"lines": [{"line_no": 1, "left": 1}]}
        pack(town, order_id, l1=1, l2=1)
        assert left(town, order_id) == {}
        assert [[(p.name, p.quantity) for p in one.pieces] for one in seen(town, order_id)] == [[("Bonbon of the month", 2)], [("Bonbon of the month", 1), ("Café truffle", 1)]]

    def test_what_was_returned_is_not_sent(self, town: Shop) -> None:
        """Planted bug: what was returned is not taken off."""
        order_id = bought(town)
        collecting.give_pieces_back(town, order_id, {1: 2}, key="r1", restock=True, asked_by="psn_maria")
        with pytest.raises(TooManyShipped):
            pack(town, order_id, l1=2)
        pack(town, order_id, l1=1)

    def test_nor_the_delivery_nor_what_is_no_line(self, town: Shop) -> None:
        order_id = bought(town)
        for pieces in ({"l3": 1}, {"l9": 1}):
            with pytest.raises(TooManyShipped):
                pack(town, order_id, HERE, **pieces)
        for pieces in ({}, {"l1": 0}, {"l1": -1}):
            with pytest.raises(Invalid):
                pack(town, order_id, HERE, **pieces)

    def test_of_many_who_pack_the_last_at_once_one_does(self, town: Shop) -> None:
        """Planted bug: what is left is read before the order's row is locked."""
        order_id = bought(town)

        def take(_n: int) -> bool:
            try:
                pack(town, order_id, l1=2)
            except TooManyShipped:
                return False
            return True

        assert sorted(map(str, race(6, take))) == ["False"] * 5 + ["True"]
        assert left(town, order_id) == {1: 1, 2: 1}

    def test_only_of_an_order_that_stands_and_is_brought(self, town: Shop) -> None:
        unpaid = bought(town, method=None)
        with pytest.raises(NothingToSend):
            pack(town, unpaid, l1=1)
        given_up = bought(town, "k2", shopper_id="shp_ann", slot_id=TOMORROW)
        waiting = pack(town, given_up, l1=1)
        collecting.ask_refund(town, given_up, restock=True)
        with pytest.raises(NothingToSend):
            pack(town, given_up, l2=1)
        with pytest.raises(NothingToSend):  # nor does what was packed leave the store
            move(town, waiting, S.HANDED_OVER)
        fill(town, "shp_bo", prd_bonbon=1)
        fetched = order(town, "k3", shopper_id="shp_bo", method="pm_card_visa")[0]
        with pytest.raises(UnknownOrder):
            pack(town, fetched, l1=1)

    def test_another_store_knows_nothing_of_it(self, town: Shop) -> None:
        order_id = bought(town)
        with pytest.raises(UnknownOrder):
            pack(town, order_id, THERE, l1=1)
        parcel = pack(town, order_id, l1=1)
        with pytest.raises(UnknownShipment):
            move(town, parcel, S.HANDED_OVER, places=THERE)
        assert listed(town, THERE) == []
        assert len(listed(town, None)) == 1


class TestMove:
    def test_each_step_once_with_its_time_and_its_event(self, town: Shop) -> None:
        """Planted bug: the UPDATE does not look at the state."""
        order_id = bought(town)
        parcel = pack(town, order_id, l1=3, l2=1)
        assert move(town, parcel, S.HANDED_OVER, S.HANDED_OVER, S.OUT_FOR_DELIVERY, S.HANDED_OVER, S.DELIVERED, S.OUT_FOR_DELIVERY, places=None) == [True, False, True, False, True, False]
        [one] = seen(town, order_id)
        assert (one.state, one.handed_at, one.out_at, one.delivered_at, one.proof) == ("delivered", START, START, START, "carrier")
        assert events(town, "shipment.") == ["shipment.moved"] * 4
        assert listed(town) == []

    def test_never_backwards_and_never_over_a_step(self, town: Shop) -> None:
        order_id = bought(town)
        parcel = pack(town, order_id, l1=1)
        for step in (S.DELIVERED, S.RETURNED):
            with pytest.raises(ShipmentBehind):
                move(town, parcel, step)
        move(town, parcel, S.OUT_FOR_DELIVERY, S.DELIVERED, places=None)
        with pytest.raises(ShipmentBehind):
            move(town, parcel, S.FAILED, why=Failure.REFUSED)
        with pytest.raises(ShipmentBehind):
            move(town, parcel, S.RETURNED)
        assert seen(town, order_id)[0].state == "delivered"

    def test_of_many_who_say_the_same_one_moves_it(self, town: Shop) -> None:
        """Planted bug: the UPDATE does not look at the state."""
        parcel = pack(town, bought(town), l1=1)
        move(town, parcel, S.OUT_FOR_DELIVERY)

        def say(n: int) -> bool:
            try:
                return move(town, parcel, S.FAILED, why=Failure.NOBODY_THERE)[0] if n % 2 else move(town, parcel, S.DELIVERED, places=None)[0]
            except ShipmentBehind:
                return False

        assert sorted(map(str, race(6, say))) == ["False"] * 5 + ["True"]

    def test_what_failed_comes_back_and_may_be_sent_again(self, town: Shop) -> None:
        order_id = bought(town)
        parcel = pack(town, order_id, l1=3)
        move(town, parcel, S.HANDED_OVER)
        with pytest.raises(Invalid):
            move(town, parcel, S.FAILED)
        with pytest.raises(Invalid):
            move(town, parcel, S.OUT_FOR_DELIVERY, why=Failure.LOST)
        move(town, parcel, S.FAILED, why=Failure.NOBODY_THERE)
        assert left(town, order_id) == {2: 1}
        move(town, parcel, S.RETURNED)
        assert left(town, order_id) == {1: 3, 2: 1}
        assert [one.why for one in seen(town, order_id)] == ["nobody_there"]

    def test_a_later_estimate_counts_while_it_is_under_way(self, town: Shop) -> None:
        order_id = bought(town)
        parcel = pack(town, order_id, l1=1)
        move(town, parcel, S.OUT_FOR_DELIVERY, expected_at=SOON)
        move(town, parcel, S.OUT_FOR_DELIVERY, expected_at=SOON + timedelta(days=1))
        assert seen(town, order_id)[0].expected_at == SOON + timedelta(days=1)
        move(town, parcel, S.DELIVERED, places=None)
        move(town, parcel, S.OUT_FOR_DELIVERY, expected_at=SOON)
        assert seen(town, order_id)[0].expected_at == SOON + timedelta(days=1)

    def test_what_has_left_the_store_keeps_its_time(self, town: Shop) -> None:
        """Planted bug: only the cut-off is asked."""
        order_id = bought(town, slot_id=TOMORROW)
        parcel = pack(town, order_id, l1=1)
        with town.database.transaction() as session:
            rescheduling.move_slot(session, order_id, "shp_jane", TODAY, at=town.now())
        move(town, parcel, S.HANDED_OVER)
        with pytest.raises(SlotFixed), town.database.transaction() as session:
            rescheduling.move_slot(session, order_id, "shp_jane", TOMORROW, at=town.now())


class TestAtTheDoor:
    @pytest.fixture
    def parcel(self, town: Shop) -> tuple[str, str]:
        """An order of two parcels, and the one of them that is being brought."""
        order_id = bought(town)
        pack(town, order_id, l2=1)
        parcel = pack(town, order_id, l1=3)
        move(town, parcel, S.OUT_FOR_DELIVERY)
        return order_id, parcel

    def test_against_the_code_her_phone_shows_once_with_the_time_and_who(self, town: Shop, parcel: tuple[str, str], clock: ManualClock) -> None:
        order_id, pcl = parcel
        clock.advance(60)
        deliver(town, pcl, code(town, order_id, pcl))
        one = next(one for one in seen(town, order_id) if one.id == pcl)
        assert (one.state, one.proof, one.delivered_at, one.why) == ("delivered", "code", town.now(), None)
        with town.database.reading() as session:
            assert session.scalars(select(ShipmentRow.delivered_by).where(ShipmentRow.id == pcl)).one() == "psn_maria"
        assert refusal(town, pcl, live(pcl, town)) == "It was delivered already."
        assert events(town, "shipment.")[-1:] == ["shipment.moved"]

    def test_of_many_couriers_one_hands_it_over(self, town: Shop, parcel: tuple[str, str]) -> None:
        """Planted bug: the UPDATE does not look at the state."""
        order_id, pcl = parcel
        shown = code(town, order_id, pcl)
        done = race(6, lambda _n: deliver(town, pcl, shown))
        assert sorted(type(one).__name__ for one in done) == ["HandOverRefused"] * 5 + ["NoneType"]
        assert len([one for one in events(town, "shipment.") if one]) == 4  # packed, packed, out, delivered

    def test_wrong_old_foreign_and_early_codes_say_why(self, town: Shop, parcel: tuple[str, str], clock: ManualClock) -> None:
        """Planted bugs: the age of a code is not looked at; the parcel named in a code is not."""
        order_id, pcl = parcel
        other = next(one.id for one in seen(town, order_id) if one.id != pcl)
        old = code(town, order_id, pcl)
        clock.advance(120)
        digits = old.rsplit(".", 1)[1]
        of_other, of_order = live(other, town), live(order_id, town)
        named = of_other.replace(other, pcl)
        assert [refusal(town, pcl, typed) for typed in (old, digits, "12345678", "", "x", of_other, of_order, named)] == [
            "That code is too old. Ask for the one the phone shows now.", "That code is too old. Ask for the one the phone shows now.",
            "That code is not genuine, or it belongs to another parcel.", *["That is not the code of this parcel. Ask for the phone it was ordered with."] * 4,
            "That code is not genuine, or it belongs to another parcel.",
        ]  # fmt: skip
        assert refusal(town, other, of_other) == "Nobody brings this parcel now."  # it is not out yet
        assert {one.state for one in seen(town, order_id)} == {"packed", "out_for_delivery"}

    def test_the_code_is_shown_to_her_alone_while_it_is_brought(self, town: Shop, parcel: tuple[str, str]) -> None:
        order_id, pcl = parcel
        other = next(one.id for one in seen(town, order_id) if one.id != pcl)
        with town.database.reading() as session:
            assert shipping.proof_for(session, order_id, other, "shp_jane", town.now()) is None
            with pytest.raises(UnknownOrder):
                shipping.proof_for(session, order_id, pcl, "shp_ann", town.now())
            with pytest.raises(UnknownShipment):
                shipping.proof_for(session, order_id, "pcl_none", "shp_jane", town.now())
        deliver(town, pcl, code(town, order_id, pcl))
        with town.database.reading() as session:
            assert shipping.proof_for(session, order_id, pcl, "shp_jane", town.now()) is None

    def test_left_without_a_code_is_delivered_and_not_proved(self, town: Shop, parcel: tuple[str, str]) -> None:
        order_id, pcl = parcel
        with town.database.transaction() as session:
            shipping.leave(session, pcl, Left.NEIGHBOUR, HERE, by="psn_maria", at=town.now())
        one = next(one for one in seen(town, order_id) if one.id == pcl)
        assert (one.state, one.proof, one.why) == ("delivered", "left", "neighbour")
        assert refusal(town, pcl, live(pcl, town)) == "It was delivered already."

    def test_a_clerk_does_not_just_say_so_and_a_carrier_may(self, town: Shop, parcel: tuple[str, str]) -> None:
        """Planted bug: whoever works there may say so."""
        _, pcl = parcel
        with pytest.raises(HandOverRefused):
            move(town, pcl, S.DELIVERED)
        assert move(town, pcl, S.DELIVERED, places=None) == [True]

    def test_of_an_order_whose_money_goes_back_nothing_is_handed_over_and_it_comes_back(self, town: Shop, parcel: tuple[str, str]) -> None:
        """Planted bug: only what stands is on the list, so that nobody brings it back."""
        order_id, pcl = parcel
        shown = code(town, order_id, pcl)
        collecting.ask_refund(town, order_id, restock=True)
        with pytest.raises(NothingToSend):
            deliver(town, pcl, shown)
        [waiting] = listed(town)
        assert (waiting.order_id, len(waiting.shipments)) == (order_id, 2)
        move(town, pcl, S.FAILED, why=Failure.REFUSED)
        move(town, pcl, S.RETURNED)
        assert listed(town) == []

    def test_another_stores_courier_knows_nothing_of_it(self, town: Shop, parcel: tuple[str, str]) -> None:
        order_id, pcl = parcel
        with pytest.raises(UnknownShipment), town.database.transaction() as session:
            shipping.deliver(session, pcl, code(town, order_id, pcl), THERE, by="psn_olli", at=town.now())

    def test_over_http_with_limited_tries(self, town: Shop, parcel: tuple[str, str], client: TestClient) -> None:
        """Planted bug: tries at one parcel are not counted."""
        _, pcl = parcel
        client.app.state.house.settings.security = SecuritySettings(guesses_per_minute=3)  # type: ignore[attr-defined, call-arg]
        clerks = [staff(town.database, Role.CLERK) for _ in range(2)]
        tried = [client.post(f"/v1/till/shipments/{pcl}/deliver", json={"code": "12345678"}, headers=clerks[n % 2]).status_code for n in range(4)]
        assert tried == [422, 422, 422, 429]
        assert client.post(f"/v1/till/shipments/{pcl}/left", json={"where": "roof"}, headers=clerks[0]).status_code == 422
        assert client.post(f"/v1/till/shipments/{pcl}/left", json={"where": "box"}, headers=clerks[0]).status_code == 204


def code(shop: Shop, order_id: str, shipment_id: str) -> str:
    with shop.database.reading() as session:
        shown = shipping.proof_for(session, order_id, shipment_id, "shp_jane", shop.now())
        assert shown is not None
        return shown.text


def live(of_id: str, shop: Shop) -> str:
    """A genuine code of now, whether anybody would be shown it or not."""
    return proof.live(of_id, shop.now()).text


def deliver(shop: Shop, shipment_id: str, typed: str) -> None:
    with shop.database.transaction() as session:
        shipping.deliver(session, shipment_id, typed, HERE, by="psn_maria", at=shop.now())


def refusal(shop: Shop, shipment_id: str, typed: str) -> str:
    with pytest.raises(HandOverRefused) as refused:
        deliver(shop, shipment_id, typed)
    return refused.value.detail


class TestToShip:
    def test_the_soonest_first_with_what_is_left_and_where_it_goes(self, town: Shop) -> None:
        later, sooner = bought(town, slot_id=TOMORROW), bought(town, "k2", shopper_id="shp_ann")
        first, second = listed(town)
        assert (first.order_id, second.order_id) == (sooner, later)
        assert (first.area, first.to[0], [(p.line_no, p.quantity) for p in first.left], first.shipments) == ("Helsinki by bike", "Jane Doe", [(1, 3), (2, 1)], ())
        parcel = pack(town, sooner, l1=3, l2=1)
        move(town, parcel, S.OUT_FOR_DELIVERY)
        assert next((one.left, [s.state for s in one.shipments]) for one in listed(town)) == ((), ["out_for_delivery"])

    def test_an_area_of_no_store_is_served_by_all(self, shop: Shop) -> None:
        open_area(shop)
        pack(shop, bought(shop), THERE, l1=1)
        assert [len(listed(shop, HERE)), len(listed(shop, THERE))] == [1, 1]


class TestRoutes:
    def test_a_carriers_key_tells_and_she_sees_it(self, town: Shop, client: TestClient) -> None:
        jane, headers = shopper(town.database)
        order_id = bought(town, shopper_id=jane)
        with town.database.transaction() as session:
            key = api_keys.make_api_key(session, "Carrier", ["shipments"], made_by="psn_1", at=START).key
            other = api_keys.make_api_key(session, "Other", ["catalogue"], made_by="psn_1", at=START).key
        carrier, stranger = {"Authorization": f"Bearer {key}"}, {"Authorization": f"Bearer {other}"}
        body = {"lines": [{"line_no": 1, "quantity": 3}], "carrier": "Posti", "tracking": "JJFI 1"}
        assert client.post(f"/v1/orders/{order_id}/shipments", json=body, headers=stranger).status_code == 403
        made = client.post(f"/v1/orders/{order_id}/shipments", json=body, headers=carrier)
        assert (made.status_code, made.json()["to"][0]) == (201, "Jane Doe")
        parcel = made.json()["shipment"]["id"]
        assert client.post(f"/v1/orders/{order_id}/shipments", json=body, headers=carrier).json()["code"] == "too_many_shipped"
        out = client.post(f"/v1/shipments/{parcel}/moves", json={"to": "out_for_delivery", "expected_at": SOON.isoformat()}, headers=carrier)
        assert out.json()["shipment"]["state"] == "out_for_delivery"
        [shown] = client.get(f"/v1/orders/{order_id}", headers=headers).json()["shipments"]
        assert (shown["state"], shown["carrier"], shown["tracking"], shown["expected_at"]) == ("out_for_delivery", "Posti", "JJFI 1", SOON.isoformat().replace("+00:00", "Z"))
        assert client.post(f"/v1/shipments/{parcel}/moves", json={"to": "returned"}, headers=carrier).json()["code"] == "shipment_behind"
        clerk = staff(town.database, Role.CLERK)
        [waiting] = client.get("/v1/till/shipments", headers=clerk).json()["orders"]
        assert ([p["quantity"] for p in waiting["left"]], waiting["shipments"][0]["id"]) == ([1], parcel)
        assert client.get(f"/v1/shipments/{parcel}", headers=clerk).json()["shipment"]["state"] == "out_for_delivery"


class TestPrivacy:
    def test_exported_and_erased_with_her(self, town: Shop) -> None:
        order_id = bought(town)
        pack(town, order_id, l1=1)
        [holder] = [one for one in HOLDERS if one.name == "storefront.shipments"]
        with town.database.transaction() as session:
            told = holder.export(session, "shp_jane")
            assert ([one["carrier"] for one in told["shipments"]], holder.export(session, "shp_ann")) == (["Bike"], {})
            assert holder.erase(session, "shp_jane") == 1
            assert (session.scalars(select(ShipmentRow.id)).all(), session.scalars(select(ShipmentLineRow.line_no)).all()) == ([], [])
            assert session.scalars(select(OrderRow.id)).all() == [order_id]
