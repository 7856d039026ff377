"""What lies in a cart at what she pays for it: today's price, at the time she chose for it, and less for a member.

Owns putting these in their order. A quote, a coupon that is laid in and the checkout all ask here, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.bookings.choosing import Time, Wanted, at_times, times
from storefront.carts.repository import Cart
from storefront.catalog.repository import for_cart
from storefront.contracts import ProductView
from storefront.memberships import benefits as membership


@dataclass(frozen=True, slots=True)
class Priced:
    """`products`: those of its lines that are still sold. `times`: line -> when, for those that are given at a time."""

    products: Mapping[str, ProductView]
    times: Mapping[str, Time]


def priced(session: Session, cart: Cart, at: datetime) -> Priced:
    wanted = [Wanted(line.id, line.product_id, line.quantity, line.slot_id) for line in cart.lines]
    products = for_cart(session, [line.product_id for line in cart.lines], cart.currency)
    found = times(session, wanted, products, at)
    return Priced(membership.at_member_prices(session, cart.shopper_id, at_times(products, wanted, found), at), found)
