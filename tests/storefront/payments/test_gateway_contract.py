"""One contract, two gateways: Stripe's SDK against the local peer, and the twin in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.demo.peers.stripe_peer import StripePeer
from storefront.errors import GatewayMisconfigured, GatewayRefused, GatewayUnreachable
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.adapters.stripe_gateway import StripeGateway
from storefront.payments.ports import Payment, PaymentGateway, PaymentState
from tests.offers.builders import race
from tests.storefront.floor import SETTINGS


@dataclass
class Desk:
    """A gateway and the shopper's answer to her bank."""

    gateway: PaymentGateway
    authenticate: Callable[[str, bool], object]


def stripe_gateway(peer: StripePeer, secret_key: str | None = None) -> StripeGateway:
    return StripeGateway(
        secret_key=secret_key or peer.secret_key, publishable_key=peer.publishable_key, api_base=peer.url, api_version=SETTINGS.stripe_api_version, timeout_s=5
    )


@pytest.fixture(params=["memory", "stripe"])
def desk(request: pytest.FixtureRequest) -> Desk:
    if request.param == "memory":
        memory = MemoryGateway()
        return Desk(memory, lambda payment_id, passed: memory.authenticate(payment_id, passed=passed))
    peer: StripePeer = request.getfixturevalue("peer")
    return Desk(stripe_gateway(peer), lambda payment_id, passed: peer.books.authenticate(payment_id, passed=passed))


def create(desk: Desk, key: str = "ord_1", amount_minor: int = 900) -> Payment:
    return desk.gateway.create_payment(order_id="ord_1", amount_minor=amount_minor, currency="EUR", key=key)


def confirm(desk: Desk, payment: Payment, method: str = "pm_card_visa", key: str = "c1", return_url: str | None = "http://shop.test/m") -> Payment:
    return desk.gateway.confirm_payment(payment.id, method=method, return_url=return_url, key=key)


def facts(payment: Payment) -> tuple[str, int, int, str | None]:
    return (payment.state.value, payment.received_minor, payment.refunded_minor, payment.decline)


class TestCreate:
    def test_nothing_is_taken_yet(self, desk: Desk) -> None:
        payment = create(desk)
        assert facts(payment) == ("needs_method", 0, 0, None)
        assert (payment.amount_minor, payment.currency, payment.order_id) == (900, "EUR", "ord_1")
        assert payment.client_secret

    def test_the_same_key_is_the_same_payment(self, desk: Desk) -> None:
        assert create(desk).id == create(desk).id
        assert create(desk).id != create(desk, key="ord_2").id

    def test_the_same_key_for_another_amount_is_refused(self, desk: Desk) -> None:
        create(desk)
        with pytest.raises(GatewayRefused):
            create(desk, amount_minor=901)

    def test_too_small_a_sum_is_refused(self, desk: Desk) -> None:
        with pytest.raises(GatewayRefused) as refused:
            create(desk, amount_minor=49)
        assert refused.value.extra["provider_code"] == "amount_too_small"

    def test_at_once_is_one_payment(self, desk: Desk) -> None:
        results = race([lambda: create(desk)] * 6)
        assert len({r.id for r in results}) == 1


class TestConfirm:
    def test_a_good_card_pays(self, desk: Desk) -> None:
        payment = create(desk)
        assert facts(confirm(desk, payment)) == ("succeeded", 900, 0, None)
        assert facts(desk.gateway.read_payment(payment.id)) == ("succeeded", 900, 0, None)

    @pytest.mark.parametrize(
        ("method", "decline"),
        [
            ("pm_card_chargeDeclined", "card_declined"),
            ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
            ("pm_card_chargeDeclinedExpiredCard", "card_expired"),
            ("pm_nobody_knows", "payment_method_refused"),
        ],
    )
    def test_a_decline_is_an_answer_and_another_card_may_follow(self, desk: Desk, method: str, decline: str) -> None:
        payment = create(desk)
        assert facts(confirm(desk, payment, method)) == ("needs_method", 0, 0, decline)
        assert facts(confirm(desk, payment, key="c2")) == ("succeeded", 900, 0, None)

    @pytest.mark.parametrize(("passed", "expected"), [(True, ("succeeded", 900, 0, None)), (False, ("needs_method", 0, 0, "authentication_failed"))])
    def test_the_bank_asks_first(self, desk: Desk, passed: bool, expected: tuple[str, int, int, str | None]) -> None:
        payment = confirm(desk, create(desk), "pm_card_threeDSecure2Required")
        assert facts(payment) == ("needs_action", 0, 0, None)
        assert payment.action_url
        desk.authenticate(payment.id, passed)
        assert facts(desk.gateway.read_payment(payment.id)) == expected

    def test_the_same_key_charges_once(self, desk: Desk) -> None:
        payment = create(desk)
        assert confirm(desk, payment).state is confirm(desk, payment).state is PaymentState.SUCCEEDED

    def test_a_finished_payment_answers_its_truth(self, desk: Desk) -> None:
        payment = confirm(desk, create(desk))
        assert facts(confirm(desk, payment, "pm_card_chargeDeclined", "c2")) == ("succeeded", 900, 0, None)

    def test_without_a_way_back_there_is_no_page_to_go_to(self, desk: Desk) -> None:
        assert confirm(desk, create(desk), "pm_card_threeDSecure2Required", return_url=None).action_url is None


class TestCancel:
    def test_no_money_can_come_any_more(self, desk: Desk) -> None:
        payment = create(desk)
        assert facts(desk.gateway.cancel_payment(payment.id)) == ("cancelled", 0, 0, None)
        assert facts(confirm(desk, payment)) == ("cancelled", 0, 0, None)

    def test_money_that_came_stays(self, desk: Desk) -> None:
        payment = confirm(desk, create(desk))
        assert facts(desk.gateway.cancel_payment(payment.id)) == ("succeeded", 900, 0, None)

    def test_twice_is_once(self, desk: Desk) -> None:
        payment = create(desk)
        assert [desk.gateway.cancel_payment(payment.id).state for _ in range(2)] == [PaymentState.CANCELLED] * 2

    def test_cancel_or_confirm_one_wins(self, desk: Desk) -> None:
        payment = create(desk)
        results = race([lambda: desk.gateway.cancel_payment(payment.id), lambda: confirm(desk, payment)])
        assert results[0].state is results[1].state
        assert results[0].state in (PaymentState.CANCELLED, PaymentState.SUCCEEDED)


class TestRefund:
    def test_everything_goes_back_once(self, desk: Desk) -> None:
        payment = confirm(desk, create(desk))
        assert [facts(desk.gateway.refund_payment(payment.id, key=k)) for k in ("r", "r", "other")] == [("succeeded", 900, 900, None)] * 3

    def test_an_unpaid_payment_gives_back_nothing(self, desk: Desk) -> None:
        assert facts(desk.gateway.refund_payment(create(desk).id, key="r")) == ("needs_method", 0, 0, None)


class TestRead:
    def test_an_unknown_payment_is_refused(self, desk: Desk) -> None:
        with pytest.raises(GatewayRefused):
            desk.gateway.read_payment("pi_nobody")


class TestStripeAlone:
    def test_a_slow_bank_is_processing_until_it_settles(self, peer: StripePeer) -> None:
        gateway = stripe_gateway(peer)
        payment = gateway.create_payment(order_id="ord_1", amount_minor=900, currency="EUR", key="k")
        assert gateway.confirm_payment(payment.id, method="pm_usBankAccount", return_url=None, key="c").state is PaymentState.PROCESSING
        assert gateway.cancel_payment(payment.id).state is PaymentState.PROCESSING
        peer.books.settle(payment.id, succeeded=True)
        assert facts(gateway.read_payment(payment.id)) == ("succeeded", 900, 0, None)

    def test_a_lost_or_failed_answer_is_unknown_and_the_key_finds_it(self, peer: StripePeer) -> None:
        gateway = stripe_gateway(peer)
        peer.fail_next()
        with pytest.raises(GatewayUnreachable):
            gateway.create_payment(order_id="ord_1", amount_minor=900, currency="EUR", key="k")
        peer.lose_next_answers()
        with pytest.raises(GatewayUnreachable):
            gateway.create_payment(order_id="ord_1", amount_minor=900, currency="EUR", key="k")
        payment = gateway.create_payment(order_id="ord_1", amount_minor=900, currency="EUR", key="k")
        assert list(peer.books.intents) == [payment.id]

    def test_nobody_there_is_unknown(self, peer: StripePeer) -> None:
        gateway = stripe_gateway(peer)
        peer.stop()
        with pytest.raises(GatewayUnreachable):
            gateway.read_payment("pi_1")

    def test_a_wrong_key_is_the_operators_matter(self, peer: StripePeer) -> None:
        with pytest.raises(GatewayMisconfigured):
            stripe_gateway(peer, "sk_test_wrong").read_payment("pi_1")

    def test_nothing_about_the_shopper_leaves_the_house(self, peer: StripePeer) -> None:
        stripe_gateway(peer).create_payment(order_id="ord_1", amount_minor=900, currency="EUR", key="k")
        [intent] = peer.books.intents.values()
        assert (intent["metadata"], intent["customer"], intent["receipt_email"], intent["description"]) == ({"order_id": "ord_1"}, None, None, None)
