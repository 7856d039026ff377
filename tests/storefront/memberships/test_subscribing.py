"""Becoming a member: with a new card or a kept one, with a trial or without, with her bank in between, and with answers that are lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storefront.billing import subscribing
from storefront.billing.adapters.memory_gateway import MemoryBilling
from storefront.errors import GatewayUnreachable, PaymentTriesExhausted, UnknownPaymentMethod
from storefront.membership_errors import AlreadyMember, MembershipNotNow, MembershipPriceChanged, UnknownPlan
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.collecting import Means
from tests.storefront.memberships.house import JANE, VISA, House


def authenticate(house: House, step: subscribing.Step, *, passed: bool = True) -> None:
    """She answers her bank, and comes back."""
    if house.peer is not None:
        with house.peer.books.lock:
            if step.setup is not None:
                house.peer.billing.authenticate_setup(step.setup.id, passed=passed)
            elif step.payment is not None:
                house.peer.books.authenticate(step.payment.id, passed=passed)
    elif step.setup is not None:
        assert isinstance(house.shop.billing, MemoryBilling)
        house.shop.billing.authenticate_setup(step.setup.id, passed=passed)
    elif step.payment is not None:
        assert isinstance(house.shop.gateway, MemoryGateway)
        house.shop.gateway.authenticate(step.payment.id, passed=passed)
    subscribing.look(house.shop, step.membership_id)
    house.hear()


class TestJoin:
    def test_without_a_trial_the_first_period_is_paid_now(self, house: House) -> None:
        step = house.join()
        assert step.payment is not None
        assert step.payment.state == "succeeded"
        found = house.of()
        assert (found.state, found.gives, found.card, [i.amount_minor for i in found.invoices]) == ("active", True, "visa 4242", [490])
        assert len(found.invoices[0].papers) == 1
        assert (house.money(), house.told()) == ((490, 0), ["started"])

    def test_a_trial_charges_nothing_until_it_ends(self, house: House) -> None:
        house.join("gold")
        found = house.of()
        assert (found.state, found.gives, found.trial_ends_at, house.money()) == ("trialing", True, house.now() + timedelta(days=14), (0, 0))
        house.days(14.1)
        assert (*house.state(), house.money()) == ("active", True, (990, 0))
        assert house.told() == ["started", "renewed"]

    def test_there_is_one_trial_for_a_person(self, house: House) -> None:
        """Planted bug: `had_trial` always says no. The second membership is a trial too."""
        house.join("gold")
        from storefront.billing import changing

        changing.leave(house.shop, JANE)
        house.days(15)
        assert house.state() == ("ended", False)
        house.join("gold", key="k2")
        assert (house.of().state, house.money()) == ("active", (990, 0))

    @pytest.mark.parametrize("plan_id", ["silver", "gold"])
    def test_a_kept_card(self, house: House, plan_id: str) -> None:
        house.join(plan_id, Means(kept_id=house.kept_card()))
        assert (house.of().gives, house.of().card) == (True, "mastercard 4444")
        house.days(32)
        assert house.state() == ("active", True)

    @pytest.mark.parametrize("plan_id", ["silver", "gold"])
    def test_her_bank_asks_and_she_passes(self, house: House, plan_id: str) -> None:
        step = house.join(plan_id, Means("pm_card_threeDSecure2Required"))
        waits = step.payment or step.setup
        assert waits is not None
        assert (waits.state, waits.action_url is not None, house.of().gives) == ("needs_action", True, False)
        authenticate(house, step)
        assert (house.of().gives, house.told()) == (True, ["started"])

    @pytest.mark.parametrize(("plan_id", "state"), [("silver", "incomplete"), ("gold", "starting")])
    def test_her_bank_asks_and_she_fails(self, house: House, plan_id: str, state: str) -> None:
        step = house.join(plan_id, Means("pm_card_threeDSecure2Required"))
        authenticate(house, step, passed=False)
        assert house.state() == (state, False)
        again = subscribing.go_on(house.shop, step.membership_id, VISA, return_url=None, key="again")
        house.hear()
        assert (again.membership_id, house.of().gives) == (step.membership_id, True)

    @pytest.mark.parametrize(("plan_id", "state"), [("silver", "incomplete"), ("gold", "starting")])
    def test_a_declined_card_begins_nothing_and_another_does(self, house: House, plan_id: str, state: str) -> None:
        step = house.join(plan_id, Means("pm_card_chargeDeclinedInsufficientFunds"))
        waits = step.payment or step.setup
        assert waits is not None
        assert (waits.decline, house.state(), house.money()) == ("insufficient_funds", (state, False), (0, 0))
        subscribing.go_on(house.shop, step.membership_id, VISA, return_url=None, key="other")
        house.hear()
        assert house.of().gives

    @pytest.mark.parametrize("plan_id", ["silver", "gold"])
    def test_who_never_shows_a_card_has_not_joined(self, house: House, plan_id: str) -> None:
        house.join(plan_id, Means())
        house.days(1.1)
        found = house.of()
        assert (found.state, found.end_reason, house.money(), house.told()) == ("ended", "membership_not_begun", (0, 0), ["ended"])
        house.join(plan_id, key="k2")  # her seat is free again
        assert house.of().gives

    def test_refusals_leave_nothing(self, house: House) -> None:
        for wrong, refusal in (
            (lambda: house.join("silver", price=489), MembershipPriceChanged),
            (lambda: house.join("gold", currency="SEK", price=1), UnknownPlan),
            (lambda: house.join("silver", Means(kept_id="kpm_none")), UnknownPaymentMethod),
        ):
            with pytest.raises(refusal):
                wrong()
        with pytest.raises(AssertionError):
            house.of()

    def test_one_at_a_time(self, house: House) -> None:
        """Planted bug: the seat left out of the row. The second membership begins, and she pays twice."""
        first = house.join()
        with pytest.raises(AlreadyMember):
            house.join("gold", key="k2")
        assert (house.of().id, house.money()) == (first.membership_id, (490, 0))

    def test_the_same_key_joins_once(self, house: House) -> None:
        assert house.join().membership_id == house.join().membership_id
        assert house.money() == (490, 0)

    def test_cards_are_not_tried_one_after_the_other(self, house: House) -> None:
        step = house.join(means=Means("pm_card_chargeDeclined"))
        for number in range(9):
            subscribing.go_on(house.shop, step.membership_id, Means("pm_card_chargeDeclined"), return_url=None, key=f"t{number}")
        with pytest.raises(PaymentTriesExhausted):
            subscribing.go_on(house.shop, step.membership_id, VISA, return_url=None, key="one more")


class TestAtStripe:
    def test_a_trial_and_what_comes_after(self, at_stripe: House) -> None:
        at_stripe.join("gold")
        assert (*at_stripe.state(), at_stripe.money()) == ("trialing", True, (0, 0))
        at_stripe.days(14.1)
        assert (*at_stripe.state(), at_stripe.money(), at_stripe.told()) == ("active", True, (990, 0), ["started", "renewed"])

    def test_her_bank_fails_her_and_then_lets_her(self, at_stripe: House) -> None:
        step = at_stripe.join("silver", Means("pm_card_threeDSecure2Required"))
        assert step.payment is not None
        assert (step.payment.state, step.payment.action_url is not None, at_stripe.of().gives) == ("needs_action", True, False)
        authenticate(at_stripe, step, passed=False)
        assert at_stripe.state() == ("incomplete", False)
        again = subscribing.go_on(at_stripe.shop, step.membership_id, Means("pm_card_threeDSecure2Required"), return_url="http://shop.test/m", key="again")
        authenticate(at_stripe, again)
        assert (*at_stripe.state(), at_stripe.money(), at_stripe.told()) == ("active", True, (490, 0), ["started"])

    def test_her_bank_is_asked_before_a_trial(self, at_stripe: House) -> None:
        step = at_stripe.join("gold", Means("pm_card_threeDSecure2Required"))
        assert step.setup is not None
        assert (step.setup.state, step.setup.action_url is not None, at_stripe.state()) == ("needs_action", True, ("starting", False))
        authenticate(at_stripe, step)
        assert at_stripe.state() == ("trialing", True)

    def test_a_kept_card_and_a_declined_one(self, at_stripe: House) -> None:
        refused = at_stripe.join("gold", Means("pm_card_chargeDeclinedInsufficientFunds"), who="shp_emma")
        assert refused.setup is not None
        assert (refused.setup.decline, at_stripe.state("shp_emma")) == ("insufficient_funds", ("starting", False))
        at_stripe.join("silver", Means(kept_id=at_stripe.kept_card()))
        assert (at_stripe.of().card, at_stripe.money()) == ("mastercard 4444", (490, 0))


class TestLostAnswers:
    def test_it_is_agreed_on_once_whichever_answer_is_lost(self, at_stripe: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bug: `begin` with a new key for each try. Two subscriptions are there, and both may be charged."""
        lost: list[str] = []

        def losing(of: object, verb: str) -> None:
            really = getattr(of, verb)

            def call(*given: object, **named: object) -> object:
                answer = really(*given, **named)
                if verb not in lost:
                    lost.append(verb)
                    raise GatewayUnreachable
                return answer

            monkeypatch.setattr(of, verb, call)

        for of, verb in ((at_stripe.shop.gateway, "open_payer"), (at_stripe.shop.billing, "begin"), (at_stripe.shop.gateway, "confirm_payment")):
            losing(of, verb)
        for _ in range(3):
            with pytest.raises(GatewayUnreachable):
                at_stripe.join()
            at_stripe.clock.advance(60)
        at_stripe.join()
        assert at_stripe.peer is not None
        assert lost == ["open_payer", "begin", "confirm_payment"]
        assert (len(at_stripe.peer.billing.subscriptions), at_stripe.state(), at_stripe.money()) == (1, ("active", True), (490, 0))

    def test_what_was_given_up_meanwhile_is_over_at_the_provider_too(self, at_stripe: House) -> None:
        from storefront.billing import settling
        from storefront.memberships import repository
        from storefront.memberships.plan import Terms
        from storefront.memberships.ports import Told
        from storefront.reasons import StorefrontReason

        billing, shop = at_stripe.shop.billing, at_stripe.shop
        begin = billing.begin

        def slow(*, membership_id: str, payer: str, terms: Terms, trial_days: int, token: str | None, key: str) -> Told:
            told = begin(membership_id=membership_id, payer=payer, terms=terms, trial_days=trial_days, token=token, key=key)
            with shop.database.transaction() as session:
                assert settling.never_begun(session, membership_id, StorefrontReason.MEMBERSHIP_LEFT, at=shop.now())
            return told

        billing.begin = slow  # type: ignore[method-assign]
        with pytest.raises(MembershipNotNow):
            at_stripe.join()
        assert at_stripe.peer is not None
        assert [one["status"] for one in at_stripe.peer.billing.subscriptions.values()] == ["canceled"]
        with shop.database.reading() as session:
            assert repository.current(session, JANE) is None
