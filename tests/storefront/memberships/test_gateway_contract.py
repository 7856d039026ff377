"""One contract, two providers of subscriptions: Stripe's SDK against the local peer, and the twin in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from storefront.billing.adapters.memory_gateway import MemoryBilling
from storefront.billing.adapters.stripe_gateway import StripeBilling
from storefront.errors import GatewayRefused
from storefront.memberships.plan import Every, Terms
from storefront.memberships.ports import BillingGateway, Told
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.adapters.stripe_gateway import StripeGateway
from storefront.payments.ports import PaymentGateway
from tests.conftest import START
from tests.storefront.floor import SETTINGS

SILVER = Terms("silver", "Silver", 490, "EUR", Every.MONTH)
GOLD = Terms("gold", "Gold", 990, "EUR", Every.MONTH)


class Desk:
    def __init__(self, billing: BillingGateway, payments: PaymentGateway, clock: ManualClock) -> None:
        self.billing, self.payments, self.clock = billing, payments, clock
        self.payer = payments.open_payer(key="jane")

    def card(self, method: str = "pm_card_visa") -> str:
        setup = self.billing.open_setup(membership_id="mem_1", payer=self.payer, key=f"s{method}")
        setup = self.billing.confirm_setup(setup.id, method=method, return_url="http://shop.test/m", key=f"c{method}")
        assert setup.token is not None
        return setup.token

    def begin(self, *, trial_days: int = 14, terms: Terms = SILVER, key: str = "mem_1") -> Told:
        return self.billing.begin(membership_id="mem_1", payer=self.payer, terms=terms, trial_days=trial_days, token=self.card() if trial_days else None, key=key)


@pytest.fixture(params=["memory", "stripe"], scope="module")
def desks(request: pytest.FixtureRequest) -> Iterator[Desk]:
    clock = ManualClock(START)
    if request.param == "memory":
        memory = MemoryGateway()
        yield Desk(MemoryBilling(memory, clock.now), memory, clock)
        return
    peer = StripePeer(now_s=lambda: clock.now().timestamp())
    account = StripeGateway(secret_key=peer.secret_key, publishable_key=None, api_base=peer.start(), api_version=SETTINGS.stripe_api_version, timeout_s=5)
    yield Desk(StripeBilling(account), account, clock)
    peer.stop()


def facts(told: Told) -> tuple[object, ...]:
    return told.state.value, told.terms.plan_id, [(i.state.value, i.due_minor, i.paid_minor, i.renews) for i in told.invoices]


class TestContract:
    def test_a_trial_then_a_month_then_leaving(self, desks: Desk) -> None:
        told = desks.begin(key="a")
        assert facts(told) == ("trialing", "silver", [("paid", 0, 0, False)])
        assert (told.membership_id, told.payer, told.trial_ends_at) == ("mem_1", desks.payer, told.period_ends_at)
        assert told.card is not None
        assert told.card.last4 == "4242"
        assert desks.begin(key="a").id == told.id
        desks.clock.advance(15 * 86_400)
        told = desks.billing.read(told.id)
        assert facts(told) == ("active", "silver", [("paid", 490, 490, True), ("paid", 0, 0, False)])
        told = desks.billing.leave(told.id, leaves=True)
        assert told.leaves_at == told.period_ends_at
        assert desks.billing.leave(told.id, leaves=False).leaves_at is None
        desks.billing.leave(told.id, leaves=True)
        desks.clock.advance(31 * 86_400)
        told = desks.billing.read(told.id)
        assert (told.state.value, told.end_reason, told.due) == ("ended", "membership_left", None)
        desks.billing.end(told.id)  # it is over already

    def test_the_first_payment_waits_for_her(self, desks: Desk) -> None:
        told = desks.begin(trial_days=0, key="b")
        assert facts(told) == ("incomplete", "silver", [("open", 490, 0, False)])
        assert told.due is not None
        assert told.due.payment_id is not None
        declined = desks.payments.confirm_payment(told.due.payment_id, method="pm_card_chargeDeclined", return_url=None, key="b1")
        assert (declined.decline, desks.billing.read(told.id).state) == ("card_declined", "incomplete")
        desks.payments.confirm_payment(told.due.payment_id, method="pm_card_visa", return_url=None, key="b2")
        assert facts(desks.billing.read(told.id)) == ("active", "silver", [("paid", 490, 490, False)])
        late = desks.begin(trial_days=0, key="b3")
        desks.clock.advance(86_400)
        told = desks.billing.read(late.id)
        assert (told.state.value, told.end_reason, told.due) == ("ended", "membership_not_begun", None)

    def test_a_pause_skips_and_a_new_period_is_asked_for(self, desks: Desk) -> None:
        told = desks.begin(key="c")
        desks.clock.advance(15 * 86_400)
        assert desks.billing.pause(told.id).state == "paused"
        desks.clock.advance(40 * 86_400)
        assert sum(i.paid_minor for i in desks.billing.read(told.id).invoices) == 490
        told = desks.billing.resume(told.id, anew=True)
        assert (told.state.value, sum(i.paid_minor for i in told.invoices)) == ("active", 980)
        assert told.period_ends_at > desks.clock.now() + timedelta(days=27)

    def test_a_change_costs_what_was_told(self, desks: Desk) -> None:
        told = desks.begin(trial_days=0, key="d")
        assert told.due is not None
        desks.payments.confirm_payment(told.due.payment_id or "", method="pm_card_visa", return_url=None, key="d1")
        desks.clock.advance(7 * 86_400)
        at = desks.clock.now()
        cost = desks.billing.price_change(told.id, GOLD, at)
        assert 0 < cost.due_minor < 500
        told = desks.billing.change(told.id, GOLD, at)
        assert (told.terms, sum(i.paid_minor for i in told.invoices)) == (GOLD, 490 + cost.due_minor)
        back = desks.billing.price_change(told.id, SILVER, at)
        assert (back.due_minor, back.left_minor) == (0, cost.due_minor)

    def test_what_is_not_there_is_refused(self, desks: Desk) -> None:
        with pytest.raises(GatewayRefused):
            desks.billing.read("sub_none")
        with pytest.raises(GatewayRefused):
            desks.billing.read_setup("seti_none")
        desks.billing.end("sub_none")

    def test_a_card_that_is_made_ready(self, desks: Desk) -> None:
        setup = desks.billing.open_setup(membership_id="mem_1", payer=desks.payer, key="e")
        declined = desks.billing.confirm_setup(setup.id, method="pm_card_chargeDeclined", return_url=None, key="e1")
        assert (declined.state.value, declined.decline, declined.token) == ("needs_method", "card_declined", None)
        asked = desks.billing.confirm_setup(setup.id, method="pm_card_threeDSecure2Required", return_url="http://shop.test/m", key="e2")
        assert (asked.state.value, asked.action_url is not None) == ("needs_action", True)
