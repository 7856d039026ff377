"""Writing, removing and reporting a review: one a shopper and product, weighed anew each time, badges only for what is proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from geofences import facade as geofences
from geofences.contracts import TrustLevel, VisitView
from storefront.contracts import OwnReview
from storefront.errors import ReviewChanged, UnknownProduct, UnknownReview
from storefront.facade import Shop, reviews
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.reviews.repository import forget, hand_over, hide_visits, told
from tests.storefront.floor import SETTINGS, events, fill, order
from tests.storefront.reviews.words import GOOD, write

JANE, JOHN = "shp_jane", "shp_john"


class TestWrite:
    def test_clean_words_are_published_and_counted(self, shop: Shop) -> None:
        own = write(shop)
        assert (own.state, own.waits, own.review.name, own.review.purchased, own.review.visited) == ("published", (), "Jane", False, False)
        write(shop, JOHN, stars=2)
        with shop.database.reading() as session:
            rating = reviews.ratings(session, ["prd_bonbon", "prd_truffle"])
            shown = reviews.published(session, "prd_bonbon")
        assert {i: (r.count, r.average_tenths) for i, r in rating.items()} == {"prd_bonbon": (2, 35)}
        assert {(one.stars, one.text) for one in shown} == {(5, "Melts at once."), (2, "Melts at once.")}
        assert events(shop, "review.") == ["review.judged", "review.judged"]

    def test_again_replaces_and_the_moderator_sees_what_it_said(self, shop: Shop) -> None:
        """Planted bug: what was published stayed so whatever was written then."""
        write(shop)
        own = write(shop, stars=1, text="Not any more: <b>bad</b>")
        assert (own.state, own.waits) == ("pending", ("review_has_markup",))
        with shop.database.reading() as session:
            assert reviews.ratings(session, ["prd_bonbon"]) == {}
            [row] = reviews.queue(session)
            assert reviews.published(session, "prd_bonbon") == []
        assert [(one.version, one.stars, one.text) for one in row.versions] == [(2, 1, "Not any more: <b>bad</b>"), (1, 5, "Melts at once.")]

    def test_of_what_is_not_sold(self, shop: Shop) -> None:
        with pytest.raises(UnknownProduct):
            write(shop, product_id="prd_gone")

    def test_the_shop_may_ask_for_a_proof(self, shop: Shop) -> None:
        strict = SETTINGS.model_copy(update={"review_publishes": "proved"})
        with shop.database.transaction() as session:
            own = reviews.write(session, JANE, "prd_bonbon", GOOD, strict, at=shop.now())
        assert (own.state, own.waits) == ("pending", ("review_not_proved",))


def bought(shop: Shop, **line: Any) -> str:
    fill(shop, JANE, prd_bonbon=2)
    order_id, _ = order(shop, method="pm_card_visa")
    if line:
        with shop.database.transaction() as session:
            session.execute(update(OrderLineRow).where(OrderLineRow.order_id == order_id, OrderLineRow.line_no == 1).values(**line))
    return order_id


class TestPurchase:
    def test_of_what_she_paid_and_still_has(self, shop: Shop) -> None:
        """Planted bug: whether pieces came back was not asked, and the last line failed."""
        assert not write(shop).review.purchased
        order_id = bought(shop)
        assert write(shop).review.purchased
        assert not write(shop, product_id="prd_truffle").review.purchased
        assert not write(shop, JOHN).review.purchased
        with shop.database.transaction() as session:
            session.execute(update(OrderLineRow).where(OrderLineRow.order_id == order_id, OrderLineRow.line_no == 1).values(returned=1))
        assert write(shop).review.purchased  # one of two is still hers
        with shop.database.transaction() as session:
            session.execute(update(OrderLineRow).where(OrderLineRow.order_id == order_id, OrderLineRow.line_no == 1).values(returned=2))
        assert not write(shop).review.purchased

    @pytest.mark.parametrize("how", ["collection", "parcel"])
    def test_only_when_it_has_reached_her(self, shop: Shop, how: str) -> None:
        """Planted bug: `paid` alone was enough, and both failed."""
        from storefront.collection import repository as collections
        from storefront.delivery.models import DeliveryBookingRow
        from storefront.shipments import repository as shipments
        from storefront.shipments.states import ShipmentState

        order_id, at = bought(shop), shop.now()
        with shop.database.transaction() as session:
            if how == "collection":
                collections.write(session, order_id, JANE, "plc_kluuvi", 7, at)
            else:
                times = dict.fromkeys(("starts_at", "ends_at", "closes_at"), at)
                session.add(DeliveryBookingRow(order_id=order_id, shopper_id=JANE, area_id="a", slot_id="s", state="held", sealed=b"x", timezone="UTC", currency="EUR", price_minor=0, base_minor=0, **times))
        assert not write(shop).review.purchased
        with shop.database.transaction() as session:
            if how == "collection":
                collections.make_ready(session, order_id, at, at + timedelta(days=7))
                collections.hand_over(session, order_id, at, "x")
            else:
                parcel_id = shipments.write(session, order_id, JANE, {1: 2}, carrier="Posti", tracking="", by="x", at=at)
                for to in (ShipmentState.HANDED_OVER, ShipmentState.OUT_FOR_DELIVERY, ShipmentState.DELIVERED):
                    shipments.move(session, parcel_id, to, at)
        assert write(shop).review.purchased

    def test_a_refunded_order_proves_nothing(self, shop: Shop) -> None:
        order_id = bought(shop)
        with shop.database.transaction() as session:
            session.execute(update(OrderRow).where(OrderRow.id == order_id).values(refund_state="due"))
        assert not write(shop).review.purchased


class TestVisit:
    @pytest.fixture
    def seen(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[VisitView]:
        visit = VisitView("vis_1", JANE, "plc_kluuvi", "fen", shop.now(), None, 300, 0.9, TrustLevel.CORROBORATED)
        found = [visit]
        monkeypatch.setattr(geofences, "recent_visits", lambda _session, shopper_id, _limit: [v for v in found if v.shopper_id == shopper_id])
        return found

    def consent(self, shop: Shop, *, granted: bool) -> None:
        with shop.database.transaction() as session:
            set_consent(session, JANE, Purpose.LOCATION, granted=granted, source="test", at=shop.now())

    def test_is_shown_when_she_asks_for_it_and_it_is_believed(self, shop: Shop, seen: list[VisitView]) -> None:
        """Planted bug: her tick was not asked, and the second line failed; her consent was not asked, and the first did."""
        assert not write(shop, show_visit=True).review.visited  # she lets nobody notice visits
        self.consent(shop, granted=True)
        assert not write(shop).review.visited  # nor asked for it to be shown
        assert write(shop, show_visit=True).review.visited
        seen[0] = replace(seen[0], trust=TrustLevel.CLAIMED)
        assert not write(shop, show_visit=True).review.visited  # her phone's word alone

    def test_goes_with_her_consent(self, shop: Shop, seen: list[VisitView]) -> None:
        self.consent(shop, granted=True)
        assert write(shop, show_visit=True).review.visited
        with shop.database.transaction() as session:
            assert (hide_visits(session, JANE), hide_visits(session, JANE)) == (1, 0)
        with shop.database.reading() as session:
            assert not reviews.published(session, "prd_bonbon")[0].visited


class TestRemove:
    def test_her_words_are_gone_and_a_refusal_is_remembered(self, shop: Shop) -> None:
        """Planted bug: the row was deleted with its words, and what was rejected was published when written anew."""
        own = write(shop)
        with shop.database.transaction() as session:
            reviews.reject(session, own.review.id, 1, reviews.CAUSES[1], by="per_maria", at=shop.now())
        with shop.database.transaction() as session:
            reviews.remove(session, JANE, "prd_bonbon", at=shop.now())
        with pytest.raises(UnknownReview), shop.database.transaction() as session:
            reviews.remove(session, JANE, "prd_bonbon", at=shop.now())
        with shop.database.reading() as session:
            assert (reviews.hers(session, JANE), reviews.queue(session, "rejected"), told(session, JANE)) == ([], [], {})
        assert write(shop).waits == ("review_refused_before",)


class TestReport:
    def take(self, shop: Shop, own: OwnReview, *shopper_ids: str) -> None:
        for shopper_id in shopper_ids:
            with shop.database.transaction() as session:
                reviews.report(session, shopper_id, own.review.id, reviews.CAUSES[0], SETTINGS, at=shop.now())

    def state(self, session: Session) -> str:
        return reviews.hers(session, JANE)[0].state

    def test_several_shoppers_take_it_down_until_a_person_has_looked(self, shop: Shop) -> None:
        """Planted bug: what a person had settled counted on, and the last line failed."""
        own = write(shop)
        self.take(shop, own, "shp_a", "shp_a", "shp_a", "shp_b")
        with shop.database.reading() as session:
            assert self.state(session) == "published"
        self.take(shop, own, "shp_c")
        with shop.database.reading() as session:
            [row] = reviews.queue(session)
        assert (row.reports, row.now.waits) == ({"review_advertising": 3}, ("review_reported",))
        with shop.database.transaction() as session:
            assert reviews.approve(session, own.review.id, 1, by="per_maria", at=shop.now()).reports == {}
        self.take(shop, own, "shp_a", "shp_d", "shp_e")
        with shop.database.reading() as session:
            assert self.state(session) == "published"  # of those who had said so already nobody counts again

    def test_changing_it_does_not_get_round_open_reports(self, shop: Shop) -> None:
        own = write(shop)
        self.take(shop, own, "shp_a")
        assert write(shop, text="Other words").waits == ("review_reported",)

    def test_nobody_reports_her_own_or_what_is_not_shown(self, shop: Shop) -> None:
        own = write(shop)
        with pytest.raises(UnknownReview):
            self.take(shop, own, JANE)
        hidden = write(shop, JOHN, text="http://x.example")
        with pytest.raises(UnknownReview):
            self.take(shop, hidden, JANE)


class TestModerate:
    def test_rejected_then_approved(self, shop: Shop) -> None:
        own = write(shop)
        with shop.database.transaction() as session:
            reviews.reject(session, own.review.id, 1, reviews.CAUSES[2], by="per_maria", at=shop.now())
        with shop.database.reading() as session:
            [mine] = reviews.hers(session, JANE)
            assert (mine.state, mine.why, mine.why_text) == ("rejected", "review_private", "It tells private things of somebody.")
            assert reviews.ratings(session, ["prd_bonbon"]) == {}
        with shop.database.transaction() as session:
            assert reviews.approve(session, own.review.id, 1, by="per_maria", at=shop.now()).state == "published"
        assert write(shop).waits == ()

    def test_nobody_decides_about_words_that_were_changed_meanwhile(self, shop: Shop) -> None:
        """Planted bug: the version was not asked, and what she had written since was approved unread."""
        own = write(shop, text="www.x.example")
        write(shop, text="www.worse.example")
        for decide in (lambda s: reviews.approve(s, own.review.id, 1, by="p", at=shop.now()), lambda s: reviews.reply(s, own.review.id, 3, "Thanks", by="p", at=shop.now())):
            with pytest.raises(ReviewChanged), shop.database.transaction() as session:
                decide(session)
        with shop.database.reading() as session:
            assert reviews.published(session, "prd_bonbon") == []

    def test_the_shop_answers_these_words(self, shop: Shop) -> None:
        own = write(shop)
        with shop.database.transaction() as session:
            reviews.reply(session, own.review.id, 1, "Thank you, <i>Jane</i>", by="per_maria", at=shop.now())
        with shop.database.reading() as session:
            assert reviews.published(session, "prd_bonbon")[0].reply == "Thank you, <i>Jane</i>"
        assert write(shop, text="Other words").review.reply is None
        with shop.database.transaction() as session:
            assert reviews.reply(session, own.review.id, 2, "", by="per_maria", at=shop.now()).review.reply is None


class TestSigningIn:
    def test_what_she_wrote_goes_with_her_and_is_there_once(self, shop: Shop) -> None:
        """Planted bug: nothing was taken away, and the second name in the unique key was refused."""
        write(shop, "shp_phone", stars=1)
        write(shop, "shp_phone", "prd_truffle", stars=3)
        write(shop, JANE, stars=5)
        with shop.database.transaction() as session:
            assert (hand_over(session, "shp_phone", JANE), hand_over(session, "shp_phone", JANE)) == (1, 0)
        with shop.database.reading() as session:
            assert {one.review.product_id: one.review.stars for one in reviews.hers(session, JANE)} == {"prd_bonbon": 5, "prd_truffle": 3}
            assert [one.stars for one in reviews.published(session, "prd_bonbon")] == [5]
            assert reviews.published(session, "prd_truffle")[0].text == "Melts at once."


class TestHerData:
    def test_is_told_and_erased(self, shop: Shop) -> None:
        mine, johns = write(shop), write(shop, JOHN)
        with shop.database.transaction() as session:
            reviews.reply(session, mine.review.id, 1, "Thanks", by="per_maria", at=shop.now())
            reviews.report(session, JANE, johns.review.id, reviews.CAUSES[0], SETTINGS, at=shop.now())
        with shop.database.reading() as session:
            found = told(session, JANE)
        assert [(one["text"], one["name"], one["reply"]) for one in found["reviews"]] == [("Melts at once.", "Jane", "Thanks")]
        assert [one["cause"] for one in found["reported"]] == ["review_advertising"]
        with shop.database.transaction() as session:
            assert (forget(session, JANE), forget(session, JANE)) == (3, 0)
        with shop.database.reading() as session:
            assert [one.id for one in reviews.published(session, "prd_bonbon")] == [johns.review.id]
            assert told(session, JANE) == {}
