"""A cart from a phone to a till, where it is paid and taken along; and one a clerk has filled, from the till to a phone. Each once.

Owns what becomes of the cart in the transaction that uses its code (carts/handing.py). A clerk's own cart lies under an id of hers that is no shopper's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id, new_id
from app.security import people
from storefront.carts import handing
from storefront.carts import repository as carts
from storefront.carts.handing import CartCodeView, To
from storefront.carts.repository import Cart, cart_of
from storefront.cash.risk import PayBy
from storefront.catalog.repository import product
from storefront.checkout import CheckoutOrder, place
from storefront.errors import UnknownProduct
from storefront.joining import join_carts
from storefront.payments.shop import Shop


def show(session: Session, shopper_id: str, *, at: datetime) -> CartCodeView:
    """Her cart's code for a till. Raises CartEmpty."""
    return handing.show(session, shopper_id, To.TILL, at=at)


def take_at_till(session: Session, shop: Shop, typed: str, place_id: str, *, by: str, at: datetime) -> str:
    """Her cart becomes an order that is to be paid at this till, with what her coupons give there; its goods are in her hands, so nothing is to be sent or
    fetched. Returns its id. Raises what `handing.use` and `checkout.place` raise, and nothing is used then."""
    cart = handing.use(session, typed, To.TILL, by=by, at=at)
    order_id = new_id("ord")
    place(session, shop, order_id, CheckoutOrder(cart.shopper_id, None, None, None, place_id, pay_by=PayBy.PAY_AT_TILL, taken_along=True), at=at)
    return order_id


def take_on_phone(session: Session, shop: Shop, typed: str, shopper_id: str, *, at: datetime) -> tuple[int, list[str]]:
    """What the clerk has put together lies in her cart now, beside what lay there. Returns how many pieces came, and which products did not fit. Raises what
    `handing.use` raises."""
    cart = handing.use(session, typed, To.PHONE, by=To.PHONE, at=at)
    return join_carts(session, cart.shopper_id, people.now_of(session, shopper_id), shop.settings, at=at)


def of_clerk(session: Session, clerk_id: str) -> Cart:
    return cart_of(session, _till_id(clerk_id))


def put(session: Session, shop: Shop, clerk_id: str, pieces: Mapping[str, int], *, at: datetime) -> Cart:
    """So many more pieces into the clerk's cart, all or none. Raises UnknownProduct, and what a cart refuses."""
    for product_id, quantity in pieces.items():
        found = product(session, product_id)
        if found is None:
            raise UnknownProduct
        carts.add(session, _till_id(clerk_id), found, quantity, max_lines=shop.settings.max_lines, at=at)
    return of_clerk(session, clerk_id)


def empty(session: Session, clerk_id: str, *, at: datetime) -> None:
    carts.empty(session, _till_id(clerk_id), at=at)


def show_clerks(session: Session, clerk_id: str, *, at: datetime) -> CartCodeView:
    """Raises CartEmpty."""
    return handing.show(session, _till_id(clerk_id), To.PHONE, at=at)


def _till_id(clerk_id: str) -> str:
    return derived_id("til", clerk_id)
