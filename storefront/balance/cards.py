"""Gift cards: issued when they are paid for or by staff, and loaded onto a balance, each exactly once.

Owns their moves. A code has 75 random bits and a check character, as a coupon's (offers.facade); it is found by its keyed hash and kept sealed
only to be shown to whoever bought it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id, new_id
from app.security import people
from app.security.sealing import keyed_hash, open_sealed, seal
from offers import facade as offers
from storefront.balance import books
from storefront.balance.accounts import Account
from storefront.balance.models import GiftCardRow
from storefront.contracts import GiftCardView
from storefront.errors import GiftCardNotUsable, UnknownGiftCard

PURPOSE = "gift_card"
ISSUED, LOADED, VOID, EXPIRED = "issued", "loaded", "void", "expired"
VALID_DAYS = 3 * 365


def issue(session: Session, amount_minor: int, currency: str, *, by: str, at: datetime, valid_days: int = VALID_DAYS) -> GiftCardView:
    """A card that staff give away or sell outside; the code is shown to whoever asked."""
    return _issue(session, new_id("gft"), amount_minor, currency, Account.GIVEN, valid_days=valid_days, at=at, issued_by=by)


def issue_bought(session: Session, order_id: str, line_no: int, pieces: int, amount_minor: int, currency: str, *, at: datetime) -> None:
    """A card for each piece of an order's line that is paid, worth what one piece costs; asked again, nothing more is issued."""
    for piece in range(1, pieces + 1):
        card_id = derived_id("gft", order_id, line_no, piece)
        if amount_minor and session.get(GiftCardRow, card_id) is None:
            _issue(session, card_id, amount_minor, currency, Account.SOLD, valid_days=VALID_DAYS, at=at, order_id=order_id, line_no=line_no, piece=piece)


def _issue(
    session: Session, card_id: str, amount_minor: int, currency: str, source: Account, *, valid_days: int, at: datetime, issued_by: str | None = None,
    order_id: str | None = None, line_no: int | None = None, piece: int | None = None,
) -> GiftCardView:  # fmt: skip
    code = offers.new_code(secrets.randbits)
    row = {
        "id": card_id, "code_hash": keyed_hash(PURPOSE, code), "sealed_code": seal(PURPOSE, code.encode(), card_id.encode()), "currency": currency,
        "amount_minor": amount_minor, "state": ISSUED, "order_id": order_id, "line_no": line_no, "piece": piece, "issued_by": issued_by, "issued_at": at,
        "expires_at": at + timedelta(days=valid_days),
    }  # fmt: skip
    if insert_new(session, GiftCardRow, row, unique=["id"]):
        books.enter(session, source, Account.CARD, amount_minor, currency, order_id=order_id, card_id=card_id, at=at)
    return _view(session.get_one(GiftCardRow, card_id))


def _view(row: GiftCardRow) -> GiftCardView:
    code = offers.shown_code(open_sealed(PURPOSE, row.sealed_code, row.id.encode()).decode())
    return GiftCardView(row.id, code, row.amount_minor, row.currency, row.state, row.expires_at, row.line_no)


def of_order(session: Session, order_id: str) -> Sequence[GiftCardView]:
    """The cards that were bought with an order, with their codes: for whoever bought them alone."""
    g = GiftCardRow
    return [_view(row) for row in session.scalars(select(g).where(g.order_id == order_id).order_by(g.line_no, g.piece))]


def load(session: Session, typed: str, shopper_id: str, *, at: datetime) -> GiftCardView:
    """Onto her balance, once, whoever else has the code. Raises UnknownGiftCard (also for what cannot be a code), GiftCardNotUsable."""
    shopper_id = people.now_of(session, shopper_id)
    g, code = GiftCardRow, offers.normalised_code(typed)
    row = session.execute(select(g).where(g.code_hash == keyed_hash(PURPOSE, code))).scalar_one_or_none() if code else None
    if row is None:
        raise UnknownGiftCard
    good = update(g).where(g.id == row.id, g.state == ISSUED, g.expires_at > at)
    if not moved(session, good.values(state=LOADED, loaded_by=shopper_id, loaded_at=at)):
        raise GiftCardNotUsable(extra={"state": EXPIRED if row.state == ISSUED else row.state})
    books.add(session, Account.CARD, shopper_id, row.amount_minor, row.currency, card_id=row.id, at=at)
    return _view(session.get_one(g, row.id, populate_existing=True))


def void(session: Session, order_id: str, *, line_no: int | None = None, most: int | None = None, at: datetime) -> int:
    """Cards of an order (or of one line) that nobody has loaded are worth nothing any more; returns how many."""
    g = GiftCardRow
    mine = _OPEN.where(g.order_id == order_id).order_by(g.line_no, g.piece)
    rows = session.execute(mine.where(g.line_no == line_no) if line_no is not None else mine).all()
    return _end(session, rows[:most], VOID, Account.SOLD, at)


def expire(session: Session, at: datetime, limit: int = 200) -> int:
    """Cards whose time is over; returns how many."""
    due = _OPEN.where(GiftCardRow.expires_at <= at).order_by(GiftCardRow.expires_at).limit(limit)
    return _end(session, session.execute(due).all(), EXPIRED, Account.EXPIRED, at)


_OPEN = select(GiftCardRow.id, GiftCardRow.amount_minor, GiftCardRow.currency, GiftCardRow.order_id).where(GiftCardRow.state == ISSUED)


def _end(session: Session, rows: Sequence[Row[str, int, str, str | None]], state: str, target: Account, at: datetime) -> int:
    """Of these of `_OPEN`: what is on each goes to `target`, once; returns how many nobody had ended before."""
    g, ended = GiftCardRow, 0
    for card_id, amount_minor, currency, order_id in rows:
        if moved(session, update(g).where(g.id == card_id, g.state == ISSUED).values(state=state)):
            books.enter(session, Account.CARD, target, amount_minor, currency, order_id=order_id, card_id=card_id, at=at)
            ended += 1
    return ended
