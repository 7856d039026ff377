"""Links to a product that a shopper sends to others: made, read, and counted for those who say so.

Owns the link and the touches. The code in a link is random and signed: it names nobody, and what we have not signed never reaches the database. Must not give rewards.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved, touched
from app.kernel.ids import new_id
from app.privacy import gate
from app.security import people
from app.security.sealing import link_signature
from offers import facade as offers
from storefront.catalog.repository import product
from storefront.contracts import ERASED
from storefront.errors import UnknownProduct, UnknownShare
from storefront.share_contracts import ShareView
from storefront.sharing.models import ReferralRow, ShareRow, ShareTouchRow

PREFIX = "/s/"
S, T, F = ShareRow, ShareTouchRow, ReferralRow
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_TOKEN = re.compile(r"([a-z0-9]{16})([0-9a-f]{20})")
ANY = select(T.share_id).limit(1)
"""Whether anybody came by any link: if not, no order is owed to one."""


def _signature(code: str) -> str:
    return link_signature("share", code)[:20]


def token_of(code: str) -> str:
    return code + _signature(code)


def share(session: Session, shopper_id: str, product_id: str, *, at: datetime) -> ShareView:
    """Her link to the product (of a variant: to what it is one of), made if there is none. Raises UnknownProduct."""
    found = product(session, product_id)
    if found is None:
        raise UnknownProduct
    gate.hold(session, (shopper_id,))
    _note_phones(session, shopper_id, at)
    new = {"id": new_id("shr"), "code": "".join(secrets.choice(_LETTERS) for _ in range(16)), "shopper_id": shopper_id, "product_id": found.head_id or found.id, "created_at": at}
    insert_new(session, S, new, unique=["shopper_id", "product_id"])
    return next(one for one in of_shopper(session, shopper_id) if one.product_id == new["product_id"])


def of_shopper(session: Session, shopper_id: str) -> list[ShareView]:
    """Her links, the newest first, with the points each has brought."""
    ids = people.same_person(session, shopper_id)
    brought = {row.share_id: int(row.points) for row in session.execute(select(F.share_id, func.sum(F.points).label("points")).where(F.shopper_id.in_(ids)).group_by(F.share_id))}
    rows = session.scalars(select(S).where(S.shopper_id.in_(ids)).order_by(S.created_at.desc(), S.id.desc()))
    return [ShareView(row.product_id, PREFIX + token_of(row.code), brought.get(row.id, 0), row.created_at) for row in rows]


def shared_product(session: Session, token: str) -> str:
    """What the link leads to. Raises UnknownShare for what we have not signed, or what is gone."""
    return _row(session, token).product_id


def _row(session: Session, token: str) -> ShareRow:
    read = _TOKEN.fullmatch(token)
    if read is None or not hmac.compare_digest(_signature(read[1]), read[2]):
        raise UnknownShare
    row = session.execute(select(S).where(S.code == read[1])).scalar_one_or_none()
    if row is None:
        raise UnknownShare
    return row


def came(session: Session, shopper_id: str, token: str, *, at: datetime) -> str:
    """She comes by the link, and lets it count; returns the product. Her own link does not count. Raises UnknownShare."""
    gate.hold(session, (shopper_id,))
    row = _row(session, token)
    if row.shopper_id in people.same_person(session, shopper_id):
        return row.product_id
    _note_phones(session, shopper_id, at)
    if not insert_new(session, T, {"shopper_id": shopper_id, "share_id": row.id, "at": at}, unique=["shopper_id", "share_id"]):
        moved(session, update(T).where(T.shopper_id == shopper_id, T.share_id == row.id).values(at=at))
    return row.product_id


def _note_phones(session: Session, shopper_id: str, at: datetime) -> None:
    """By these it is seen that the one who shares and the one who comes hold the same phone; keyed hashes alone are kept."""
    for device_id in people.device_ids_of(session, shopper_id):
        offers.note_phone(session, shopper_id=shopper_id, device_id=device_id, at=at)


# --- her data ---------------------------------------------------------------------------------------------------------


def told(session: Session, shopper_id: str) -> dict[str, Any]:
    """Her links and what they brought, and the links she came by; not who else came or shared."""
    shares = [{"product_id": row.product_id, "path": PREFIX + token_of(row.code), "created_at": row.created_at} for row in session.scalars(select(S).where(S.shopper_id == shopper_id).order_by(S.created_at, S.id))]
    rewards = [{"points": row.points, "state": row.state, "why": row.why, "noted_at": row.noted_at} for row in session.scalars(select(F).where(F.shopper_id == shopper_id).order_by(F.noted_at, F.order_id))]
    came_by = [{"product_id": row.product_id, "at": row.at} for row in session.execute(select(S.product_id, T.at).join(S, S.id == T.share_id).where(T.shopper_id == shopper_id).order_by(T.at, S.product_id))]
    return {name: found for name, found in (("shares", shares), ("rewards", rewards), ("came_by", came_by)) if found}


def forget(session: Session, shopper_id: str) -> int:
    """Her links with all who came by them, what she came by, and what she was to get; of what she bought by another's link her name."""
    mine = select(S.id).where(S.shopper_id == shopper_id)
    gone = 0
    for statement in (
        delete(T).where(or_(T.shopper_id == shopper_id, T.share_id.in_(mine))), delete(S).where(S.shopper_id == shopper_id), delete(F).where(F.shopper_id == shopper_id),
        update(F).where(F.buyer_shopper_id == shopper_id).values(buyer_shopper_id=ERASED),
    ):  # fmt: skip
        gone += touched(session, statement)
    return gone
