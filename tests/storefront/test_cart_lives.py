"""Whatever becomes of many carts at once, nothing stays held when its time is over, and all books agree.

Sixty-four shoppers at a time want more than there is of pieces, delivery times and budget; then time passes as it does in a shop: unpaid orders run out, banks say
their word late or twice or not at all, what was to be paid in cash is never fetched.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from offers import facade as offers
from offers.models import CouponRow
from storefront.balance import books as balance
from storefront.balance.accounts import Account
from storefront.balance.models import BalanceEntry
from storefront.cash import books as cash
from storefront.cash.models import CashEntry
from storefront.catalog.models import ProductRow
from storefront.delivery.models import DeliveryBookingRow
from storefront.jobs import reconcile_orders
from storefront.orders.models import OrderLineRow, OrderRow, RefundRow
from storefront.payments.webhooks import receive
from storefront.points import ledger
from tests.offers.builders import race
from tests.storefront.cart_lives import NEXT_WAVE, PLACES_IN_A_SLOT, Life, Town, banks_decide, is_processing
from tests.storefront.delivery.town import taken
from tests.storefront.floor import signed
from tests.storefront.payments.provider_stories import kept_minor

Told = Callable[[str, object], None]
WAVE = 64
SIZES = [pytest.param(0, 1, id="a-wave"), *(pytest.param(seed, 8, id=f"eight-waves-{seed}", marks=[pytest.mark.full, pytest.mark.timeout(3600)]) for seed in range(1, 41))]


@pytest.fixture
def town(database: Database, peer: StripePeer, clock: ManualClock) -> Town:
    return Town(database, peer, clock)


class TestLives:
    @pytest.mark.parametrize(("seed", "waves"), SIZES)
    def test_nothing_stays_held_and_the_books_agree(self, town: Town, seed: int, waves: int, record_property: Told) -> None:
        """It found money given twice, and money kept: a return to her balance beside the refund of the whole order to the card, asked for at the same moment; and such
        a refund refused for ever, as the sum that was left had become less.

        Planted bugs this was seen to fail on: an order that is given up keeps its pieces, its time, its coupon, what it took of her balance, or what it owed in cash;
        the last pieces taken without looking how many there are; an order placed although it is short of pieces."""
        ends, refused = Counter[str](), Counter[str]()
        for wave in range(waves):
            town.begin_wave(wave)
            lives = [Life(town, (seed * 100 + wave) * 1_000 + number) for number in range(WAVE)]
            for outcome in race([life.run for life in lives]):
                if isinstance(outcome, Exception):
                    raise outcome
            assert max(taken(town.shop).values(), default=0) <= PLACES_IN_A_SLOT
            time_passes(town, seed + wave)
            audit(town)
            refused.update(code for life in lives for code in life.refused)
            with town.shop.database.reading() as session:
                states = dict(session.execute(select(OrderRow.id, OrderRow.state)).all())
            ends.update(f"{life.end} {states.get(life.order_id, 'no order')}" for life in lives)
        record_property("proved", f"{waves * WAVE} carts; ends {dict(sorted(ends.items()))}; refused {dict(refused)}")


def time_passes(town: Town, lot: int) -> None:
    """The holds run out; then the banks decide; then what waited for cash is over. After each one round of the job."""
    settings = town.shop.settings
    town.clock.advance(settings.hold_ttl_s + 1)
    tick(town)
    for order_id in in_state(town, "pending"):
        assert is_processing(town, order_id), order_id  # only what a bank has in its hands
    banks_decide(town, lot)
    hear(town, random.Random(lot))
    town.clock.advance(settings.look_again_s + 1)
    tick(town)
    assert in_state(town, "pending") == []
    town.clock.advance(NEXT_WAVE.total_seconds() - settings.hold_ttl_s - settings.look_again_s - 600)
    tick(town)
    assert in_state(town, "confirmed") == []


def tick(town: Town) -> None:
    """One round, in as many pieces as it takes."""
    while reconcile_orders(town.shop):
        pass


def hear(town: Town, chance: random.Random) -> None:
    """What the provider tells comes in any order; a third is lost, a third comes twice."""
    events, town.peer.books.events[:] = list(town.peer.books.events), []
    heard = [event for event in events for _ in range(chance.randrange(3))]
    chance.shuffle(heard)
    for event in heard:
        body, headers = signed(event, int(town.now.timestamp()))
        receive(town.shop, body, headers["Stripe-Signature"])


def in_state(town: Town, state: str) -> list[str]:
    with town.shop.database.reading() as session:
        return list(session.scalars(select(OrderRow.id).where(OrderRow.state == state)))


def audit(town: Town) -> None:
    """Every count is reckoned from other rows than those that were moved."""
    with town.shop.database.reading() as session:
        orders = {row.id: row for row in session.scalars(select(OrderRow))}
        assert {row.state for row in orders.values()} <= {"paid", "refunded", "cancelled", "payment_failed"}
        assert "due" not in {row.refund_state for row in orders.values()}
        done = [row for row in session.scalars(select(RefundRow)) if row.state == "done"]
        # stock: what came, less what was sold and did not come back
        gone = Counter[str]()
        for line in session.scalars(select(OrderLineRow).where(OrderLineRow.product_id.in_(town.supplied))):
            order = orders[line.order_id]
            pieces = {kept: sum(r.pieces.get(str(line.line_no), 0) for r in done if r.order_id == order.id and r.restock is kept) for kept in (True, False)}
            if order.state == "paid":
                gone[line.product_id] += line.quantity - pieces[True]
            elif order.state == "refunded":
                gone[line.product_id] += pieces[False] if order.restock else line.quantity - pieces[True]
        shelves = dict(session.execute(select(ProductRow.id, ProductRow.stock_units).where(ProductRow.id.in_(town.supplied))).all())
        assert shelves == {product_id: pieces - gone[product_id] for product_id, pieces in town.supplied.items()}
        # slots: held by orders that stand, and by no others
        held = set(session.scalars(select(DeliveryBookingRow.order_id).where(DeliveryBookingRow.state == "held")))
        assert {orders[order_id].state for order_id in held} <= {"paid"}
        # coupons: used by orders that stand
        used = {row.coupon_id for row in orders.values() if row.coupon_id and row.state == "paid"}
        states = dict(session.execute(select(CouponRow.id, CouponRow.state)).all())
        assert {coupon_id for coupon_id, state in states.items() if state == "redeemed"} == used
        assert "reserved" not in states.values()
        assert offers.books(session, "cam_bonbon").drift == ()
        # books
        assert (balance.drift(session), cash.drift(session), ledger.drift(session)) == ({}, {}, {})
        assert balance.account_minor(session, Account.HELD) == 0
        # money: what we have of each order, by the provider's books, the drawers' and the balances', is what it cost
        hers = dict(session.execute(select(BalanceEntry.order_id, func.sum(BalanceEntry.amount_minor)).where(BalanceEntry.account == Account.BALANCE).group_by(BalanceEntry.order_id)).all())
        sold = dict(session.execute(select(CashEntry.order_id, func.sum(CashEntry.amount_minor)).where(CashEntry.account == "sales").group_by(CashEntry.order_id)).all())
        for order in orders.values():
            card_minor = kept_minor(town.peer.books, order.payment_id) if order.payment_id else 0
            have_minor = card_minor - int(hers.get(order.id, 0)) - int(sold.get(order.id, 0))
            back_minor = sum(r.amount_minor for r in done if r.order_id == order.id)
            assert have_minor == (order.total_minor - back_minor if order.state == "paid" else 0), (order.id, order.state, order.close_reason)
    taken(town.shop)  # the counts agree with the bookings
