"""The money of a campaign: whatever is done at once, no more is reserved and spent than the budget, at any look.

Issue, checkout, payment, partial and whole refund, cancellation, scan, undo, expiry, by many threads on real connections.
With `late`, reservations run out and coupons expire while their orders are being paid, which is the one way past the budget:
then what is over stands in the books as such, to the cent. Seen to fail with a claim that does not ask for room in the budget
(on PostgreSQL; SQLite lets one writer in at a time), with a sweep that touched the counter between taking reservations back
and expiring coupons, and with one that waited for coupons others were moving: PostgreSQL ended one of those in the circle.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.kernel.errors import AppError
from app.kernel.ids import new_id
from offers import facade as offers
from offers.contracts import CouponState, CouponView, QuoteLine
from offers.models import Counter, Redemption
from storefront.facade import Shop
from storefront.payments.ports import Payment
from storefront.payments.settlement import settle
from tests.offers.builders import moment, weigh
from tests.proofs.rig import Rig, Told
from tests.proofs.wire import crowd
from tests.storefront.floor import fill, lay_in, order

DAY_S = 86_400
BUDGET_MINOR = 6_000
"""Twelve coupons: whoever begins takes one, so more than twelve threads meet at its end at once."""


class Spender:
    """One thread with a shopper of its own, doing anything that is allowed, in any order."""

    def __init__(self, rig: Rig, shop: Shop, number: int, late: bool) -> None:
        self._rig, self._shop, self._late = rig, shop, late
        self._chance, self._shopper_id = random.Random(number), new_id("shp")
        self._paid: list[tuple[str, Payment]] = []
        self.most_minor = 0

    def go(self, operations: int) -> None:
        for _ in range(operations):
            with contextlib.suppress(AppError):  # a definite no is an answer too
                self._one()
            self._look()

    def _look(self) -> None:
        """What is committed, as anybody sees it."""
        with self._shop.database.reading() as session:
            row = session.get_one(Counter, self._rig.campaign_id)
            self.most_minor = max(self.most_minor, row.budget_reserved_minor + row.budget_spent_minor)

    def _one(self) -> None:
        database, at = self._shop.database, self._rig.now
        with database.reading() as session:
            held = [c for c in offers.wallet(session, self._shopper_id, at) if c.campaign_id == self._rig.campaign_id]
        usable = [c for c in held if c.state == CouponState.ISSUED]
        choice = self._chance.randrange(10)
        if choice < 3 or not held:
            with database.transaction() as session:
                weigh(session, moment(new_id("mom"), self._shopper_id, at=at), at)
        elif choice < 5 and usable:
            self._scan(usable[0])
        elif choice < 7 and usable:
            self._check_out(usable[0])
        elif choice == 7 and self._paid:
            self._refund()
        elif choice == 8 and self._late and usable:
            self._pay_late(usable[0])
        else:
            with database.transaction() as session:
                offers.expire_due(session, at + timedelta(seconds=self._chance.choice([0, DAY_S]) if self._late else 0), 2)

    def _scan(self, coupon: CouponView) -> None:
        took = self._chance.choice([None, 0, 1, 499])
        with self._shop.database.transaction() as session:
            use = offers.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id="psn", at=self._rig.now, discount_minor=took)
        if self._chance.random() < 0.5:
            with self._shop.database.transaction() as session:
                offers.undo_at_till(session, redemption_id=use.redemption_id, clerk_id="psn", at=self._rig.now)

    def _check_out(self, coupon: CouponView) -> None:
        fill(self._shop, self._shopper_id, prd_bonbon=self._chance.randrange(1, 8))
        lay_in(self._shop, coupon.id, self._shopper_id)
        order_id, payment = order(self._shop, new_id("key"), shopper_id=self._shopper_id, method=self._chance.choice([None, "pm_card_visa"]))
        if payment is not None and payment.received_minor:
            self._paid.append((order_id, payment))
        elif payment is not None:
            cancelled = self._shop.gateway.cancel_payment(payment.id)
            self._settle(order_id, cancelled)

    def _refund(self) -> None:
        """In parts: as long as some of it is still ours, the discount stands; with the last cent the coupon comes back."""
        order_id, payment = self._paid.pop(self._chance.randrange(len(self._paid)))
        for part in (payment.received_minor // 3, payment.received_minor - 1, payment.received_minor, payment.received_minor):
            self._settle(order_id, replace(payment, refunded_minor=part))

    def _settle(self, order_id: str, payment: Payment) -> None:
        with self._shop.database.transaction() as session:
            settle(session, self._shop.coupons, order_id, payment, at=self._rig.now)

    def _pay_late(self, coupon: CouponView) -> None:
        """The reservation lapses, perhaps the coupon expires with it, and then the money comes."""
        order_id, at, database = new_id("ord"), self._rig.now, self._shop.database
        lines = [QuoteLine("lin_1", "prd_bonbon", "bonbon", self._chance.randrange(1, 8), 450)]
        with database.transaction() as session:
            offers.reserve(
                session, code=coupon.id, shopper_id=self._shopper_id, order_id=order_id, lines=lines, currency="EUR", place_id=None, at=at, ttl_s=1
            )  # fmt: skip
        later = at + timedelta(seconds=self._chance.choice([2, DAY_S + 2]))
        with database.transaction() as session:
            offers.expire_due(session, later, 5)
        with database.transaction() as session:
            offers.redeem(session, order_id=order_id, at=later)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("threads", "operations"), [(16, 8), pytest.param(64, 3125, marks=[pytest.mark.full, pytest.mark.timeout(14_400)])])
class TestBudget:
    def test_holds_at_every_look(self, rig: Rig, shop: Shop, threads: int, operations: int, late: bool, record_property: Told) -> None:
        rig.kill()  # these threads are the server
        rig.campaign(budget_minor=BUDGET_MINOR)
        spenders = [Spender(rig, shop, k, late) for k in range(threads)]
        crowd(threads, lambda k: spenders[k].go(operations))
        with rig.database.reading() as session:
            books = offers.books(session, rig.campaign_id)
            standing = select(func.coalesce(func.sum(Redemption.discount_minor), 0))
            given_minor = session.scalar(standing.where(Redemption.campaign_id == rig.campaign_id, Redemption.undone_at.is_(None)))
            counter = session.get_one(Counter, rig.campaign_id)
            reserved_minor, spent_minor = counter.budget_reserved_minor, counter.budget_spent_minor
        assert books.drift == ()
        assert books.issued == books.live + books.reserved + books.redeemed + books.expired + books.revoked > 0
        assert given_minor == spent_minor > 0
        assert reserved_minor + spent_minor - books.overrun_minor <= BUDGET_MINOR
        if not late:
            assert books.overrun_minor == 0
            assert max(s.most_minor for s in spenders) <= BUDGET_MINOR
        most_minor = max(s.most_minor for s in spenders)
        record_property("proved", f"{threads} threads, {threads * operations} operations, {books.issued} coupons: at most {most_minor} of {BUDGET_MINOR} cents, {books.overrun_minor} over as told")
