"""The shop floor of the tests: products, shoppers with tokens, carts, orders, and what is true of them afterwards."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from fastapi import Depends, FastAPI
from sqlalchemy import select

from app.demo.peers.stripe_deliveries import signature_header
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.http import RequestGuard, install_problems, no_nul
from app.kernel.outbox import OutboxEvent
from app.security import people
from app.security.access import Role
from app.security.settings import SecuritySettings
from offers import facade as offers
from offers.models import CouponRow
from storefront.carts import repository as carts
from storefront.catalog.models import ProductRow
from storefront.catalog.repository import products_by_ids
from storefront.checkout import CheckoutOrder, check_out, put_coupon
from storefront.endpoints import router
from storefront.facade import Shop, import_catalogue
from storefront.orders.models import OrderRow
from storefront.orders.repository import fresh
from storefront.payments.ports import Payment
from storefront.payments.settlement import settle
from storefront.payments.webhooks import receive
from storefront.settings import StorefrontSettings
from tests.conftest import START
from tests.offers.builders import go_live, moment, weigh

WEBHOOK_SECRET = "whsec_test_secret"
SETTINGS = StorefrontSettings(stripe_webhook_secrets=(WEBHOOK_SECRET,))  # type: ignore[call-arg, arg-type]

PRODUCTS: list[dict[str, Any]] = [
    {"id": "prd_bonbon", "name": "Bonbon of the month", "description": "Sea salt caramel", "category": "bonbon", "image": "bonbon", "price_minor": 450, "currency": "EUR", "stock": 10},
    {"id": "prd_truffle", "name": "Café truffle", "description": "Dark, with espresso", "category": "truffle", "image": "truffle", "price_minor": 1299, "currency": "EUR", "stock": 5},
    {"id": "prd_last", "name": "Golden egg", "description": "The last one", "category": "egg", "image": "egg", "price_minor": 9900, "currency": "EUR", "stock": 1},
    {"id": "prd_kola", "name": "Chokladkola", "description": "From Stockholm", "category": "bonbon", "image": "kola", "price_minor": 4500, "currency": "SEK", "stock": 5},
]  # fmt: skip


def stock(shop: Shop) -> None:
    with shop.database.transaction() as session:
        import_catalogue(session, {"products": PRODUCTS}, at=START)


def app_of(shop: Shop) -> FastAPI:
    app = FastAPI(dependencies=[Depends(no_nul)])
    app.state.house = SimpleNamespace(database=shop.database, shop=shop, settings=SimpleNamespace(security=SecuritySettings(guesses_per_minute=10_000), storefront=shop.settings))
    install_problems(app)
    app.add_middleware(RequestGuard)
    app.include_router(router)
    return app


def shopper(database: Database) -> tuple[str, dict[str, str]]:
    """A new shopper on a device: (shopper id, headers)."""
    with database.transaction() as session:
        device = people.register_device(session, "Jane's phone", "android", START)
    return device.shopper_id, {"Authorization": f"Bearer {device.token}"}


def staff(database: Database, role: Role) -> dict[str, str]:
    with database.transaction() as session:
        person_id = people.staff(session, role, "Maria", at=START, place_ids=("plc_kluuvi",) if role is Role.CLERK else ())
        opened = people.open_session(session, role, at=START, ttl_s=86_400, person_id=person_id)
    return {"Authorization": f"Bearer {opened.token}"}


def fill(shop: Shop, shopper_id: str = "shp_jane", **quantities: int) -> None:
    """`fill(shop, prd_bonbon=2)`: put pieces into the shopper's cart."""
    with shop.database.transaction() as session:
        found = products_by_ids(session, list(quantities))
        for product_id, quantity in quantities.items():
            carts.add(session, shopper_id, found[product_id], quantity, max_lines=50, at=shop.now())


def coupon(shop: Shop, shopper_id: str = "shp_jane", moment_id: str = "mom_1", **campaign: Any) -> str:
    """A coupon for 20 % off bonbons; returns its id."""
    with shop.database.transaction() as session:
        if offers.campaign(session, "cam_bonbon") is None:
            go_live(session, **campaign)
        weigh(session, moment(moment_id, shopper_id))
    with shop.database.reading() as session:
        return offers.wallet(session, shopper_id, START)[0].id


def lay_in(shop: Shop, coupon_id: str, shopper_id: str = "shp_jane") -> None:
    with shop.database.transaction() as session:
        put_coupon(session, shop, shopper_id, coupon_id, place_id=None, at=shop.now())


def order(shop: Shop, key: str = "k1", *, shopper_id: str = "shp_jane", method: str | None = None, expected_total_minor: int | None = None, return_url: str | None = None) -> tuple[str, Payment | None]:
    """Check out as the endpoint does: place, pay, settle. Returns (order id, payment)."""
    order_id, payment = check_out(shop, key, CheckoutOrder(shopper_id, method, return_url, expected_total_minor, None))
    if payment is not None:
        with shop.database.transaction() as session:
            settle(session, shop.coupons, order_id, payment, at=shop.now())
    return order_id, payment


def state(shop: Shop, order_id: str) -> str:
    return row(shop, order_id).state


def row(shop: Shop, order_id: str) -> OrderRow:
    with shop.database.reading() as session:
        found = fresh(session, order_id)
        assert found is not None
        session.expunge(found)
        return found


def orders(shop: Shop) -> list[str]:
    with shop.database.reading() as session:
        return list(session.scalars(select(OrderRow.id).order_by(OrderRow.placed_at, OrderRow.id)))


def shelf(shop: Shop, product_id: str = "prd_bonbon") -> int:
    with shop.database.reading() as session:
        return session.scalars(select(ProductRow.stock_units).where(ProductRow.id == product_id)).one()


def coupon_state(shop: Shop, coupon_id: str | None = None) -> str:
    """The state of the only (or the named) coupon; checks that the books of its campaign add up."""
    with shop.database.reading() as session:
        assert offers.books(session, "cam_bonbon").drift == ()
        statement = select(CouponRow.state)
        return session.scalars(statement.where(CouponRow.id == coupon_id) if coupon_id else statement).one()


def events(shop: Shop, prefix: str = "order.") -> list[str]:
    """Types of the events emitted so far, in order."""
    with shop.database.reading() as session:
        return [t for t in session.scalars(select(OutboxEvent.type).order_by(OutboxEvent.id)) if t.startswith(prefix)]


def signed(document: Any, at_s: int, secret: str = WEBHOOK_SECRET) -> tuple[bytes, dict[str, str]]:
    """A webhook's raw body and headers."""
    body = json.dumps(document).encode()
    return body, {"Stripe-Signature": signature_header(body, secret, at_s), "Content-Type": "application/json"}


def hook(shop: Shop) -> Any:
    """What the peer's deliveries call: the webhook without HTTP around it."""

    def take(body: bytes, headers: dict[str, str]) -> int:
        try:
            receive(shop, body, headers["Stripe-Signature"])
        except AppError as refused:
            return refused.status
        return 200

    return take
