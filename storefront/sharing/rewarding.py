"""An order is owed to the link its buyer came by last; once it can no longer come back, whoever shared gets points for it, if it was the buyer's first.

Owns both steps. What decides is rules.py, with what is known by then: a card or a phone that the two came to share meanwhile counts. Points go through the books of points and are
booked once, whoever looks how often.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.privacy import gate
from app.security import people
from offers import facade as offers
from storefront.contracts import ERASED, OrderState
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.orders.repository import locked
from storefront.payments.shop import Shop
from storefront.points import ledger
from storefront.reasons import StorefrontReason as Reason
from storefront.settings import StorefrontSettings
from storefront.share_contracts import ReferralRewarded
from storefront.sharing.models import ReferralRow, ShareRow, ShareTouchRow
from storefront.sharing.rules import Facts, Touch, deserved, last_touch

WAITING, REWARDED, REFUSED = "waiting", "rewarded", "refused"
AFTER_RETURNS = timedelta(days=1)
A_YEAR = timedelta(days=365)
AT_ONCE = 100
F, S, T = ReferralRow, ShareRow, ShareTouchRow


def paid(session: Session, order_id: str, settings: StorefrontSettings, *, at: datetime) -> bool:
    """Note to which link a paid order is owed; False: to none, or it is noted."""
    order = session.execute(select(OrderRow).where(OrderRow.id == order_id).execution_options(populate_existing=True)).scalar_one_or_none()
    if order is None or order.shopper_id == ERASED or order.paid_at is None or order.exchange_of is not None:
        return False
    gate.hold(session, (order.shopper_id,))
    ids = people.same_person(session, order.shopper_id)
    touches = [Touch(*row) for row in session.execute(select(T.share_id, T.at).where(T.shopper_id.in_(ids)))]
    touch = last_touch(touches, ordered_at=order.placed_at, within_days=settings.share_days)
    shared_by = session.scalar(select(S.shopper_id).where(S.id == touch.share_id)) if touch is not None else None
    if touch is None or shared_by is None:
        return False
    row = {
        "order_id": order.id, "share_id": touch.share_id, "shopper_id": shared_by, "buyer_shopper_id": order.shopper_id, "state": WAITING, "points": 0,
        "noted_at": at, "due_at": _returns_end(order.paid_at, settings),
    }  # fmt: skip
    return insert_new(session, F, row, unique=["order_id"])


def _returns_end(paid_at: datetime, settings: StorefrontSettings) -> datetime:
    """From then on it can no longer come back."""
    return paid_at + timedelta(days=settings.return_days + settings.return_within_days) + AFTER_RETURNS


def _exchange_ends(session: Session, order_id: str, settings: StorefrontSettings) -> datetime | None:
    """The same of what was got in exchange for some of it; None: nothing was."""
    last = session.scalar(select(func.max(OrderRow.paid_at)).where(OrderRow.exchange_of == order_id))
    return _returns_end(last, settings) if last is not None else None


def settle_due(shop: Shop) -> int:
    """Decide about what is due; returns how many. Each in a transaction of its own."""
    at = shop.now()
    with shop.database.reading() as session:
        due = session.scalars(select(F.order_id).where(F.state == WAITING, F.due_at <= at).order_by(F.due_at, F.order_id).limit(AT_ONCE)).all()
    done = 0
    for order_id in due:
        with shop.database.transaction() as session:
            done += _settle(session, order_id, shop.settings, at)
    return done


def _settle(session: Session, order_id: str, settings: StorefrontSettings, at: datetime) -> bool:
    row = session.execute(select(F).where(F.order_id == order_id, F.state == WAITING)).scalar_one_or_none()
    if row is None:
        return False
    gate.hold(session, sorted({row.shopper_id, row.buyer_shopper_id}))
    if (later := _exchange_ends(session, order_id, settings)) is not None and later > at:
        moved(session, update(F).where(F.order_id == order_id, F.state == WAITING).values(due_at=later))
        return False
    session.execute(select(S.id).where(S.shopper_id == row.shopper_id).order_by(S.id).with_for_update())  # of two orders due at once the second sees the first's reward
    facts = _facts(session, row, at)
    verdict = deserved(facts, most_a_year=settings.referrals_most_a_year)
    off = not settings.referral_points
    why = Reason.REFERRAL_NO_REWARD if off else Reason(verdict.reason) if isinstance(verdict, Fail) else None
    points = settings.referral_points if why is None else 0
    state = REWARDED if why is None else REFUSED
    if not moved(session, update(F).where(F.order_id == order_id, F.state == WAITING).values(state=state, why=why, points=points, decided_at=at)):
        return False
    if points:
        owner = people.ids_and_owner(session, row.shopper_id)[1]
        ledger.settle(session, shopper_id=owner, cause=derived_id("rfl", order_id), worth=points, why="referred", at=at)
        emit(session, ReferralRewarded(owner, row.share_id, points, at), subject=owner)
    return True


def _facts(session: Session, row: ReferralRow, at: datetime) -> Facts:
    order = locked(session, row.order_id)
    hers = or_(OrderRow.id == row.order_id, OrderRow.exchange_of == row.order_id), OrderRow.state == OrderState.PAID, OrderRow.refund_state == "none"
    kept = select(OrderLineRow.line_no).join(OrderRow, OrderRow.id == OrderLineRow.order_id).where(*hers, OrderLineRow.product_id != "", OrderLineRow.returned < OrderLineRow.quantity)
    gone = row.buyer_shopper_id == ERASED or order is None
    buyer = () if gone else people.same_person(session, people.ids_and_owner(session, row.buyer_shopper_id)[1])
    sharer = people.same_person(session, people.ids_and_owner(session, row.shopper_id)[1])
    before = select(OrderRow.id).where(OrderRow.shopper_id.in_(buyer), OrderRow.id != row.order_id, OrderRow.paid_at.is_not(None), OrderRow.paid_at <= (order.paid_at if order is not None else at))
    had = select(func.count()).where(F.shopper_id.in_(sharer), F.state == REWARDED, F.decided_at > at - A_YEAR)
    return Facts(
        first_order=not gone and session.scalar(before.limit(1)) is None,
        stands=order is not None and session.scalar(kept.limit(1)) is not None,
        same_by=() if gone else offers.same_person_by(session, row.shopper_id, row.buyer_shopper_id),
        rewarded=session.scalar(had) or 0,
    )
