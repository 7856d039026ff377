"""Part of an order's money goes back: for pieces that are returned, or as cashback that was earned.

Owns the rows that say so (asked, then done or dropped) and what moves along with them: pieces, the coupons' shares in their
campaigns' budgets, points. Rows first: the provider is asked by payments/collecting.py, with no transaction open, under the
row's id as key. Everything begins with the order's row, which is the lock. Exact to the cent for any way of splitting a return,
because each row is the difference of two sums from the start (offers.facade.refund_minor).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.ids import derived_id
from offers.facade import refund_minor
from storefront.balance import books as balance
from storefront.balance import cards
from storefront.bookings import booking as bookings
from storefront.bookings.repository import booked_lines
from storefront.catalog.repository import put_back
from storefront.contracts import DELIVERY, OrderState
from storefront.disputes import repository as disputes
from storefront.errors import OrderDisputed, OrderNotRefundable, RefundUnderWay, TooManyReturned, UnknownOrder
from storefront.orders import paper_due, purchases, request_ends
from storefront.orders.models import OrderCouponRow, OrderLineRow, OrderRow, RefundRow
from storefront.orders.repository import coupons_of, locked, refunds_of, stands
from storefront.orders.states import ReturnState
from storefront.orders.worth import settle_worth
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason
from storefront.taxes.repository import voucher_lines

RETURN, CASHBACK, EXCHANGE = "return", "cashback", "exchange"
DUE, DONE, DROPPED = "due", "done", "dropped"


def ask_return(
    session: Session, order_id: str, pieces: Mapping[int, int], *, refund_id: str, restock: bool, asked_by: str, at: datetime, to_credit: bool | None = None
) -> None:
    """So many pieces (line number -> how many) come back, and what was paid for them is due: to the card first and what it did not pay to her balance, or
    all `to_credit`; None: as she asked for (return_requests.py), whose request ends with this. The same `refund_id` again changes
    nothing. Raises UnknownOrder, OrderNotRefundable, RefundUnderWay, TooManyReturned; nothing is kept then."""
    _locked(session, order_id)
    if session.get(RefundRow, refund_id) is not None:
        return
    found = claim(session, order_id, pieces, at=at)
    request = request_ends.end(session, order_id, ReturnState.RECEIVED, at=at)
    if to_credit is None:
        to_credit = request is not None and request.to_credit
    credit_minor = _credit_minor(found.order, found.known, found.amount_minor, to_credit=to_credit)
    asked = {"pieces": pieces, "shares": found.shares, "restock": restock, "asked_by": asked_by}
    note(session, order_id, refund_id, RETURN, found.amount_minor, credit_minor, **asked, at=at)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Pieces that are coming back: `gross_minor` is their price, `amount_minor` what she paid for them and has not back, `shares` of which coupon the difference is."""

    order: OrderRow
    known: Sequence[RefundRow]
    gross_minor: int
    amount_minor: int
    shares: Mapping[str, int]


def claim(session: Session, order_id: str, pieces: Mapping[int, int], *, at: datetime) -> Claimed:
    """Takes them off the order, which is locked; what becomes of their money is the caller's to note in the same transaction. Raises as `ask_return`."""
    order = _locked(session, order_id)
    if not stands(order):
        raise OrderNotRefundable(extra={"state": order.state})
    if disputes.stands(session, order_id):
        raise OrderDisputed
    known = _settled_refunds(session, order_id)
    paid_back = {row.coupon_id: row.amount_minor for row in known if row.kind == CASHBACK and row.state == DONE}
    gross_minor, goods_minor, shares = _claim_pieces(session, order_id, pieces, coupons_of(session, order_id))
    before, after = order.returned_minor, order.returned_minor + goods_minor
    amount_minor = goods_minor - _kept_minor(order, known, goods_minor)
    claimed = update(OrderRow).where(OrderRow.id == order_id, OrderRow.returned_minor + goods_minor <= OrderRow.total_minor)
    if not moved(session, claimed.values(returned_minor=OrderRow.returned_minor + goods_minor, next_look_at=at)):
        raise TooManyReturned
    if order.total_minor:
        for coupon_id, paid_minor in paid_back.items():
            shares[str(coupon_id)] += _between(paid_minor, before, after, order.total_minor)
    bookings.release(session, order_id, pieces, at)
    _void_cards(session, order_id, pieces, at=at)
    return Claimed(order, known, gross_minor, amount_minor, shares)


def note(
    session: Session, order_id: str, refund_id: str, kind: str, amount_minor: int, credit_minor: int, *, pieces: Mapping[int, int], shares: Mapping[str, int],
    restock: bool, asked_by: str, at: datetime, exchange_id: str | None = None,
) -> None:  # fmt: skip
    """So much is due."""
    session.add(
        RefundRow(
            id=refund_id, order_id=order_id, kind=kind, state=DUE, amount_minor=amount_minor, coupon_id=None, credit_minor=credit_minor,
            pieces={str(n): count for n, count in pieces.items()}, shares=dict(shares), restock=restock, asked_by=asked_by, asked_at=at, exchange_id=exchange_id,
        )
    )  # fmt: skip
    session.flush()


def credit_of(session: Session, order: OrderRow, amount_minor: int, *, to_credit: bool) -> int:
    """What of such a sum would go to her balance, and not to where she paid from."""
    return _credit_minor(order, refunds_of(session, order.id), amount_minor, to_credit=to_credit)


def worth_of(session: Session, order: OrderRow, pieces: Mapping[int, int], *, to_credit: bool) -> tuple[int, int]:
    """(what would be due for these pieces now, what of it would go to her balance), with nothing claimed. Raises RefundUnderWay."""
    known, goods_minor = _settled_refunds(session, order.id), 0
    line = OrderLineRow
    for row in session.scalars(select(line).where(line.order_id == order.id, line.line_no.in_(pieces))):
        whole = row.unit_minor * row.quantity
        goods_minor += refund_minor(whole, row.discount_minor, row.quantity, returned_before=row.returned, returned_now=pieces[row.line_no])
    amount_minor = goods_minor - _kept_minor(order, known, goods_minor)
    return amount_minor, _credit_minor(order, known, amount_minor, to_credit=to_credit)


def _settled_refunds(session: Session, order_id: str) -> list[RefundRow]:
    known = refunds_of(session, order_id)
    if any(row.kind == CASHBACK and row.state == DUE for row in known):
        raise RefundUnderWay
    return known


def _kept_minor(order: OrderRow, known: Sequence[RefundRow], goods_minor: int) -> int:
    """What of the goods' money she has already, as cashback."""
    paid_back_minor = sum(row.amount_minor for row in known if row.kind == CASHBACK and row.state == DONE)
    if not order.total_minor:
        return 0
    return _between(paid_back_minor, order.returned_minor, order.returned_minor + goods_minor, order.total_minor)


def _credit_minor(order: OrderRow, known: Sequence[RefundRow], amount_minor: int, *, to_credit: bool) -> int:
    return amount_minor if to_credit else max(0, amount_minor - _card_left_minor(order, known))


def _card_left_minor(order: OrderRow, known: Sequence[RefundRow]) -> int:
    """What the provider has taken for this order and neither given back nor been asked to."""
    asked_minor = sum(row.amount_minor - row.credit_minor for row in known if row.state != DROPPED)
    return order.total_minor - order.balance_minor - max(asked_minor, order.refunded_minor)


def _void_cards(session: Session, order_id: str, pieces: Mapping[int, int], *, at: datetime) -> None:
    """A gift card comes back only while nobody has used it."""
    for line_no in voucher_lines(session, order_id) & set(pieces):
        unused = cards.void(session, order_id, line_no=line_no, most=pieces[line_no], at=at)
        if unused < pieces[line_no]:
            raise TooManyReturned(f"line {line_no}: {unused} gift cards are unused, not {pieces[line_no]}", extra={"line_no": line_no, "left": unused})


def credit(session: Session, order: OrderRow, amount_minor: int, *, at: datetime) -> None:
    """So much of the order's money goes to her balance."""
    if amount_minor > 0:
        session.execute(update(OrderRow).where(OrderRow.id == order.id).values(credited_minor=OrderRow.credited_minor + amount_minor))
        balance.give_back(session, order.id, order.shopper_id, amount_minor, order.currency, at=at)


def _between(amount_minor: int, before: int, after: int, whole: int) -> int:
    """The share of an amount that falls on the money from `before` to `after`."""
    return refund_minor(amount_minor, 0, whole, returned_before=before, returned_now=after - before)


def _claim_pieces(
    session: Session, order_id: str, pieces: Mapping[int, int], coupons: Sequence[OrderCouponRow]
) -> tuple[int, int, Counter[str]]:
    """(their price, what was paid for them, coupon id -> its part of the discount on them); each line by one conditional UPDATE."""
    gross_minor, goods_minor, shares = 0, 0, Counter[str]()
    for line_no, count in sorted(pieces.items()):
        line = OrderLineRow
        out = update(line).where(line.order_id == order_id, line.line_no == line_no, line.returned + count <= line.quantity)
        taken = count > 0 and moved(session, out.values(returned=line.returned + count))
        row = session.execute(
            select(line).where(line.order_id == order_id, line.line_no == line_no).execution_options(populate_existing=True)
        ).scalar_one_or_none()
        if not taken or row is None:
            left = row.quantity - row.returned if row is not None else 0
            raise TooManyReturned(f"line {line_no}: {left} left to return, not {count}", extra={"line_no": line_no, "left": left})
        before = row.returned - count
        gross_minor += row.unit_minor * count
        goods_minor += refund_minor(
            row.unit_minor * row.quantity, row.discount_minor, row.quantity, returned_before=before, returned_now=count
        )
        for coupon in coupons:
            off = coupon.shares.get(str(line_no), 0)
            shares[coupon.coupon_id] += refund_minor(off, 0, row.quantity, returned_before=before, returned_now=count)
    return gross_minor, goods_minor, shares


def promise_cashback(session: Session, desk: CouponDesk, order: OrderRow, *, at: datetime) -> None:
    """The order is paid: what its coupons pay back is due, as far as money came. Whether it was paid in the right way is asked
    of the provider when it is sent. Of an order paid in cash it goes to her balance."""
    left_minor, due = order.total_minor - order.balance_minor, False
    for coupon in coupons_of(session, order.id):
        promised_minor = cashback_of(coupon)
        amount_minor = min(promised_minor, left_minor)
        left_minor -= amount_minor
        if amount_minor:
            session.add(
                RefundRow(
                    id=derived_id("cbk", order.id, coupon.coupon_id), order_id=order.id, kind=CASHBACK, state=DUE, amount_minor=amount_minor,
                    coupon_id=coupon.coupon_id, pieces={}, shares={}, restock=False, asked_at=at,
                    credit_minor=amount_minor if order.payment_id is None else 0,
                )
            )  # fmt: skip
            due = True
        if promised_minor > amount_minor:
            _not_earned(session, desk, order.id, coupon.coupon_id, promised_minor - amount_minor, at)
    session.flush()
    if due:
        moved(session, update(OrderRow).where(OrderRow.id == order.id).values(next_look_at=at))


def cashback_of(coupon: OrderCouponRow) -> int:
    """What the coupon promised to pay back."""
    return sum(one["amount_minor"] for one in coupon.entitlements if one["kind"] == CASHBACK)


def methods_of(coupon: OrderCouponRow) -> frozenset[str]:
    """Ways of paying that earn it."""
    return frozenset(name for one in coupon.entitlements if one["kind"] == CASHBACK for name in one["payment_methods"])


def finish(session: Session, desk: CouponDesk, refund_id: str, *, at: datetime) -> bool:
    """The money is back with the shopper: the pieces go back on the shelf, their shares to the campaigns, their points off.
    True for the one who did it. While the whole order's money is on its way back it waits and ends with that: its part would be given twice."""
    row, order = _row_and_order(session, refund_id)
    if not stands(order) or not _finish(session, desk, row, order, at):
        return False
    credit(session, order, row.credit_minor, at=at)
    return True


def _finish(session: Session, desk: CouponDesk, row: RefundRow, order: OrderRow, at: datetime) -> bool:
    """All of it but the money."""
    if not _close(session, row.id, DONE, None, at):
        return False
    if row.restock:
        put_back(session, _units(session, row))
    for coupon_id, amount_minor in sorted(row.shares.items()):
        if amount_minor:
            desk.return_part(
                session, order_id=order.exchange_of or order.id, coupon_id=coupon_id, amount_minor=amount_minor, at=at, cause=row.id, why=PIECES_RETURNED
            )
    settle_worth(session, order, PIECES_RETURNED, at=at)
    if row.exchange_id is None:  # of an exchange there is one for the pieces, whatever of their money goes where
        paper_due.credit_note_due(session, order.id, row.id, row.amount_minor, row.pieces, at=at)
    purchases.tell(session, desk, order)
    _rest(session, order.id)
    return True


def drop(session: Session, desk: CouponDesk, refund_id: str, why: StorefrontReason, *, at: datetime) -> bool:
    """A cashback that is not paid: its cost goes back to the campaign. True for the one who did it."""
    row, order = _row_and_order(session, refund_id)
    if not _close(session, refund_id, DROPPED, why.value, at):
        return False
    if row.coupon_id is not None:
        _not_earned(session, desk, order.id, row.coupon_id, row.amount_minor, at)
    _rest(session, order.id)
    return True


def close_with_order(session: Session, desk: CouponDesk, order: OrderRow, *, at: datetime) -> None:
    """All of the order's money is back: what was due is done with, and the pieces that are still out come back too. What of it is hers to spend the caller
    knows, who has the whole sum."""
    for row in refunds_of(session, order.id):
        if row.state == DUE and row.kind == RETURN:
            _finish(session, desk, row, order, at)
        elif row.state == DUE:
            drop(session, desk, row.id, StorefrontReason.ORDER_REFUNDED, at=at)
    line = OrderLineRow
    left = session.execute(select(line.line_no, line.product_id, line.quantity - line.returned).where(line.order_id == order.id, line.product_id != DELIVERY))
    units, timed = Counter[str](), booked_lines(session, order.id)
    for line_no, product_id, count in left:
        if line_no not in timed:
            units[product_id] += count
    if order.restock:
        put_back(session, {product_id: count for product_id, count in units.items() if count})
    session.execute(update(line).where(line.order_id == order.id).values(returned=line.quantity))
    session.execute(update(OrderRow).where(OrderRow.id == order.id).values(returned_minor=OrderRow.total_minor))


def all_returned(session: Session, order_id: str) -> bool:
    """No piece of the order is out any more."""
    line = OrderLineRow
    out = select(line.line_no).where(line.order_id == order_id, line.returned < line.quantity).limit(1)
    return session.scalar(out) is None


PIECES_RETURNED = "pieces_returned"
CASHBACK_NOT_EARNED = "cashback_not_earned"
"""As `offers` names them in its ledger."""


def _not_earned(session: Session, desk: CouponDesk, order_id: str, coupon_id: str, amount_minor: int, at: datetime) -> None:
    cause = derived_id("cbk", order_id, coupon_id)
    desk.return_part(
        session, order_id=order_id, coupon_id=coupon_id, amount_minor=amount_minor, at=at, cause=cause, why=CASHBACK_NOT_EARNED
    )


def _close(session: Session, refund_id: str, state: str, why: str | None, at: datetime) -> bool:
    row = update(RefundRow).where(RefundRow.id == refund_id, RefundRow.state == DUE)
    return moved(session, row.values(state=state, why=why, closed_at=at))


def _rest(session: Session, order_id: str) -> None:
    """With nothing due any more nobody need look."""
    if not any(row.state == DUE for row in refunds_of(session, order_id)):
        settled = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PAID, OrderRow.refund_state == "none")
        moved(session, settled.values(next_look_at=None))


def _units(session: Session, row: RefundRow) -> Counter[str]:
    units, timed = Counter[str](), booked_lines(session, row.order_id)
    products = dict(session.execute(select(OrderLineRow.line_no, OrderLineRow.product_id).where(OrderLineRow.order_id == row.order_id)).all())
    for line_no, count in row.pieces.items():
        if products[int(line_no)] != DELIVERY and int(line_no) not in timed:
            units[products[int(line_no)]] += count
    return units


def _locked(session: Session, order_id: str) -> OrderRow:
    order = locked(session, order_id)
    if order is None:
        raise UnknownOrder
    return order


def _row_and_order(session: Session, refund_id: str) -> tuple[RefundRow, OrderRow]:
    row = session.get_one(RefundRow, refund_id)
    return row, _locked(session, row.order_id)
