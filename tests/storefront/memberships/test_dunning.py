"""A payment that fails: tried again, with the benefits kept for a while, until another card pays or it is over."""

from __future__ import annotations

from storefront.billing import changing, subscribing
from storefront.payments.collecting import Means
from tests.storefront.memberships.house import JANE, VISA, House


class TestDunning:
    def test_until_it_is_over(self, at_stripe: House) -> None:
        """Five days of grace, tries after three, five and seven days. Planted bug: the grace left out of `gives_until`. She loses everything on the first day."""
        at_stripe.join()
        at_stripe.card_goes_bad()
        at_stripe.days(30.1)
        found = at_stripe.of()
        assert (found.state, found.gives, found.invoices[0].state) == ("past_due", True, "open")
        assert found.next_try_at is not None
        assert found.period_ends_at is not None
        seen = []
        for _ in range(8):
            seen.append(at_stripe.state())
            at_stripe.days(1)
        assert seen == [("past_due", True)] * 5 + [("past_due", False)] * 2 + [("ended", False)]
        found = at_stripe.of()
        assert (found.end_reason, at_stripe.money(), at_stripe.told()) == ("membership_unpaid", (490, 0), ["started", "payment_failed", "ended"])

    def test_another_card_pays_at_once(self, at_stripe: House) -> None:
        at_stripe.join()
        at_stripe.card_goes_bad()
        at_stripe.days(36)
        assert at_stripe.state() == ("past_due", False)
        step = subscribing.other_card(at_stripe.shop, at_stripe.of().id, Means("pm_card_mastercard"), return_url=None, key="c")
        at_stripe.hear()
        assert step.payment is not None
        assert (step.payment.state, *at_stripe.state(), at_stripe.of().card, at_stripe.money()) == ("succeeded", "active", True, "mastercard 4444", (980, 0))
        at_stripe.days(26)
        assert (at_stripe.money(), at_stripe.told()) == ((1470, 0), ["started", "payment_failed", "renewed", "resumed", "renewed"])

    def test_her_bank_wants_to_see_her(self, at_stripe: House) -> None:
        """The card asks for 3-D Secure while she is away: it fails, and she confirms it when she is there."""
        step = at_stripe.join(means=Means("pm_card_threeDSecure2Required"))
        assert at_stripe.peer is not None
        assert step.payment is not None
        with at_stripe.peer.books.lock:
            at_stripe.peer.books.authenticate(step.payment.id, passed=True)
        at_stripe.days(30.1)
        assert at_stripe.state() == ("past_due", True)
        kept = subscribing.go_on(at_stripe.shop, step.membership_id, VISA, return_url="http://shop.test/m", key="there")
        at_stripe.hear()
        assert kept.payment is not None
        assert (kept.payment.state, at_stripe.state(), at_stripe.money()) == ("succeeded", ("active", True), (980, 0))

    def test_who_has_had_enough_leaves_at_once(self, at_stripe: House) -> None:
        at_stripe.join()
        at_stripe.card_goes_bad()
        at_stripe.days(30.1)
        changing.leave(at_stripe.shop, JANE)
        at_stripe.hear()
        assert (*at_stripe.state(), at_stripe.money()) == ("ended", False, (490, 0))

    def test_in_memory_too(self, house: House) -> None:
        kept = house.kept_card()
        house.join(means=Means(kept_id=kept))
        from storefront.methods import repository as methods
        from storefront.payments.detaching import detach_due

        with house.shop.database.transaction() as session:
            methods.remove(session, JANE, kept, at=house.now())
        detach_due(house.shop)
        house.days(31)
        assert house.state() == ("past_due", True)
        house.days(8)
        assert (*house.state(), house.of().end_reason, house.money()) == ("ended", False, "membership_unpaid", (490, 0))
