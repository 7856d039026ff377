"""Pieces are here again, and something else goes out for them: taken back and ordered anew in one transaction, so that neither happens alone.

Owns that transaction. What she paid for the pieces becomes part of her balance and pays, in the same breath, for an order of its own that says which one it
replaces: at once where that is enough, else it waits for the rest as any unpaid order does, and if that never comes, what it held is hers. What is left over
goes back as every return does. Its coupons are not used again: what they gave goes over and stays booked where it was. Must not speak to the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from offers.contracts import QuoteLine
from storefront.balance import books as balance
from storefront.balance.accounts import part_of
from storefront.catalog.models import ProductRow
from storefront.contracts import ERASED, ExchangeView, OrderPlaced, OrderState
from storefront.delivery import booking
from storefront.orders import exchanges, moves, paper_due, request_ends, returning
from storefront.orders.models import OrderCouponRow, OrderLineRow, OrderRow, RefundRow
from storefront.orders.repository import coupons_of, fresh, locked
from storefront.orders.returning import EXCHANGE, RETURN, Claimed
from storefront.orders.states import ReturnState
from storefront.orders.worth import MULTIPLIER
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason
from storefront.settings import StorefrontSettings
from storefront.taxes import repository as taxes
from storefront.taxes.taxing import taxes_of

LINE = "1"


@dataclass(frozen=True, slots=True)
class Received:
    """What was brought, by whose word and under which name."""

    order_id: str
    pieces: Mapping[int, int]
    refund_id: str
    restock: bool
    asked_by: str
    to_credit: bool | None = None


def receive(session: Session, desk: CouponDesk, settings: StorefrontSettings, got: Received, *, at: datetime) -> None:
    """Pieces come back: exchanged where she asked for that and brought them (or some of them, and nothing else), unless staff say where their money goes; else
    as returning.ask_return has it. The same `refund_id` again changes nothing. Raises as that does; nothing is kept then."""
    order = locked(session, got.order_id)
    if order is None or not _exchanges(session, order, got, at):
        returning.ask_return(session, got.order_id, got.pieces, refund_id=got.refund_id, restock=got.restock, asked_by=got.asked_by, to_credit=got.to_credit, at=at)
        return
    found = returning.claim(session, got.order_id, got.pieces, at=at)
    [count] = got.pieces.values()
    request = request_ends.end(session, got.order_id, ReturnState.RECEIVED, at=at, taken=count)
    asked = request_ends.exchange_of(request) if request is not None else None
    if request is None or asked is None:
        raise LookupError("the request was open while its order was held, and is not")
    wanted = exchanges.reckoned(asked.product_id, asked.name, asked.unit_minor, count, price_minor=found.gross_minor, paid_minor=found.amount_minor)
    new_id = derived_id("ord", got.refund_id)
    went = _gone_over(found, wanted)
    used_minor = min(found.amount_minor, wanted.total_minor)
    rest_minor = found.amount_minor - used_minor
    shares = {coupon_id: minor - went.get(coupon_id, 0) for coupon_id, minor in found.shares.items()}
    both = {"asked_by": got.asked_by, "at": at, "exchange_id": new_id}
    returning.note(session, order.id, got.refund_id, EXCHANGE, used_minor, used_minor, pieces=got.pieces, shares=shares, restock=got.restock, **both)
    if rest_minor:
        credit_minor = returning.credit_of(session, order, rest_minor, to_credit=request.to_credit)
        returning.note(session, order.id, derived_id("rfd", got.refund_id, "rest"), RETURN, rest_minor, credit_minor, pieces={}, shares={}, restock=False, **both)
    _write(session, order, new_id, wanted, settings, at=at)
    [line_no] = got.pieces
    _carry(session, order, new_id, line_no, went)
    returning.finish(session, desk, got.refund_id, at=at)
    paper_due.credit_note_due(session, order.id, got.refund_id, found.amount_minor, {str(n): c for n, c in got.pieces.items()}, at=at)
    _pay(session, desk, order, new_id, wanted, used_minor, settings, at=at)
    if not rest_minor and returning.all_returned(session, order.id):
        moves.refunded(session, desk, order.id, order.refunded_minor, StorefrontReason.REFUNDED_BY_STAFF, at=at)


def _exchanges(session: Session, order: OrderRow, got: Received, at: datetime) -> bool:
    """Whether what was brought is what she asked to exchange."""
    row = request_ends.open_of(session, order.id)
    asked = request_ends.exchange_of(row) if row is not None else None
    if row is None or asked is None or got.to_credit is not None or order.shopper_id == ERASED or row.expires_at <= at:
        return False
    return session.get(RefundRow, got.refund_id) is None and len(got.pieces) == 1 and all(0 < count <= row.pieces.get(str(n), 0) for n, count in got.pieces.items())


def _gone_over(found: Claimed, wanted: ExchangeView) -> dict[str, int]:
    """Coupon -> what of its part goes over to the other piece."""
    off_minor = found.gross_minor - found.amount_minor
    return {coupon_id: minor * wanted.discount_minor // off_minor for coupon_id, minor in found.shares.items() if minor} if off_minor else {}


def _write(session: Session, first: OrderRow, new_id: str, wanted: ExchangeView, settings: StorefrontSettings, *, at: datetime) -> None:
    """The order, at the first one's rate of points and got in the same way. Its goods are held already."""
    until, gross_minor = at + timedelta(days=settings.exchange_pay_days), wanted.unit_minor * wanted.quantity
    row = {
        "id": new_id, "shopper_id": first.shopper_id, "state": OrderState.PENDING, "currency": first.currency, "subtotal_minor": gross_minor,
        "discount_minor": wanted.discount_minor, "total_minor": wanted.total_minor, "coupon_id": None, "place_id": first.place_id, "confirmations": 0,
        "refund_state": "none", "refunded_minor": 0, "restock": True, "placed_at": at, "expires_at": until, "next_look_at": until, "returned_minor": 0,
        "points_rate": first.points_rate, "points_bp": first.points_bp, "balance_minor": 0, "credited_minor": 0, "exchange_of": first.id,
    }  # fmt: skip
    insert_new(session, OrderRow, row, unique=["id"])
    session.add(
        OrderLineRow(
            order_id=new_id, line_no=1, product_id=wanted.product_id, name=wanted.name, unit_minor=wanted.unit_minor, quantity=wanted.quantity,
            discount_minor=wanted.discount_minor, total_minor=wanted.total_minor,
        )
    )  # fmt: skip
    session.flush()
    category = session.scalar(select(ProductRow.category).where(ProductRow.id == wanted.product_id)) or ""
    line = QuoteLine(LINE, wanted.product_id, category, wanted.quantity, wanted.unit_minor)
    taxes.write(session, new_id, taxes_of(session, (line,), {LINE: wanted.discount_minor}, settings.merchant, at=at), {LINE: 1})
    booking.again(session, first.id, new_id, first.shopper_id, at)
    emit(session, OrderPlaced(new_id, first.shopper_id, wanted.total_minor, first.currency, None, at), subject=first.shopper_id)


def _carry(session: Session, first: OrderRow, new_id: str, line_no: int, went: Mapping[str, int]) -> None:
    """What her coupons gave on that line: what of it goes over, and what they multiply its points by. A cashback is not promised again."""
    for coupon in coupons_of(session, first.id):
        points = [one | {"lines": [1]} for one in coupon.entitlements if one["kind"] == MULTIPLIER and line_no in one["lines"]]
        off_minor = went.get(coupon.coupon_id, 0)
        if off_minor or points:
            session.add(
                OrderCouponRow(
                    order_id=new_id, coupon_id=coupon.coupon_id, position=coupon.position, title=coupon.title, discount_minor=off_minor,
                    shares={LINE: off_minor} if off_minor else {}, entitlements=points,
                )
            )  # fmt: skip
    session.flush()


def _pay(session: Session, desk: CouponDesk, first: OrderRow, new_id: str, wanted: ExchangeView, used_minor: int, settings: StorefrontSettings, *, at: datetime) -> None:
    """With what she paid for the pieces, which her balance has had a moment ago; never leaving less for a card than a provider takes."""
    part_minor = part_of(wanted.total_minor, used_minor, least_charge_minor=settings.least_charge_minor)
    if part_minor and not balance.hold(session, new_id, first.shopper_id, part_minor, first.currency, at=at):
        raise LookupError("what was given back a moment ago is not there")
    row = fresh(session, new_id)
    if row is None:
        raise LookupError(f"order {new_id} was written but is not there")
    row.balance_minor = part_minor
    session.flush()
    if part_minor == wanted.total_minor:
        moves.pay(session, desk, new_id, at=at)
