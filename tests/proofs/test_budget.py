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
from collections import Counter as TimesOf
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import bindparam, func, select

from app.kernel.errors import AppError
from app.kernel.ids import new_id
from offers import chunks, repository
from offers import facade as offers
from offers.contracts import CouponState, QuoteLine
from offers.models import Counter, CouponRow, Redemption
from storefront.facade import Shop
from storefront.payments.ports import Payment
from storefront.payments.settlement import settle
from tests.offers.builders import moment, weigh
from tests.proofs.rig import Rig, Told
from tests.proofs.wire import crowd
from tests.storefront.floor import fill, lay_in, order

DAY_S = 86_400
FACE_MINOR = 500
BUDGET_MINOR = 12 * FACE_MINOR
"""Twelve coupons: whoever begins takes one, so more than twelve threads meet at its end at once."""


_IN_CHUNKS, _GIVEN = chunks.given()
_WHERE_IT_IS = (
    select(_GIVEN.budget_reserved_minor + _GIVEN.budget_spent_minor)
    .outerjoin_from(Counter, _IN_CHUNKS, _IN_CHUNKS.c.campaign_id == Counter.campaign_id)
    .where(Counter.campaign_id == bindparam("of_campaign"))
)
_USABLE = select(CouponRow.id, CouponRow.moment_id).where(
    CouponRow.campaign_id == bindparam("of_campaign"), CouponRow.shopper_id == bindparam("of_shopper"), CouponRow.state == str(CouponState.ISSUED)
)


class Spender:
    """One thread that does for its shopper anything that is allowed, in any order; another does so at the same time.

    Whoever has nothing asks for an offer, or sweeps; what was spent is taken back as often as it is spent, and offers are withdrawn, so that
    the budget is always nearly gone and never still.
    """

    def __init__(self, rig: Rig, shop: Shop, number: int, late: bool, shopper_id: str) -> None:
        self._rig, self._shop, self._late = rig, shop, late
        self._chance, self._shopper_id = random.Random(number), shopper_id
        self._of_campaign = {"of_campaign": rig.campaign_id}
        self._paid: list[tuple[str, Payment]] = []
        self._used: list[str] = []
        self._paid_late: list[str] = []
        self.most_minor = 0
        self.done: TimesOf[str] = TimesOf()

    def go(self, operations: int) -> None:
        for _ in range(operations):
            with contextlib.suppress(AppError):  # a definite no is an answer too
                self._one()
            look = self._shop.database.glance(_WHERE_IT_IS, self._of_campaign)  # what is committed, as anybody sees it
            self.most_minor = max(self.most_minor, look[0][0])

    def _one(self) -> None:
        ways: list[Callable[[], None]] = [self._be_offered] * 3 + [self._sweep]
        usable = self._shop.database.glance(_USABLE, self._of_campaign | {"of_shopper": self._shopper_id})
        if usable:
            coupon_id, moment_id = usable[0]
            ways += [partial(self._scan, coupon_id), partial(self._check_out, coupon_id)] * 2
            ways += [partial(self._pay_late, coupon_id) if self._late else partial(self._withdraw, moment_id)]
        ways += [self._undo] * 2 if self._used else []
        ways += [self._refund] * 2 if self._paid else []
        ways += [self._give_back] * 2 if self._paid_late else []
        way = self._chance.choice(ways)
        way()
        self.done[getattr(way, "func", way).__name__.strip("_")] += 1

    def _be_offered(self) -> None:
        at = self._rig.now
        with self._shop.database.transaction() as session:
            weigh(session, moment(new_id("mom"), self._shopper_id, at=at), at)

    def _sweep(self) -> None:
        ahead_s = self._chance.choice([0, DAY_S]) if self._late else 0
        with self._shop.database.transaction() as session:
            offers.expire_due(session, self._rig.now + timedelta(seconds=ahead_s), 2)

    def _withdraw(self, moment_id: str) -> None:
        with self._shop.database.transaction() as session:
            offers.retract(session, moment_id=moment_id, shopper_id=self._shopper_id, at=self._rig.now)

    def _scan(self, coupon_id: str) -> None:
        took = self._chance.choice([None, 0, 1, 499])
        with self._shop.database.transaction() as session:
            held = offers.coupon(session, coupon_id)
            assert held is not None
            use = offers.redeem_at_till(session, code=held.code, place_id="plc_kluuvi", clerk_id="psn", at=self._rig.now, discount_minor=took)
        self._used.append(use.redemption_id)

    def _undo(self) -> None:
        redemption_id = self._used.pop(self._chance.randrange(len(self._used)))
        with self._shop.database.transaction() as session:
            offers.undo_at_till(session, redemption_id=redemption_id, clerk_id="psn", at=self._rig.now, undo_s=DAY_S)

    def _check_out(self, coupon_id: str) -> None:
        fill(self._shop, self._shopper_id, prd_bonbon=self._chance.randrange(1, 8))
        lay_in(self._shop, coupon_id, self._shopper_id)
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

    def _pay_late(self, coupon_id: str) -> None:
        """The reservation lapses, perhaps the coupon expires with it, and then the money comes."""
        order_id, at, database = new_id("ord"), self._rig.now, self._shop.database
        lines = [QuoteLine("lin_1", "prd_bonbon", "bonbon", self._chance.randrange(1, 8), 450)]
        with database.transaction() as session:
            offers.reserve(
                session, code=coupon_id, shopper_id=self._shopper_id, order_id=order_id, lines=lines, currency="EUR", place_id=None, at=at, ttl_s=1
            )  # fmt: skip
        later = at + timedelta(seconds=self._chance.choice([2, DAY_S + 2]))
        with database.transaction() as session:
            offers.expire_due(session, later, 5)
        with database.transaction() as session:
            offers.redeem(session, order_id=order_id, at=later)
        self._paid_late.append(order_id)

    def _give_back(self) -> None:
        """What was paid late is refunded whole, else it would soon be all of the budget, and nothing would move any more."""
        order_id = self._paid_late.pop(self._chance.randrange(len(self._paid_late)))
        with self._shop.database.transaction() as session:
            offers.give_back(session, order_id=order_id, at=self._rig.now, why="refunded")  # nothing, if somebody else had the coupon by then


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("threads", "operations"), [(16, 8), pytest.param(64, 3125, marks=[pytest.mark.full, pytest.mark.timeout(14_400)])])
class TestBudget:
    def test_holds_at_every_look(self, rig: Rig, shop: Shop, threads: int, operations: int, late: bool, record_property: Told) -> None:
        rig.kill()  # these threads are the server
        rig.campaign(budget_minor=BUDGET_MINOR)
        shopper_ids = [new_id("shp") for _ in range(threads // 2)]
        spenders = [Spender(rig, shop, k, late, shopper_ids[k // 2]) for k in range(threads)]
        crowd(threads, lambda k: spenders[k].go(operations))
        with rig.database.reading() as session:
            books = offers.books(session, rig.campaign_id)
            standing = select(func.coalesce(func.sum(Redemption.discount_minor), 0))
            given_minor = session.scalar(standing.where(Redemption.campaign_id == rig.campaign_id, Redemption.undone_at.is_(None)))
            given = repository.given(session, rig.campaign_id)
            assert given is not None
            reserved_minor, spent_minor = given.budget_reserved_minor, given.budget_spent_minor
        assert books.drift == ()
        assert books.issued == books.live + books.reserved + books.redeemed + books.expired + books.revoked > 0
        assert given_minor == spent_minor
        assert reserved_minor + spent_minor - books.overrun_minor <= BUDGET_MINOR
        if not late:
            assert books.overrun_minor == 0
            assert max(s.most_minor for s in spenders) <= BUDGET_MINOR
        most_minor, done = max(s.most_minor for s in spenders), sum((s.done for s in spenders), TimesOf[str]())
        assert most_minor > BUDGET_MINOR - FACE_MINOR, "the budget was never at its end"
        assert done["scan"] + done["check_out"] > 0
        record_property(
            "proved", f"{threads} threads, {threads * operations} operations {dict(done)}, {books.issued} coupons: at most {most_minor} of {BUDGET_MINOR} cents, {books.overrun_minor} over as told"
        )
