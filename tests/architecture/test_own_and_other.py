"""Staff and servers: own and other. A clerk acts for her stores, a marketer does not approve her own, a key reaches its scope.

What shoppers own is in test_routes.py. A clerk's, marketer's or server's new route must be placed here: it is of a store, or it says why
not. Seen to fail on: a presence code shown to any clerk, findings of all stores, a return taken back for another store, a bundle and a
journal for another store.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.bootstrap import House
from app.kernel.ids import new_id
from app.security import people
from app.security.access import Role
from geofences.models import PlaceRow
from offers import facade as offers
from offers.tills.journal import entry_hash, first_hash
from storefront.addresses import repository as addresses
from storefront.addresses.formats import Address
from storefront.bookings.models import BookingRow
from storefront.cash import claims
from storefront.cash.risk import PayBy
from storefront.collection import repository as collections
from storefront.delivery import repository as areas
from storefront.delivery.models import DeliveryBookingRow
from storefront.delivery.schemas import AreaIn, stored
from storefront.facade import cart_handing
from storefront.orders.models import OrderRow
from storefront.shipments import repository as shipments
from tests.architecture.belongings import Belongings
from tests.architecture.who_may import CLERK, MARKETER, WHO_MAY
from tests.conftest import START
from tests.offers.builders import document

HERS, OTHER = "plc_kluuvi", "plc_kamppi"
AT_TEXT = "2026-11-22T11:00:00.000Z"


@dataclass(frozen=True)
class Store:
    """What a clerk's call may name: a place, a fresh coupon's code, an order placed there, a redemption made there by somebody, her drawer."""

    place_id: str
    code: str
    order_id: str
    redemption_id: str
    till_id: str
    parcel_id: str
    drawer_id: str
    cart_code: str
    booking_id: str


@pytest.fixture(scope="module", autouse=True)
def places(house: House) -> None:
    with house.database.transaction() as session:
        for place_id in (HERS, OTHER):
            session.add(PlaceRow(id=place_id, name=place_id, kind="shop", chain=None, timezone="Europe/Helsinki", tags=[], lat_deg=1.0, lon_deg=1.0, changed_at=START))


@pytest.fixture
def staff(house: House) -> Callable[..., dict[str, str]]:
    def come_in(role: Role, *place_ids: str) -> dict[str, str]:
        with house.database.transaction() as session:
            person_id = people.staff(session, role, new_id("name"), at=START, place_ids=place_ids)
            return {"Authorization": f"Bearer {people.open_session(session, role, at=START, ttl_s=86_400, person_id=person_id).token}"}

    return come_in


@pytest.fixture
def store(house: House, client: TestClient, owned: Callable[[], Belongings], staff: Callable[..., dict[str, str]]) -> Callable[..., Store]:
    """`store(place_id, by)`: what there is at a place, its redemption made by `by`."""

    def make(place_id: str, by: dict[str, str]) -> Store:
        used, fresh = owned(), owned()
        redeemed = client.post("/v1/till/redemptions", headers=by, json={"code": used.coupon.code, "place_id": place_id})
        with house.database.transaction() as session:
            session.get_one(OrderRow, fresh.order_id).place_id = place_id
            claims.open_claim(session, fresh.order_id, PayBy.PAY_AT_TILL, place_id, 100, "EUR", at=START)
            cart_code = cart_handing.show(session, fresh.shopper_id, at=START).code
            collections.write(session, fresh.order_id, fresh.shopper_id, place_id, 7, START)
            area = {"way": "home", "name": place_id, "place_id": place_id, "serves": [{"country": "FI"}], "windows": [{"days": ["mon"], "begins": "10:00", "ends": "11:00", "capacity": 1}]}
            areas.put_area(session, place_id, stored(AreaIn.model_validate(area), "Europe/Helsinki"), START)
            times = dict.fromkeys(("starts_at", "ends_at", "closes_at"), START)
            sealed = addresses.sealed(fresh.shopper_id, Address("Jane", ("Tie 1",), "00100", "Helsinki", "", "FI"), fresh.order_id)
            session.add(DeliveryBookingRow(order_id=fresh.order_id, shopper_id=fresh.shopper_id, area_id=place_id, slot_id="s", state="held", sealed=sealed, timezone="UTC", currency="EUR", price_minor=0, base_minor=0, **times))
            booking_id = session.scalars(select(BookingRow.id).where(BookingRow.order_id == fresh.order_id)).one()
            session.get_one(BookingRow, booking_id).place_id = place_id
            parcel_id = shipments.write(session, fresh.order_id, fresh.shopper_id, {1: 1}, carrier="Posti", tracking="", by="x", at=START)
        drawer = client.post("/v1/till/drawers", headers=by, json={"place_id": place_id, "float_minor": 0, "currency": "SEK"}).json()
        bundle = client.post("/v1/till/bundle", headers=by, json={"place_id": place_id}).json()["bundle"]
        return Store(place_id, fresh.coupon.code, fresh.order_id, redeemed.json()["redemption_id"], json.loads(bundle)["till_id"], parcel_id, drawer["id"], cart_code, booking_id)

    return make


def _journal(store: Store) -> dict[str, Any]:
    entry = {"seq": 1, "kind": "redeem", "text": store.code, "at": AT_TEXT}
    return {"till_id": store.till_id, "place_id": store.place_id, "entries": [entry | {"hash": entry_hash(first_hash(store.till_id), 1, "redeem", AT_TEXT, store.code)}]}


HTMX = {"HX-Request": "true"}
OF_A_STORE: dict[str, Callable[[TestClient, dict[str, str], Store], Any]] = {
    "GET /v1/places/{place_id}/presence-code": lambda c, h, s: c.get(f"/v1/places/{s.place_id}/presence-code", headers=h),
    "GET /till/here": lambda c, h, s: c.get("/till/here", headers=h | HTMX, params={"place_id": s.place_id}),
    "POST /v1/till/bundle": lambda c, h, s: c.post("/v1/till/bundle", headers=h, json={"place_id": s.place_id}),
    "POST /v1/till/journal": lambda c, h, s: c.post("/v1/till/journal", headers=h, json=_journal(s)),
    "POST /v1/till/redemptions": lambda c, h, s: c.post("/v1/till/redemptions", headers=h, json={"code": s.code, "place_id": s.place_id}),
    "POST /till/redeem": lambda c, h, s: c.post("/till/redeem", headers=h | HTMX, data={"code": s.code, "place_id": s.place_id}),
    "POST /v1/till/redemptions/{redemption_id}/undo": lambda c, h, s: c.post(f"/v1/till/redemptions/{s.redemption_id}/undo", headers=h),
    "POST /till/redemptions/{redemption_id}/undo": lambda c, h, s: c.post(f"/till/redemptions/{s.redemption_id}/undo", headers=h | HTMX),
    "POST /v1/till/collections/{order_id}/ready": lambda c, h, s: c.post(f"/v1/till/collections/{s.order_id}/ready", headers=h),
    "POST /till/collections/{order_id}/ready": lambda c, h, s: c.post(f"/till/collections/{s.order_id}/ready", headers=h),
    "POST /v1/till/collections/{order_id}/hand-over": lambda c, h, s: c.post(f"/v1/till/collections/{s.order_id}/hand-over", headers=h, json={"code": "12345678"}),
    "POST /till/collections/{order_id}/hand-over": lambda c, h, s: c.post(f"/till/collections/{s.order_id}/hand-over", headers=h, data={"code": "12345678"}),
    "POST /v1/till/bookings/{booking_id}/check-in": lambda c, h, s: c.post(f"/v1/till/bookings/{s.booking_id}/check-in", headers=h, json={"code": "12345678"}),
    "POST /v1/till/bookings/{booking_id}/miss": lambda c, h, s: c.post(f"/v1/till/bookings/{s.booking_id}/miss", headers=h),
    "POST /till/bookings/{booking_id}/check-in": lambda c, h, s: c.post(f"/till/bookings/{s.booking_id}/check-in", headers=h, data={"code": "12345678"}),
    "POST /till/bookings/{booking_id}/miss": lambda c, h, s: c.post(f"/till/bookings/{s.booking_id}/miss", headers=h),
    "POST /v1/orders/{order_id}/shipments": lambda c, h, s: c.post(f"/v1/orders/{s.order_id}/shipments", headers=h, json={"lines": [{"line_no": 1, "quantity": 1}], "carrier": "Posti"}),
    "POST /till/orders/{order_id}/pack": lambda c, h, s: c.post(f"/till/orders/{s.order_id}/pack", headers=h, data={"line1": "1", "carrier": "Posti"}),
    "GET /v1/shipments/{shipment_id}": lambda c, h, s: c.get(f"/v1/shipments/{s.parcel_id}", headers=h),
    "POST /v1/shipments/{shipment_id}/moves": lambda c, h, s: c.post(f"/v1/shipments/{s.parcel_id}/moves", headers=h, json={"to": "handed_over"}),
    "POST /till/shipments/{shipment_id}/move": lambda c, h, s: c.post(f"/till/shipments/{s.parcel_id}/move", headers=h, data={"to": "handed_over"}),
    "POST /v1/till/shipments/{shipment_id}/deliver": lambda c, h, s: c.post(f"/v1/till/shipments/{s.parcel_id}/deliver", headers=h, json={"code": "12345678"}),
    "POST /till/shipments/{shipment_id}/deliver": lambda c, h, s: c.post(f"/till/shipments/{s.parcel_id}/deliver", headers=h, data={"code": "12345678"}),
    "POST /v1/till/shipments/{shipment_id}/left": lambda c, h, s: c.post(f"/v1/till/shipments/{s.parcel_id}/left", headers=h, json={"where": "box"}),
    "POST /till/shipments/{shipment_id}/left": lambda c, h, s: c.post(f"/till/shipments/{s.parcel_id}/left", headers=h, data={"where": "box"}),
    "POST /v1/till/cash/{order_id}/take": lambda c, h, s: c.post(f"/v1/till/cash/{s.order_id}/take", headers=h, json={"tendered_minor": 100}),
    "POST /v1/till/cash/{order_id}/refused": lambda c, h, s: c.post(f"/v1/till/cash/{s.order_id}/refused", headers=h),
    "POST /v1/till/cash/{order_id}/pay-out": lambda c, h, s: c.post(f"/v1/till/cash/{s.order_id}/pay-out", headers=h),
    "POST /v1/till/cash/{order_id}/refund": lambda c, h, s: c.post(f"/v1/till/cash/{s.order_id}/refund", json={}, headers=h),
    "POST /till/cash/{order_id}/take": lambda c, h, s: c.post(f"/till/cash/{s.order_id}/take", headers=h, data={"means": "cash", "tendered": "1", "currency": "EUR"}),
    "POST /till/cash/{order_id}/pay-out": lambda c, h, s: c.post(f"/till/cash/{s.order_id}/pay-out", headers=h),
    "POST /till/cash/{order_id}/refund": lambda c, h, s: c.post(f"/till/cash/{s.order_id}/refund", data={"restock": "1"}, headers=h),
    "POST /v1/till/carts/take": lambda c, h, s: c.post("/v1/till/carts/take", headers=h, json={"code": s.cart_code, "place_id": s.place_id}),
    "POST /till/carts/take": lambda c, h, s: c.post("/till/carts/take", headers=h, data={"code": s.cart_code, "place_id": s.place_id}),
    "POST /till/drawers": lambda c, h, s: c.post("/till/drawers", headers=h, data={"place_id": s.place_id, "float": "0", "kind": "till"}),
    "POST /till/drawers/{drawer_id}/close": lambda c, h, s: c.post(f"/till/drawers/{s.drawer_id}/close", headers=h, data={"counted": "0", "currency": "SEK"}),
    "POST /v1/till/drawers": lambda c, h, s: c.post("/v1/till/drawers", headers=h, json={"place_id": s.place_id, "float_minor": 0, "currency": "EUR"}),
    "POST /v1/till/drawers/{drawer_id}/close": lambda c, h, s: c.post(f"/v1/till/drawers/{s.drawer_id}/close", headers=h, json={"counted_minor": 0}),
    "POST /v1/orders/{order_id}/returns": lambda c, h, s: c.post(f"/v1/orders/{s.order_id}/returns", headers=h, json={"lines": [{"line_no": 1, "quantity": 1}]}),
    "GET /till/returns/{order_id}": lambda c, h, s: c.get(f"/till/returns/{s.order_id}", headers=h),
    "POST /till/returns/{order_id}": lambda c, h, s: c.post(f"/till/returns/{s.order_id}", headers=h, data={"line1": "1", "seen": "0"}),
}
REFUSED_WORDS = ("You can redeem coupons only for a store you work at", "Not undone")
NOT_OF_A_STORE = {
    "GET /v1/me", "POST /v1/account", "DELETE /v1/sessions/current", "POST /v1/passkeys/making", "POST /v1/passkeys", "GET /v1/passkeys",
    "PATCH /v1/passkeys/{passkey_id}", "DELETE /v1/passkeys/{passkey_id}", "POST /v1/step-up", "GET /v1/till/drawers", "POST /v1/till/drawers/shift", "POST /till/drawers/{drawer_id}/shift", "POST /v1/till/carts", "GET /till/carts", "POST /till/carts/lines", "POST /till/carts/empty", "POST /till/carts/code",  # her own
    "GET /v1/places", "GET /v1/places/geojson", "GET /v1/till/keys",  # public within the house
    "GET /console/conversations", "GET /console/conversations/{thread_id}", "GET /console/conversations/{thread_id}/more", "POST /console/conversations/{thread_id}/claim",
    "POST /console/conversations/{thread_id}/reply", "POST /console/conversations/{thread_id}/hand-back",  # of the shopper, not of a store: whoever claims one
    "GET /v1/support/queue", "POST /v1/support/queue", "GET /v1/support/queue/{case_id}", "POST /v1/support/queue/{case_id}/claim", "POST /v1/support/queue/{case_id}/release",
    "POST /v1/support/queue/{case_id}/entries", "PATCH /v1/support/queue/{case_id}", "POST /v1/support/queue/{case_id}/merge", "GET /v1/support/figures",
    "GET /console/support", "POST /console/support", "GET /console/support/{case_id}", "POST /console/support/{case_id}/claim", "POST /console/support/{case_id}/release",
    "POST /console/support/{case_id}/entries", "POST /console/support/{case_id}/set", "POST /console/support/{case_id}/merge",  # as conversations are
    "GET /v1/till/findings", "GET /till", "GET /till/returns", "GET /v1/till/collections", "GET /v1/till/bookings", "GET /till/bookings", "GET /till/collections", "GET /v1/till/shipments", "GET /till/shipments", "GET /till/cash",  # no place is named: what comes is of her stores, see below
}  # fmt: skip


def _refused(answer: Any) -> bool:
    return answer.status_code in (403, 404) or any(words in answer.text for words in REFUSED_WORDS)


class TestClerk:
    def test_every_route_of_hers_is_placed(self) -> None:
        assert {route for route, roles in WHO_MAY.items() if CLERK in roles} == set(OF_A_STORE) | NOT_OF_A_STORE

    @pytest.mark.parametrize("route", OF_A_STORE)
    def test_she_acts_for_her_store_and_no_other(
        self, client: TestClient, staff: Callable[..., dict[str, str]], store: Callable[..., Store], route: str
    ) -> None:
        maija, olli = staff(Role.CLERK, HERS), staff(Role.CLERK, OTHER)
        hers, other = store(HERS, maija), store(OTHER, olli)
        call = OF_A_STORE[route]
        assert _refused(call(client, maija, other)), route
        mine = call(client, maija, hers)
        assert not _refused(mine), mine.text[:300]
        assert mine.status_code < 500
        if "redeem" in route:  # the other store's things are as they were: its own clerk still can
            assert not _refused(call(client, olli, other))

    def test_what_she_sees_is_of_her_stores(self, client: TestClient, staff: Callable[..., dict[str, str]], store: Callable[..., Store]) -> None:
        maija, olli = staff(Role.CLERK, HERS), staff(Role.CLERK, OTHER)
        found = store(OTHER, olli)

        def counted() -> list[int]:
            return [len(client.get("/v1/till/findings", headers=who).json()["findings"]) for who in (maija, olli)]

        before = counted()
        assert client.post("/v1/till/journal", headers=olli, json=_journal(found)).status_code == 200  # a paper code without a network: a finding
        assert counted() == [before[0], before[1] + 1]
        assert OTHER not in client.get("/till", headers=maija).text


@pytest.fixture
def campaigns(house: House, client: TestClient, staff: Callable[..., dict[str, str]]) -> Callable[[dict[str, str]], str]:
    """`campaigns(by)`: one of hers, sent for review by her."""

    def make(by: dict[str, str]) -> str:
        made = client.post("/v1/campaigns", headers=by, json=document())
        assert made.status_code == 201, made.text
        campaign_id = made.json()["id"]
        assert client.post(f"/v1/campaigns/{campaign_id}/submit", headers=by, json={}).status_code == 200
        return campaign_id

    return make


APPROVE: dict[str, Callable[[TestClient, dict[str, str], str], Any]] = {
    "POST /v1/campaigns/{campaign_id}/approve": lambda c, h, i: c.post(f"/v1/campaigns/{i}/approve", headers=h, json={"version": 1}),
    "POST /console/campaigns/{campaign_id}/approve": lambda c, h, i: c.post(f"/console/campaigns/{i}/approve", headers=h, data={"version": "1"}),
}
OF_THE_HOUSE = {
    "GET /v1/campaigns/{campaign_id}", "PATCH /v1/campaigns/{campaign_id}", "POST /v1/campaigns/{campaign_id}/submit",
    "POST /v1/campaigns/{campaign_id}/send-back", "GET /v1/campaigns/{campaign_id}/history", "GET /v1/campaigns/{campaign_id}/difference",
    "POST /v1/campaigns/{campaign_id}/activate", "POST /v1/campaigns/{campaign_id}/pause", "POST /v1/campaigns/{campaign_id}/end",
    "GET /v1/campaigns/{campaign_id}/audience", "GET /v1/campaigns/{campaign_id}/figures",
    "GET /console/campaigns/{campaign_id}", "GET /console/campaigns/{campaign_id}/audience", "POST /console/campaigns/{campaign_id}/audience",
    "GET /console/campaigns/{campaign_id}/figures", "POST /console/campaigns/{campaign_id}/activate", "POST /console/campaigns/{campaign_id}/pause",
    "POST /console/campaigns/{campaign_id}/submit", "POST /console/campaigns/{campaign_id}/send-back", "GET /console/campaigns/{campaign_id}/try", "GET /console/campaigns/{campaign_id}/message",
    "GET /console/campaigns/{campaign_id}/edit", "POST /console/campaigns/{campaign_id}/edit", "POST /console/campaigns/{campaign_id}/look",
}  # fmt: skip
"""A campaign is the house's, not hers: whoever is a marketer may read, change, pause or end it, and publish what another has approved."""


class TestMarketer:
    def test_every_route_that_names_a_campaign_is_placed(self) -> None:
        assert {route for route, roles in WHO_MAY.items() if MARKETER in roles and "{campaign_id}" in route} == set(APPROVE) | OF_THE_HOUSE

    @pytest.mark.parametrize("route", APPROVE)
    def test_she_approves_anothers_and_never_her_own(
        self, house: House, client: TestClient, staff: Callable[..., dict[str, str]], campaigns: Callable[[dict[str, str]], str], route: str
    ) -> None:
        mia, max_ = staff(Role.MARKETER), staff(Role.MARKETER)
        campaign_id = campaigns(mia)
        own = APPROVE[route](client, mia, campaign_id)
        assert own.status_code == 403
        assert _state(house, campaign_id) == "review"
        assert client.post(f"/v1/campaigns/{campaign_id}/activate", headers=max_).status_code == 409  # nor live without an approval
        assert APPROVE[route](client, max_, campaign_id).status_code in (200, 303)
        assert _state(house, campaign_id) == "approved"

    def test_who_changes_anothers_becomes_an_author_and_cannot_approve_it(
        self, client: TestClient, staff: Callable[..., dict[str, str]], campaigns: Callable[[dict[str, str]], str]
    ) -> None:
        mia, max_ = staff(Role.MARKETER), staff(Role.MARKETER)
        campaign_id = campaigns(mia)
        assert client.patch(f"/v1/campaigns/{campaign_id}", headers=max_, json={"title": "30 % off"}).status_code == 200
        assert client.post(f"/v1/campaigns/{campaign_id}/submit", headers=mia, json={}).status_code == 200
        answers = [client.post(f"/v1/campaigns/{campaign_id}/approve", headers=who, json={"version": 2}).status_code for who in (mia, max_)]
        assert answers == [403, 403]


def _state(house: House, campaign_id: str) -> str:
    with house.database.reading() as session:
        found = offers.campaign(session, campaign_id)
    assert found is not None
    return found.state
