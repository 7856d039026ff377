"""The partners of the tests, and what happens to what is sold for them."""

from __future__ import annotations

import itertools
import re

from sqlalchemy import select

from storefront.contracts import OrderState
from storefront.disputes.repository import lost_minor
from storefront.disputes.states import DisputeState, DisputeTold
from storefront.facade import Shop, revenue
from storefront.orders import disputing, moves
from storefront.orders.models import OrderLineRow
from storefront.payments import collecting
from storefront.payments.settlement import settle
from storefront.points.earning import kept_minor
from storefront.reasons import StorefrontReason
from storefront.revenue import books
from storefront.revenue.models import CommissionRow, RevenueEntry
from storefront.revenue.partners import commission_minor
from tests.storefront.floor import fill, order, row

TERMS = """\
revenue:
  partners:
    cacao:
      name: Cacao Brothers
      commission_percent: 12.5
      categories: [bonbon]
    cafe:
      name: Café & Co
      commission_percent: 7
      products: [prd_truffle]
"""


class Partners:
    """A shop with the terms in force."""

    def __init__(self, shop: Shop, text: str = TERMS) -> None:
        self.shop, self._number = shop, itertools.count()
        self.apply(text)

    def apply(self, text: str) -> tuple[str, ...]:
        with self.shop.database.transaction() as session:
            return revenue.apply(session, text, by="test", at=self.shop.now()).changes

    def change(self, old: str, new: str) -> None:
        with self.shop.database.reading() as session:
            text = revenue.export(session)
        assert old in text
        self.apply(text.replace(old, new))

    def rate(self, percent: float) -> None:
        """Of everybody, from now on."""
        with self.shop.database.reading() as session:
            text = revenue.export(session)
        self.apply(re.sub(r"commission_percent: \S+", f"commission_percent: {percent}", text))

    def buy(self, **pieces: int) -> str:
        fill(self.shop, **pieces)
        order_id, _ = order(self.shop, f"k{next(self._number)}", method="pm_card_visa")
        assert row(self.shop, order_id).state == OrderState.PAID
        return order_id

    def give_back(self, order_id: str, line_no: int, pieces: int) -> None:
        payment = collecting.give_pieces_back(self.shop, order_id, {line_no: pieces}, key=f"r{next(self._number)}", restock=True, asked_by="psn_1")
        if payment is not None:
            with self.shop.database.transaction() as session:
                settle(session, self.shop.coupons, order_id, payment, at=self.shop.now())

    def refund(self, order_id: str) -> None:
        with self.shop.database.transaction() as session:
            moves.refunded(session, self.shop.coupons, order_id, row(self.shop, order_id).total_minor, StorefrontReason.REFUNDED_BY_STAFF, at=self.shop.now())

    def dispute(self, order_id: str, state: DisputeState) -> None:
        at, found = self.shop.now(), row(self.shop, order_id)
        told = DisputeTold(f"dp_{order_id}", found.payment_id or "", state, found.total_minor, found.currency, "general", None, at, at)
        with self.shop.database.transaction() as session:
            disputing.heard(session, self.shop.coupons, order_id, told, at=at)

    def close(self, period: str) -> list[revenue.Statement]:
        with self.shop.database.transaction() as session:
            return revenue.close(session, self.shop.settings, period, by="test", at=self.shop.now())

    def month(self, period: str | None = None) -> dict[str, int]:
        """Partner -> what the month comes to; the books agree."""
        with self.shop.database.reading() as session:
            found = revenue.month(session, self.shop.settings, period, lines=True, at=self.shop.now())
        assert found.drift == {}
        return {one.partner_id: one.total_minor for one in found.statements}

    def owed(self, order_id: str) -> dict[str, int]:
        """Partner -> what stands of an order in the books, without nothing."""
        with self.shop.database.reading() as session:
            e = RevenueEntry
            rows = session.execute(select(e.partner_id, e.amount_minor).where(e.cause == order_id, e.account == books.Account.OWED)).all()
        out: dict[str, int] = {}
        for partner_id, minor in rows:
            out[partner_id] = out.get(partner_id, 0) + minor
        return {partner_id: minor for partner_id, minor in out.items() if minor}

    def kept_worth(self, order_id: str) -> dict[str, int]:
        """The same reckoned from the order's lines alone, as somebody would who knows nothing of how it came to be so."""
        with self.shop.database.reading() as session:
            line, sold = OrderLineRow, CommissionRow
            lost = lost_minor(session, order_id)
            rows = session.execute(
                select(sold.partner_id, sold.rate_bp, line.total_minor, line.quantity, line.returned)
                .join(line, (line.order_id == sold.order_id) & (line.line_no == sold.line_no)).where(sold.order_id == order_id)
            ).all()  # fmt: skip
        out: dict[str, int] = {}
        for partner_id, rate_bp, total, quantity, returned in () if lost else rows:
            out[partner_id] = out.get(partner_id, 0) + commission_minor(kept_minor(total, quantity, returned), rate_bp)
        return {partner_id: minor for partner_id, minor in out.items() if minor}
