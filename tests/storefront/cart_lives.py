"""Carts and what becomes of them, drawn by lot: left lying, paid, declined, never answered, cancelled, returned, refunded; by card, debit, balance and in cash.

A `Town` has too little of everything, on purpose. A `Life` does what one shopper does with one cart, as the routes do it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.ids import derived_id
from offers import facade as offers
from storefront import cash_counter
from storefront.balance import books as balance
from storefront.balance.accounts import Account
from storefront.cash.claims import Means
from storefront.cash.risk import PayBy
from storefront.catalog.models import ProductRow
from storefront.checkout import CheckoutOrder, check_out, choose_delivery
from storefront.delivery import repository as areas
from storefront.delivery.schemas import AreaIn, stored
from storefront.errors import GatewayUnreachable
from storefront.facade import open_shop
from storefront.orders import cash_taking
from storefront.payments import collecting
from storefront.payments.adapters.stripe_gateway import StripeGateway
from storefront.payments.ports import Payment, PaymentState
from storefront.payments.settlement import settle
from storefront.settings import StorefrontSettings
from tests.conftest import START
from tests.offers.builders import KLUUVI, go_live, moment, race, weigh
from tests.storefront.cash.counter import DOOR, MARIA, TILL, opens, takes
from tests.storefront.delivery.town import lives, open_area
from tests.storefront.floor import WEBHOOK_SECRET, fill, lay_in, row, stock

SUPPLY = {"prd_bonbon": 60, "prd_truffle": 25}
"""What comes for a wave of carts that want some 110 and 50."""
PLACES_IN_A_SLOT, BUDGET_MINOR = 5, 1_500
NEXT_WAVE = timedelta(days=9)


class Town:
    """A shop with too little stock, time and budget, its clock, and its provider."""

    def __init__(self, database: Database, peer: StripePeer, clock: ManualClock) -> None:
        settings = StorefrontSettings(stripe_webhook_secrets=(WEBHOOK_SECRET,), cash=(DOOR, TILL))  # type: ignore[call-arg, arg-type]
        gateway = StripeGateway(secret_key=peer.secret_key, publishable_key=peer.publishable_key, api_base=peer.url, api_version=settings.stripe_api_version, timeout_s=20)
        self.shop, self.peer, self.clock, self.wave = open_shop(database, settings, gateway=gateway), peer, clock, 0
        self.supplied = {"prd_bonbon": 10, "prd_truffle": 5}
        stock(self.shop)
        open_area(self.shop, PLACES_IN_A_SLOT)
        with database.transaction() as session:
            pickup = {"way": "pickup", "name": KLUUVI.name, "place_id": KLUUVI.id, "collect": True, "kept_days": 3}
            areas.put_area(session, "a-kluuvi", stored(AreaIn.model_validate(pickup), "Europe/Helsinki"), START)
            go_live(session, budget_minor=BUDGET_MINOR, schedule={"starts_on": "2026-11-01", "ends_on": "2027-06-01"})
        opens(self.shop)

    @property
    def slot_id(self) -> str:
        return f"bike.{START + self.wave * NEXT_WAVE:%Y%m%d}.1800"

    def begin_wave(self, wave: int) -> None:
        """It is the afternoon of another day, and new goods have come."""
        self.wave = wave
        self.clock.set_to(START + wave * NEXT_WAVE)
        with self.shop.database.transaction() as session:
            for product_id, pieces in SUPPLY.items():
                session.execute(update(ProductRow).where(ProductRow.id == product_id).values(stock_units=ProductRow.stock_units + pieces))
                self.supplied[product_id] += pieces

    def coupon_for(self, shopper_id: str) -> str | None:
        """None where the budget is used up."""
        with self.shop.database.transaction() as session:
            weigh(session, moment(f"mom_{shopper_id}", shopper_id, at=self.now), self.now)
        with self.shop.database.reading() as session:
            held = offers.wallet(session, shopper_id, self.now)
        return held[0].id if held else None

    @property
    def now(self) -> datetime:
        return self.shop.now()

    def settle(self, order_id: str, payment: Payment | None) -> None:
        """The last transaction of every route."""
        if payment is not None:
            with self.shop.database.transaction() as session:
                settle(session, self.shop.coupons, order_id, payment, at=self.now)


class Life:
    """One shopper with one cart. `run` ends where nothing more of her own accord happens; `refused` says what she was answered that was no."""

    def __init__(self, town: Town, number: int) -> None:
        self.town, self.shop, self.chance = town, town.shop, random.Random(number)
        self.shopper_id, self.key = f"shp_{number}", f"k{number}"
        self.order_id = derived_id("ord", self.key)
        self.end = self.chance.choice(sorted(ENDS))
        self.refused: list[str] = []
        self.coupon_id = town.coupon_for(self.shopper_id) if self.chance.random() < 0.4 else None
        if self.chance.random() < 0.3:
            with self.shop.database.transaction() as session:
                balance.add(session, Account.GIVEN, self.shopper_id, self.chance.randrange(50, 2_000), "EUR", at=town.now)

    def run(self) -> None:
        """Raises what no route would answer with a definite no."""
        self._fill()
        self._try(lambda: ENDS[self.end](self))

    def _try(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except AppError as refusal:
            if refusal.status >= 500 and not isinstance(refusal, GatewayUnreachable):
                raise
            self.refused.append(refusal.code)
            return None

    def _both(self, *steps: Callable[[], Any]) -> None:
        """At the same moment, from two windows."""
        for outcome in race([lambda step=step: self._try(step) for step in steps]):
            if isinstance(outcome, Exception):
                raise outcome

    def _fill(self) -> None:
        wanted = {"prd_bonbon": self.chance.randrange(1, 4)} | ({"prd_truffle": self.chance.randrange(1, 3)} if self.chance.random() < 0.5 else {})
        fill(self.shop, self.shopper_id, **wanted)
        if self.coupon_id is not None:
            lay_in(self.shop, self.coupon_id, self.shopper_id)
        if self.end.startswith("door") or (not self.end.startswith("till") and self.chance.random() < 0.4):
            lives(self.shop, self.shopper_id)
            self._wants("home", slot_id=self.town.slot_id)
        else:
            self._wants("pickup", collect_at=KLUUVI.id)

    def _wants(self, way: str, **where: str) -> None:
        with self.shop.database.transaction() as session:
            choose_delivery(session, self.shop, self.shopper_id, way, place_id=None, at=self.town.now, **where)

    def place(self, method: str | None = None, pay_by: PayBy = PayBy.ONLINE) -> None:
        """An answer that is lost is asked for once more, with the same key."""
        asked = CheckoutOrder(self.shopper_id, method, None, None, None, use_balance=self.chance.random() < 0.5, pay_by=pay_by)
        for _ in range(2):
            try:
                order_id, payment = check_out(self.shop, self.key, asked)
            except GatewayUnreachable:
                continue
            self.town.settle(order_id, payment)
            return

    def pay(self, method: str, key: str = "again") -> None:
        """As `POST /v1/orders/{order_id}/confirm`."""
        payment = collecting.begin(self.shop, self.order_id) if row(self.shop, self.order_id).state == "pending" else collecting.look(self.shop, self.order_id)
        if payment is not None:
            payment = collecting.confirm(self.shop, self.order_id, payment, means=collecting.Means(method), return_url=None, key=key)
        self.town.settle(self.order_id, payment)

    def cancel(self) -> None:
        collecting.cancel(self.shop, self.order_id)

    def refund(self) -> None:
        collecting.ask_refund(self.shop, self.order_id, restock=self.chance.random() < 0.7)
        self.town.settle(self.order_id, collecting.send_refund(self.shop, self.order_id))

    def give_back(self, key: str, pieces: dict[int, int]) -> None:
        payment = collecting.give_pieces_back(
            self.shop, self.order_id, pieces, key=key, restock=self.chance.random() < 0.7, asked_by="psn_maria", to_credit=self.chance.random() < 0.3
        )
        self.town.settle(self.order_id, payment)

    def answer_the_bank(self) -> None:
        intent = row(self.shop, self.order_id).payment_id
        with self.town.peer.books.lock:
            if intent and self.town.peer.books.intent(intent)["status"] == "requires_action":
                self.town.peer.books.authenticate(intent, passed=self.chance.random() < 0.6)
        self.town.settle(self.order_id, collecting.look(self.shop, self.order_id))

    def take(self) -> None:
        takes(self.shop, self.order_id, row(self.shop, self.order_id).total_minor, by=MARIA, means=Means.CASH)

    def refuse(self) -> None:
        with self.shop.database.transaction() as session:
            cash_taking.refuse(session, self.shop.coupons, self.order_id, places=(KLUUVI.id,), at=self.town.now)

    def pay_out(self) -> None:
        with self.shop.database.transaction() as session:
            cash_counter.pay_out(session, self.shop, self.order_id, places=(KLUUVI.id,), by=MARIA, at=self.town.now, to_balance=self.chance.random() < 0.3)

    def all_back_at_the_till(self) -> None:
        with self.shop.database.transaction() as session:
            cash_counter.give_all_back(session, self.shop, self.order_id, places=(KLUUVI.id,), by=MARIA, restock=self.chance.random() < 0.7, at=self.town.now)


def _left_lying(_life: Life) -> None:
    """She looks at her cart and goes away."""


def _page_closed(life: Life) -> None:
    life.place()


def _paid(life: Life) -> None:
    life.place("pm_card_visa")


def _declined(life: Life) -> None:
    life.place("pm_card_chargeDeclinedInsufficientFunds")


def _declined_then_paid(life: Life) -> None:
    life.place("pm_card_chargeDeclined")
    life.pay("pm_card_mastercard")


def _bank_asks(life: Life) -> None:
    life.place("pm_card_threeDSecure2Required")
    if life.chance.random() < 0.7:
        life.answer_the_bank()


def _debit(life: Life) -> None:
    """The bank says days later whether there is money (`Town` lets it)."""
    life.place("pm_sepaDebit")


def _answer_lost(life: Life) -> None:
    """Whose answer of all that are asked for now is not known."""
    life.town.peer.lose_next_answers(life.chance.randrange(1, 8))
    life.place("pm_card_visa")


def _cancelled(life: Life) -> None:
    life.place()
    life.cancel()


def _cancelled_while_paid(life: Life) -> None:
    life.place()
    life._both(life.cancel, lambda: life.pay("pm_card_visa"))


def _refunded(life: Life) -> None:
    life.place("pm_card_visa")
    life.refund()


def _returned(life: Life) -> None:
    """Piece by piece, as many times as the lot says; sometimes all of it."""
    life.place("pm_card_visa")
    for turn in range(life.chance.randrange(1, 5)):
        life._try(lambda turn=turn: life.give_back(f"b{turn}", {life.chance.randrange(1, 3): 1}))


def _refunded_while_returned(life: Life) -> None:
    life.place("pm_card_visa")
    life._both(life.refund, lambda: life.give_back("b", {1: 1}))


def _till_paid(life: Life) -> None:
    life.place(pay_by=PayBy.PAY_AT_TILL)
    life.take()


def _till_never(life: Life) -> None:
    life.place(pay_by=PayBy.PAY_AT_TILL)


def _till_cancelled_while_taken(life: Life) -> None:
    life.place(pay_by=PayBy.PAY_AT_TILL)
    life._both(life.cancel, life.take)


def _till_returned(life: Life) -> None:
    _till_paid(life)
    life.give_back("b", {1: 1})
    life.pay_out()


def _till_all_back_while_refunded(life: Life) -> None:
    _till_paid(life)
    life._both(life.all_back_at_the_till, life.refund)


def _door_refused(life: Life) -> None:
    life.place(pay_by=PayBy.CASH_ON_DELIVERY)
    life.refuse()


def _door_paid(life: Life) -> None:
    life.place(pay_by=PayBy.CASH_ON_DELIVERY)
    life._both(life.take, life.refuse)


ENDS: dict[str, Callable[[Life], None]] = {
    name.removeprefix("_"): step
    for name, step in {
        f.__name__: f
        for f in (
            _left_lying, _page_closed, _paid, _declined, _declined_then_paid, _bank_asks, _debit, _answer_lost, _cancelled, _cancelled_while_paid, _refunded,
            _returned, _refunded_while_returned, _till_paid, _till_never, _till_cancelled_while_taken, _till_returned, _till_all_back_while_refunded, _door_refused, _door_paid,
        )
    }.items()
}  # fmt: skip


def banks_decide(town: Town, lot: int) -> None:
    """Every debit that is under way succeeds or fails."""
    chance, books = random.Random(lot), town.peer.books
    with books.lock:
        for intent_id in [one["id"] for one in books.intents.values() if one["status"] == "processing"]:
            books.settle(intent_id, succeeded=chance.random() < 0.6)


def is_processing(town: Town, order_id: str) -> bool:
    payment = collecting.look(town.shop, order_id)
    return payment is not None and payment.state is PaymentState.PROCESSING
