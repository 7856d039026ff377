"""What a shopper had in the shop before she signed in goes with her: cart, orders, balance, points with what counts for the loyalty programme, addresses, membership, kept cards and reviews.

Owns the rules of that one transaction. Nothing is lost and nothing doubled: of a product that lies in both carts the larger number stays; what does
not fit into hers is named to her. Coupons stay where they are (they are found as hers by who she was), and lie in the cart as they did.
The order of locks is that of a checkout: the carts first, then orders, then what hangs on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import touched
from offers import facade as offers
from offers.contracts import CouponState
from storefront.addresses import repository as addresses
from storefront.balance import books as balance
from storefront.bookings.models import BookingRow
from storefront.carts import repository as carts
from storefront.carts.models import CartLineRow, CartRow
from storefront.catalog.repository import for_cart
from storefront.collection.models import CollectionRow
from storefront.delivery.models import DeliveryBookingRow
from storefront.loyalty import joining as loyalty
from storefront.memberships import holding as memberships
from storefront.methods import repository as methods
from storefront.orders.models import OrderRow
from storefront.points import ledger
from storefront.reviews import repository as reviews
from storefront.settings import StorefrontSettings
from storefront.shipments.models import ShipmentRow


def carrier(settings: StorefrontSettings) -> Callable[[Session, str, str, datetime], Mapping[str, Any]]:
    """For app/security/joining.py."""

    def carry(session: Session, before: str, into: str, at: datetime) -> Mapping[str, Any]:
        pieces, left_out = join_carts(session, before, into, settings, at=at)
        orders = _rename(session, OrderRow, before, into)
        for model in (BookingRow, CollectionRow, DeliveryBookingRow, ShipmentRow):
            _rename(session, model, before, into)
        loyalty.hand_over(session, before, into, at=at)
        reviews.hand_over(session, before, into)
        found = {
            "pieces": pieces,
            "left_out": left_out,
            "orders": orders,
            "balance": balance.hand_over(session, before, into, at=at),
            "points": ledger.hand_over(session, before, into, at=at),
            "addresses": addresses.hand_over(session, before, into, at=at),
            "memberships": memberships.hand_over(session, before, into, at=at),
            "cards": methods.hand_over(session, before, into, at=at),
            "coupons": sum(one.state is CouponState.ISSUED for one in offers.wallet(session, before, at, with_codes=False)),
        }
        return {what: how_much for what, how_much in found.items() if how_much}

    return carry


def join_carts(session: Session, before: str, into: str, settings: StorefrontSettings, *, at: datetime) -> tuple[int, list[str]]:
    """Returns how many pieces came into her cart, and the products that did not fit: in no price of its currency, or one too many."""
    if session.scalar(select(CartRow.id).where(CartRow.shopper_id == before)) is None:
        return 0, []
    theirs, hers = carts.changing(session, before, at), carts.changing(session, into, at)
    lines = _lines(session, theirs.id)
    held = {line.product_id: line for line in _lines(session, hers.id)}
    currency = hers.currency or theirs.currency
    products = for_cart(session, [line.product_id for line in lines], currency)
    came, left_out = 0, list[str]()
    for line in lines:
        found, same = products.get(line.product_id), theirs.currency == currency
        there = held.get(line.product_id)
        if there is not None:
            came += max(0, line.quantity - there.quantity)
            there.quantity = max(there.quantity, line.quantity)
        elif len(held) >= settings.max_lines or (not same and (found is None or found.currency != currency)):
            left_out.append(line.product_id)
        else:
            if not same and found is not None:
                line.seen_unit_minor = found.price_minor
            line.cart_id = hers.id
            held[line.product_id] = line
            came += line.quantity
    coupons = list(dict.fromkeys((*hers.coupon_ids, *theirs.coupon_ids)))[: settings.max_coupons]
    way = {} if hers.delivery is not None else {"delivery": theirs.delivery, "slot_id": theirs.slot_id, "address_id": theirs.address_id, "collect_at": theirs.collect_at}
    session.flush()
    session.execute(update(CartRow).where(CartRow.id == hers.id).values(currency=currency if held else None, coupon_ids=coupons, **way))
    session.execute(delete(CartLineRow).where(CartLineRow.cart_id == theirs.id).execution_options(synchronize_session=False))
    session.execute(update(CartRow).where(CartRow.id == theirs.id).values(currency=None, coupon_ids=[], delivery=None, slot_id=None, address_id=None, collect_at=None))
    return came, left_out


def _lines(session: Session, cart_id: str) -> list[CartLineRow]:
    found = select(CartLineRow).where(CartLineRow.cart_id == cart_id).order_by(CartLineRow.added_at, CartLineRow.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def _rename(session: Session, model: Any, before: str, into: str) -> int:
    return touched(session, update(model).where(model.shopper_id == before).values(shopper_id=into))
