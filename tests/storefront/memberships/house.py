"""A shop with plans, its provider (in memory, or Stripe's peer), and time that passes at both."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from storefront.balance import books
from storefront.billing import showing, subscribing
from storefront.billing.rounds import look_due
from storefront.billing.subscribing import Joining, Step
from storefront.facade import Shop
from storefront.membership_contracts import MembershipView
from storefront.memberships import planning
from storefront.payments.collecting import Means
from storefront.payments.ports import Payment
from tests.storefront.floor import WEBHOOK_SECRET, events, fill, hook, order

PLANS = """
memberships:
  grace_days: 5
  plans:
    silver: {name: Silver, every: month, prices: {EUR: 490, SEK: 5500}, benefits: {free_delivery: true}}
    gold: {name: Gold, every: month, prices: {EUR: 990}, trial_days: 14, benefits: {free_delivery: true, off_percent: 7.5, multiplier: 2, early_access: true}}
    year: {name: Gold for a year, every: year, prices: {EUR: 9900}, benefits: {off_percent: 7.5}}
"""
JANE = "shp_jane"
VISA = Means("pm_card_visa")


class House:
    """`told`: Stripe's webhooks come in as they are sent. Without a peer the provider is in memory and tells nothing."""

    def __init__(self, shop: Shop, peer: StripePeer | None = None, *, told: bool = True) -> None:
        assert isinstance(shop.database.clock, ManualClock)
        self.shop, self.peer, self.clock = shop, peer, shop.database.clock
        if peer is not None and told:
            peer.deliveries.send_to(hook(shop), WEBHOOK_SECRET)
        with shop.database.transaction() as session:
            planning.apply(session, PLANS, by="maria", at=shop.now())

    def now(self) -> datetime:
        return self.shop.now()

    def join(self, plan_id: str = "silver", means: Means = VISA, *, who: str = JANE, key: str = "k1", price: int | None = None, currency: str = "EUR") -> Step:
        prices = {"silver": {"EUR": 490, "SEK": 5500}, "gold": {"EUR": 990}, "year": {"EUR": 9900}}
        expected = prices[plan_id][currency] if price is None else price
        step = subscribing.join(self.shop, key, Joining(who, plan_id, currency, expected, means, "http://shop.test/m/membership"))
        self.hear()
        return step

    def hear(self) -> None:
        """What was told by now has come in, and what is due was looked at."""
        if self.peer is not None:
            self.peer.deliveries.drain()
        while look_due(self.shop):
            pass

    def days(self, days: float) -> None:
        """So much time passes, an hour at most between two looks at the end of it."""
        self.clock.advance(timedelta(days=days).total_seconds())
        if self.peer is not None:
            with self.peer.books.lock:
                self.peer.billing.catch_up()
        self.hear()

    def of(self, who: str = JANE) -> MembershipView:
        with self.shop.database.reading() as session:
            found = showing.shown(session, who, at=self.now()).membership
        assert found is not None
        return found

    def state(self, who: str = JANE) -> tuple[str, bool]:
        found = self.of(who)
        return found.state, found.gives

    def money(self) -> tuple[int, int]:
        """(what the books have for memberships, what is back); they add up."""
        with self.shop.database.reading() as session:
            assert books.drift(session) == {}
            kept = -books.account_minor(session, books.Account.MEMBERSHIP)
        invoices = self.of().invoices
        back = sum(i.refunded_minor for i in invoices)
        assert kept == sum(i.amount_minor for i in invoices if i.state == "paid") - back
        return kept, back

    def told(self) -> list[str]:
        return [kind.removeprefix("membership.") for kind in events(self.shop, "membership.")]

    def card_goes_bad(self) -> None:
        assert self.peer is not None
        self.peer.billing.card_goes_bad(next(reversed(self.peer.billing.subscriptions)))

    def kept_card(self, who: str = JANE) -> str:
        """She has kept a card by paying with it."""
        from storefront.methods import repository as methods
        from storefront.payments import collecting
        from storefront.payments.settlement import settle

        fill(self.shop, who, prd_bonbon=1)
        order_id, payment = order(self.shop, f"keep_{who}", shopper_id=who)
        assert payment is not None
        paid: Payment = collecting.confirm(self.shop, order_id, payment, means=Means("pm_card_mastercard", keep=True), return_url=None, key="keep")
        with self.shop.database.transaction() as session:
            settle(session, self.shop.coupons, order_id, paid, at=self.now())
        self.hear()
        with self.shop.database.reading() as session:
            return methods.methods(session, who, self.now())[0].id
