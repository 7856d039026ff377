"""A shopper asks to give pieces back: what may come back, what she would get, her request, and its end.

Owns those requests. The money moves only when the pieces are received (returning.ask_return, which ends the request in the same transaction); until then
a request can be withdrawn, and holds nothing but what she wants in exchange (exchanges.py). One is open for an order at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.kernel.verdict import Fail, Verdict
from storefront.bookings.repository import booked_lines
from storefront.catalog.models import ProductRow
from storefront.contracts import DELIVERY, ExchangeView, ReturnRequestView
from storefront.errors import OrderNotRefundable, QuoteChanged
from storefront.orders import request_ends, return_policy, returning
from storefront.orders.models import OrderLineRow, OrderRow, ReturnRequestRow
from storefront.orders.repository import exchange_stands, stands
from storefront.orders.return_policy import Cause, Policy
from storefront.orders.states import ReturnState
from storefront.reasons import sentence
from storefront.return_errors import NotReturnable, ReturnAlreadyAsked, UnknownReturn
from storefront.taxes.repository import voucher_lines


@dataclass(frozen=True, slots=True)
class ReturnableLine:
    """`left` pieces are out. `why_not`: a code, where none may come back for any reason; `only_faulty`: not because she changed her mind."""

    line_no: int
    name: str
    left: int
    why_not: str | None
    why_not_text: str | None
    only_faulty: bool


@dataclass(frozen=True, slots=True)
class Returnable:
    """What of an order may come back, and until when to ask; `request`: what she has asked for already."""

    until: datetime
    days: int
    lines: tuple[ReturnableLine, ...]
    request: ReturnRequestView | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What she would get: `card_minor` to where it was paid from, `credit_minor` to her balance. `pieces`: with the delivery, when all goods come back.
    `exchange`: what she gets instead of the rest."""

    amount_minor: int
    card_minor: int
    credit_minor: int
    pieces: Mapping[int, int]
    exchange: ExchangeView | None = None


def returnable(session: Session, order: OrderRow, policy: Policy, *, at: datetime) -> Returnable:
    """Raises OrderNotRefundable for one that is not paid, or whose money is all on its way back."""
    lines: list[ReturnableLine] = []
    for one in _lines(session, order, policy, at):
        never, minded = one.may(None), one.may(Cause.CHANGED_MIND)
        code = never.reason if isinstance(never, Fail) else None
        lines.append(ReturnableLine(one.row.line_no, one.row.name, one.left, code, sentence(code), code is None and isinstance(minded, Fail)))
    return Returnable(return_policy.until(_paid_at(order), policy), policy.days, tuple(lines), request_of(session, order.id, at=at))


def _paid_at(order: OrderRow) -> datetime:
    if not stands(order) or order.paid_at is None:
        raise OrderNotRefundable(extra={"state": order.state})
    return order.paid_at


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order with what the policy asks of it."""

    row: OrderLineRow
    left: int
    may: Callable[[Cause | None], Verdict]


def _lines(session: Session, order: OrderRow, policy: Policy, at: datetime) -> list[Line]:
    paid_at = _paid_at(order)
    line, vouchers, timed, out = OrderLineRow, voucher_lines(session, order.id), booked_lines(session, order.id), list[Line]()
    rows = session.execute(select(line, ProductRow.category, ProductRow.kind).outerjoin(ProductRow, ProductRow.id == line.product_id).where(line.order_id == order.id).order_by(line.line_no))
    for row, category, kind in rows:
        left = row.quantity - row.returned
        may = partial(
            return_policy.may_return, category or "", digital=kind == "digital" or row.line_no in timed, voucher=row.line_no in vouchers, delivery=row.product_id == DELIVERY, left=left,
            paid_at=paid_at, policy=policy, at=at,
        )  # fmt: skip
        out.append(Line(row, left, may))
    return out


def allowed(session: Session, order: OrderRow, pieces: Mapping[int, int], reason: Cause, policy: Policy, *, at: datetime) -> list[Line]:
    """All lines of the order, once it is sure that so many pieces of these may come back for that. Raises NotReturnable, OrderNotRefundable."""
    lines = _lines(session, order, policy, at)
    known = {one.row.line_no: one for one in lines}
    for line_no, count in pieces.items():
        one = known.get(line_no)
        if one is None or not 1 <= count <= one.left:
            raise NotReturnable(f"line {line_no}: not so many pieces are out")
        verdict = one.may(reason)
        if isinstance(verdict, Fail):
            raise NotReturnable(f"{one.row.name}: {sentence(verdict.reason)}", extra={"line_no": line_no, "reason": verdict.reason})
    if not pieces:
        raise NotReturnable("say of at least one line how many pieces come back")
    return lines


def worth(session: Session, order: OrderRow, pieces: Mapping[int, int], reason: Cause, policy: Policy, *, to_credit: bool, at: datetime) -> Worth:
    """What these pieces would bring, exactly. When all goods come back, and none were exchanged, the delivery is given back too. Raises NotReturnable, OrderNotRefundable."""
    known = {one.row.line_no: one for one in allowed(session, order, pieces, reason, policy, at=at)}
    whole = dict(pieces)
    goods_back = all(one.left == pieces.get(line_no, 0) for line_no, one in known.items() if one.row.product_id != DELIVERY)
    if goods_back and not exchange_stands(session, order.id):
        whole |= {line_no: one.left for line_no, one in known.items() if one.row.product_id == DELIVERY}
    amount_minor, credit_minor = returning.worth_of(session, order, {n: count for n, count in whole.items() if count}, to_credit=to_credit)
    return Worth(amount_minor, amount_minor - credit_minor, credit_minor, {n: count for n, count in whole.items() if count})


def ask(
    session: Session, order: OrderRow, pieces: Mapping[int, int], reason: Cause, policy: Policy, *, to_credit: bool, expected_minor: int, within_days: int, at: datetime
) -> ReturnRequestView:
    """Her request, for what she was shown. Raises QuoteChanged, ReturnAlreadyAsked, and what `worth` raises."""
    found = worth(session, order, pieces, reason, policy, to_credit=to_credit, at=at)
    if found.amount_minor != expected_minor:
        raise QuoteChanged(f"you would get {found.amount_minor}, not {expected_minor}; look at it again", extra={"amount_minor": found.amount_minor, "changes": []})
    return write(session, order.id, found, reason, to_credit=to_credit, within_days=within_days, at=at)


def write(session: Session, order_id: str, found: Worth, reason: Cause, *, to_credit: bool, within_days: int, at: datetime) -> ReturnRequestView:
    """The request for what was found. Raises ReturnAlreadyAsked."""
    request_ends.end(session, order_id, ReturnState.LAPSED, at=at, lapsed=True)
    row = ReturnRequestRow(
        id=new_id("ret"), order_id=order_id, pieces={str(n): count for n, count in found.pieces.items()}, reason=reason, to_credit=to_credit,
        amount_minor=found.amount_minor, state=ReturnState.OPEN, asked_at=at, expires_at=at + timedelta(days=within_days),
        exchange=asdict(found.exchange) if found.exchange is not None else None,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise ReturnAlreadyAsked from None
    return _view(row)


def withdraw(session: Session, order_id: str, *, at: datetime) -> None:
    """She keeps them after all. Raises UnknownReturn when nothing is open."""
    if request_ends.end(session, order_id, ReturnState.WITHDRAWN, at=at) is None:
        raise UnknownReturn


def request_of(session: Session, order_id: str, *, at: datetime) -> ReturnRequestView | None:
    """The one that is open."""
    r = ReturnRequestRow
    row = session.execute(select(r).where(r.order_id == order_id, r.state == ReturnState.OPEN, r.expires_at > at)).scalar_one_or_none()
    return _view(row) if row is not None else None


def _view(row: ReturnRequestRow) -> ReturnRequestView:
    return ReturnRequestView(row.id, row.order_id, row.pieces, row.reason, row.to_credit, row.amount_minor, row.asked_at, row.expires_at, request_ends.exchange_of(row))
