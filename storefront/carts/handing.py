"""A cart that changes hands: the code that is shown for it, for a few minutes, and used once.

Owns the codes. One is random and found by its keyed hash, so that nobody who reads the database can show it; it stands for one version of one cart, and a newer
one takes its place. Must not know what becomes of the cart: storefront/cart_handing.py does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.security import people
from app.security.sealing import keyed_hash
from offers import facade as offers
from storefront.carts.errors import CartCodeOver, UnknownCartCode
from storefront.carts.models import CartCodeRow
from storefront.carts.repository import Cart, cart_of
from storefront.errors import CartChanged, CartEmpty

PURPOSE = "cart_code"
GOOD_FOR = timedelta(minutes=3)
"""Long enough to turn a phone round, too short to be passed on."""
H = CartCodeRow


class To(StrEnum):
    """Who takes the cart: a till, or a phone."""

    TILL = "till"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class CartCodeView:
    """Whoever has the code within its time has the cart."""

    code: str = field(repr=False)
    good_until: datetime


def show(session: Session, shopper_id: str, to: To, *, at: datetime) -> CartCodeView:
    """For the cart as it is now; what was shown for it before is void. Raises CartEmpty."""
    shopper_id = people.now_of(session, shopper_id)
    cart = cart_of(session, shopper_id)
    if not cart.lines:
        raise CartEmpty
    session.execute(delete(H).where(H.shopper_id == shopper_id, H.used_at.is_(None)).execution_options(synchronize_session=False))
    code = offers.new_code(secrets.randbits)
    session.add(H(code_hash=keyed_hash(PURPOSE, code), shopper_id=shopper_id, to=to, version=cart.version, made_at=at, expires_at=at + GOOD_FOR))
    session.flush()
    return CartCodeView(offers.shown_code(code), at + GOOD_FOR)


def use(session: Session, typed: str, to: To, *, by: str, at: datetime) -> Cart:
    """The cart it stands for, once. Raises UnknownCartCode (also for what cannot be one, and for one that was shown to others), CartCodeOver (used, or too old),
    CartChanged when it is not the cart any more that was shown."""
    code = offers.normalised_code(typed)
    row = session.execute(select(H).where(H.code_hash == keyed_hash(PURPOSE, code), H.to == to)).scalar_one_or_none() if code else None
    if row is None:
        raise UnknownCartCode
    if not moved(session, update(H).where(H.code_hash == row.code_hash, H.used_at.is_(None), H.expires_at > at).values(used_at=at, used_by=by)):
        raise CartCodeOver
    cart = cart_of(session, row.shopper_id)
    if cart.version != row.version:
        raise CartChanged
    return cart


def told(session: Session, shopper_id: str) -> list[dict[str, object]]:
    """When she showed one, and whether it was used; codes themselves are not kept."""
    rows = session.execute(select(H.made_at, H.expires_at, H.used_at).where(H.shopper_id == shopper_id).order_by(H.made_at))
    return [dict(row) for row in rows.mappings()]


def forget(session: Session, shopper_id: str) -> int:
    """She is erased: nothing was ever shown."""
    found = session.scalars(select(H.code_hash).where(H.shopper_id == shopper_id)).all()
    session.execute(delete(H).where(H.code_hash.in_(found)).execution_options(synchronize_session=False))
    return len(found)
