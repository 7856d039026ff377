"""Memberships' whole lives, told shuffled, three times and up to three days late, or not at all: the end is where the provider is, and nothing goes
backwards that cannot. What is charged is booked once, whatever was told when."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import update

from app.demo.peers.stripe_books import Doc
from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from storefront.balance import books
from storefront.billing import changing, refunding, subscribing
from storefront.billing.adapters.stripe_gateway import StripeBilling
from storefront.billing.rounds import look_due
from storefront.billing.stripe_words import told_of
from storefront.errors import PaymentTriesExhausted
from storefront.facade import Shop
from storefront.membership_errors import (
    AlreadyMember,
    InvoiceNotRefundable,
    MembershipChangeUnpaid,
    MembershipNotNow,
    UnknownMembership,
)
from storefront.memberships import repository
from storefront.memberships.models import MembershipRow
from storefront.memberships.ports import Told
from storefront.payments.adapters.stripe_gateway import StripeGateway
from storefront.payments.collecting import Means
from storefront.payments.webhooks import receive
from tests.conftest import START
from tests.storefront.floor import events, signed
from tests.storefront.memberships.house import VISA, House

LATE_S = 3 * 86_400
REFUSALS = (AlreadyMember, InvoiceNotRefundable, MembershipChangeUnpaid, MembershipNotNow, PaymentTriesExhausted, UnknownMembership)
WORDS = {"trialing": "trialing", "active": "active", "past_due": "past_due", "unpaid": "unpaid", "canceled": "ended", "incomplete_expired": "ended", "incomplete": "incomplete"}


class Quick(StripeBilling):
    """Reads straight from the peer's books: the same documents, without the wire in between."""

    def __init__(self, account: StripeGateway, peer: StripePeer) -> None:
        super().__init__(account)
        self.peer = peer

    def read(self, subscription_id: str) -> Told:
        with self.peer.books.lock:
            sub = self.peer.billing.subscription(subscription_id)
            card = self.peer.books.methods.get(sub["default_payment_method"])
            return told_of({**sub, "default_payment_method": card}, self.peer.billing.list_invoices(subscription_id, 100)["data"])


class Life:
    """One membership. What it does is drawn; what is told of it comes when it comes."""

    def __init__(self, house: House, number: int, seed: int) -> None:
        self.house, self.who, self.draw, self.states = house, f"shp_{seed}_{number}", random.Random(f"{seed} {number}"), list[str]()
        self.waiting: list[tuple[float, Doc]] = []
        self.known = 0

    def live(self) -> None:
        plan = self.draw.choice(["silver", "gold", "year"])
        means = self.draw.choice([VISA, VISA, VISA, Means("pm_card_chargeCustomerFail"), Means("pm_card_chargeDeclined"), Means()])
        self.try_to(lambda: self.house.join(plan, means, who=self.who, key=self.who))
        for _ in range(self.draw.randint(2, 6)):
            self.pass_time(self.draw.choice([0.1, 2, 9, 16, 31, 60]))
            self.try_to(self.draw.choice([self.pause, self.resume, self.leave, self.stay, self.other, self.bad, self.card, self.refund, self.nothing]))
        self.pass_time(self.draw.choice([1, 20, 45]))

    def try_to(self, act: Callable[[], object]) -> None:
        """What cannot be done now is refused, and nothing is half done."""
        with suppress(*REFUSALS):
            act()
        self.look()

    def pass_time(self, days: float) -> None:
        """The provider does what is due; of what it tells some comes by then, and the shop's own clockwork runs now and then."""
        peer, clock = self.house.peer, self.house.clock
        assert peer is not None
        began = clock.now().timestamp()
        clock.advance(days * 86_400)
        with peer.books.lock:
            peer.billing.catch_up()
        for event in self.fresh():
            if self.draw.random() < 0.9:
                self.waiting += [(began + self.draw.random() * LATE_S, event) for _ in range(3)]
        self.draw.shuffle(self.waiting)
        come = [event for due, event in self.waiting if due <= clock.now().timestamp()]
        self.waiting = [one for one in self.waiting if one[0] > clock.now().timestamp()]
        for event in come:
            self.hear(event)
            if self.draw.random() < 0.3:
                look_due(self.house.shop)
                self.look()

    def fresh(self) -> list[Doc]:
        assert self.house.peer is not None
        found = self.house.peer.books.events[self.known :]
        self.known = len(self.house.peer.books.events)
        return found

    def hear(self, event: Doc) -> None:
        body, headers = signed(event, int(self.house.now().timestamp()))
        receive(self.house.shop, body, headers["Stripe-Signature"])
        self.look()

    def look(self) -> None:
        with self.house.shop.database.reading() as session:
            row = repository.last(session, self.who)
            now = row.state if row is not None else None
        if now is None:
            return
        if not self.states or now != self.states[-1]:
            assert not self.states or self.states[-1] != "ended", (*self.states, now)
            self.states.append(now)

    def come_to_rest(self) -> None:
        for _, event in self.waiting:
            self.hear(event)
        self.waiting.clear()
        self.house.clock.advance(86_400)  # a day: then it is looked at even if nothing was told
        while look_due(self.house.shop):
            pass
        self.look()

    # -- what she does -----------------------------------------------------------------------------------------

    def pause(self) -> None:
        changing.pause(self.house.shop, self.who)

    def resume(self) -> None:
        changing.resume(self.house.shop, self.who)

    def leave(self) -> None:
        changing.leave(self.house.shop, self.who)

    def stay(self) -> None:
        changing.stay(self.house.shop, self.who)

    def other(self) -> None:
        plan = self.draw.choice(["silver", "gold", "year"])
        told = changing.price_change(self.house.shop, self.who, plan)
        changing.change(self.house.shop, self.who, plan, expected_due_minor=told.due_minor, priced_at=told.at)

    def bad(self) -> None:
        peer = self.house.peer
        assert peer is not None
        sub = next((s for s in peer.billing.subscriptions.values() if s["metadata"]["membership_id"] == self.house.of(self.who).id), None)
        if sub is not None and sub["default_payment_method"]:
            peer.books.behaves(sub["default_payment_method"], "pm_card_chargeCustomerFail")

    def card(self) -> None:
        subscribing.other_card(self.house.shop, self.house.of(self.who).id, Means("pm_card_mastercard"), return_url=None, key=f"{self.who} {self.house.now()}")

    def refund(self) -> None:
        invoices = self.house.of(self.who).invoices
        if invoices:
            refunding.refund(self.house.shop, invoices[0].id, self.draw.choice([100, None]), key=f"{self.house.now()}")

    def nothing(self) -> None:
        pass


def at_the_provider(house: House, who: str) -> tuple[object, ...]:
    """(state, money that came, money that went back) of her subscription there."""
    assert house.peer is not None
    membership_id, billing = house.of(who).id, house.peer.billing
    sub = next((s for s in billing.subscriptions.values() if s["metadata"]["membership_id"] == membership_id), None)
    if sub is None:
        return ("unbegun", 0, 0)
    paid = [one for one in billing.invoices.shelf.values() if one["status"] == "paid" and one["parent"]["subscription_details"]["subscription"] == sub["id"] and one["amount_paid"]]
    charges = {c["payment_intent"]: c for c in house.peer.books.charges.values() if c["status"] == "succeeded"}
    back = sum(charges[billing.invoices.intent_of(one)]["amount_refunded"] for one in paid)
    paused = sub["pause_collection"] and sub["status"] in ("active", "trialing")
    return ("paused" if paused else WORDS[sub["status"]], sum(one["amount_paid"] for one in paid), back)


def at_rest(house: House) -> None:
    """This life has been told: nothing more happens to it."""
    assert house.peer is not None
    house.peer.billing.subscriptions.clear()
    house.peer.billing.invoices.shelf.clear()
    house.peer.books.events.clear()
    with house.shop.database.transaction() as session:
        session.execute(update(MembershipRow).values(look_at=None))


SIZES = [6, pytest.param(300, marks=[pytest.mark.full, pytest.mark.timeout(3600)])]


class TestHistories:
    @pytest.mark.parametrize("lives", SIZES)
    def test_they_end_where_the_provider_is(self, stripe_shop: Shop, peer: StripePeer, clock: ManualClock, lives: int) -> None:
        """Planted bugs: a webhook's own document taken for the state (an older one, told late, wins); an invoice booked whenever it is told to be paid. Found so: a refund that was told while the membership was settled held the two rows in the other order, and PostgreSQL refused."""
        assert isinstance(stripe_shop.gateway, StripeGateway)
        house, ends = House(replace(stripe_shop, billing=Quick(stripe_shop.gateway, peer)), peer, told=False), Counter[str]()
        for number in range(lives):
            clock.set_to(START)
            life = Life(house, number, 7)
            life.live()
            life.come_to_rest()
            if not life.states:
                continue
            found = house.of(life.who)
            state, came, back = at_the_provider(house, life.who)
            assert (found.state, sum(i.amount_minor for i in found.invoices if i.state == "paid"), sum(i.refunded_minor for i in found.invoices)) == (
                "ended" if state == "unbegun" else state, came, back,
            ), (number, life.states)  # fmt: skip
            ends[found.state] += 1
            at_rest(house)
        with house.shop.database.reading() as session:
            assert books.drift(session) == {}
        told = Counter(events(house.shop, "membership."))
        assert told["membership.ended"] == ends["ended"]
        assert len(ends) >= 2
