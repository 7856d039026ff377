"""A coupon on an order: frozen discount, one reservation, one redemption, one give-back; and every reason against it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.security import people
from offers import facade
from offers.contracts import CouponView, LineDiscount, Quote, QuoteLine, Refused
from offers.models import CouponRow
from tests.conftest import START
from tests.offers.builders import bonbons, give, go_live, seconds


def reserve(
    database: Database, coupon: CouponView, order_id: str = "ord_1", at_s: float = 0, **changes: object
) -> Quote | Refused:
    facts = {"shopper_id": "shp_jane", "lines": bonbons(), "currency": "EUR", "place_id": None, "ttl_s": 900, **changes}
    with database.transaction() as session:
        return facade.reserve(session, code=coupon.code, order_id=order_id, at=START + seconds(at_s), **facts)  # type: ignore[arg-type]


def redeem(database: Database, order_id: str = "ord_1", at_s: float = 0) -> bool:
    with database.transaction() as session:
        return facade.redeem(session, order_id=order_id, at=START + seconds(at_s))


def release(database: Database, order_id: str = "ord_1", at_s: float = 0) -> bool:
    with database.transaction() as session:
        return facade.release(session, order_id=order_id, at=START + seconds(at_s), why="order_cancelled")


def give_back(database: Database, order_id: str = "ord_1", at_s: float = 0) -> bool:
    with database.transaction() as session:
        return facade.give_back(session, order_id=order_id, at=START + seconds(at_s), why="order_refunded")


def state(database: Database) -> str:
    with database.reading() as session:
        books = facade.books(session, "cam_bonbon")
        assert books.drift == ()
        return session.scalars(select(CouponRow.state)).one()


def reasons(answer: object) -> list[str]:
    assert isinstance(answer, Refused), answer
    return [r.code for r in answer.reasons]


@pytest.fixture
def coupon(database: Database) -> CouponView:
    with database.transaction() as session:
        go_live(session, budget_minor=5_000)
    return give(database)


class TestQuote:
    def quote(self, database: Database, coupon: CouponView, **changes: object) -> Quote | Refused:
        facts = {
            "code": coupon.code,
            "shopper_id": "shp_jane",
            "lines": bonbons(),
            "currency": "EUR",
            "place_id": None,
            "at": START,
            **changes,
        }
        with database.reading() as session:
            return facade.quote(session, **facts)  # type: ignore[arg-type]

    def test_frozen_per_line(self, database: Database, coupon: CouponView) -> None:
        lines = [*bonbons(), QuoteLine("lin_2", "prd_tea", "tea", 1, 1000)]
        answer = self.quote(database, coupon, lines=lines)
        assert answer == Quote(
            coupon.id,
            "EUR",
            180,
            (LineDiscount("lin_1", 180), LineDiscount("lin_2", 0)),
            ("20 % off, up to €5.00, on €9.00 of your cart: €1.80.",),
        )

    def test_by_coupon_id_and_by_a_sloppily_typed_code(self, database: Database, coupon: CouponView) -> None:
        assert isinstance(self.quote(database, coupon, code=coupon.id), Quote)
        assert isinstance(self.quote(database, coupon, code=f" {coupon.code.lower().replace('-', ' ')} "), Quote)

    def test_another_shopper_learns_only_that_it_is_not_hers(self, database: Database, coupon: CouponView) -> None:
        answer = self.quote(database, coupon, shopper_id="shp_eve", currency="SEK")
        assert reasons(answer) == ["wrong_holder"]
        assert answer.coupon_id is None

    def test_all_reasons_at_once(self, database: Database, coupon: CouponView) -> None:
        lines = [QuoteLine("lin_1", "prd_tea", "tea", 1, 1000)]
        answer = self.quote(database, coupon, lines=lines, place_id="plc_mall", at=START + seconds(86_400))
        assert reasons(answer) == ["place_not_covered", "coupon_expired", "no_matching_item"]

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("7K3F-9QPM-X2TD-WV4D", "code_mistyped"),
            ("", "code_mistyped"),
            ("0000-0000-0000-0000", "code_unknown"),
            ("cpn_none", "code_unknown"),
        ],
    )
    def test_foreign_codes(self, database: Database, coupon: CouponView, code: str, reason: str) -> None:
        assert reasons(self.quote(database, coupon, code=code)) == [reason]

    def test_in_words(self, database: Database, coupon: CouponView) -> None:
        answer = self.quote(database, coupon, currency="SEK")
        assert isinstance(answer, Refused)
        assert [r.text for r in answer.reasons] == ["This coupon is in EUR, your cart in SEK."]


class TestHolder:
    def test_what_was_given_before_she_signed_in_goes_with_her(self, database: Database) -> None:
        with database.transaction() as session:
            phone = people.register_device(session, "Phone", "ios", START)
            account = people.register_device(session, "Browser", "web", START)
            go_live(session, caps={"per_shopper": 1})
        coupon = give(database, shopper_id=phone.shopper_id)
        with database.transaction() as session:
            people.join(session, phone.device_id, account.shopper_id)
        assert give(database, "mom_2", account.shopper_id).id == coupon.id  # she has had hers
        assert isinstance(reserve(database, coupon, shopper_id=account.shopper_id), Quote)
        assert isinstance(reserve(database, coupon, shopper_id=account.shopper_id), Quote)
        with database.reading() as session:
            (held,) = facade.wallet(session, account.shopper_id, START)
            outcomes = [d.outcome for d in facade.decisions(session, shopper_id=account.shopper_id)]
        assert held.shopper_id == account.shopper_id
        assert sorted(outcomes) == ["offer", "withheld"]


class TestReserve:
    def test_holds_it_and_answers_the_same_again(self, database: Database, coupon: CouponView) -> None:
        first = reserve(database, coupon)
        again = reserve(database, coupon, lines=bonbons(5))
        assert isinstance(first, Quote)
        assert first == again
        assert state(database) == "reserved"

    def test_another_order_is_refused(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert reasons(reserve(database, coupon, "ord_2")) == ["coupon_reserved"]

    def test_after_the_time_to_live_another_order_may(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert reasons(reserve(database, coupon, "ord_2", at_s=899)) == ["coupon_reserved"]
        assert isinstance(reserve(database, coupon, "ord_2", at_s=900), Quote)
        assert not redeem(database, "ord_1", 901)
        assert redeem(database, "ord_2", 901)
        assert state(database) == "redeemed"

    def test_one_coupon_an_order(self, database: Database, coupon: CouponView) -> None:
        with database.transaction() as session:
            go_live(session, "cam_two", priority=-1, caps={"per_shopper": 9})
        other = give(database, "mom_2")
        reserve(database, coupon)
        assert other.campaign_id == "cam_two"
        assert reasons(reserve(database, other)) == ["order_has_another_coupon"]

    def test_expired(self, database: Database, coupon: CouponView) -> None:
        assert reasons(reserve(database, coupon, at_s=86_400)) == ["coupon_expired"]
        assert state(database) == "issued"


class TestRedeem:
    def test_once(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert redeem(database)
        assert not redeem(database)
        assert state(database) == "redeemed"
        with database.reading() as session:
            used = [e.payload for e in session.scalars(select(OutboxEvent)) if e.type == "coupon.redeemed"]
            figures = facade.campaigns(session)[0].figures
        assert [(u["channel"], u["discount_minor"], u["order_id"]) for u in used] == [("order", 180, "ord_1")]
        assert (figures.redeemed, figures.budget_reserved_minor, figures.budget_spent_minor) == (1, 0, 180)

    def test_nothing_held(self, database: Database, coupon: CouponView) -> None:
        assert not redeem(database)
        assert state(database) == "issued"

    def test_a_payment_that_comes_late_still_uses_it(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        with database.transaction() as session:
            assert facade.expire_due(session, START + seconds(1000)) == 1
        assert state(database) == "issued"
        assert redeem(database, at_s=1001)
        assert state(database) == "redeemed"
        assert not redeem(database, at_s=1002)

    def test_also_when_it_has_expired_meanwhile(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon, at_s=86_000)
        with database.transaction() as session:
            facade.expire_due(session, START + seconds(90_000))
        assert state(database) == "expired"
        assert redeem(database, at_s=90_001)
        assert state(database) == "redeemed"


class TestRelease:
    def test_goes_back_once(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert release(database)
        assert not release(database)
        assert state(database) == "issued"
        assert isinstance(reserve(database, coupon, "ord_2"), Quote)

    def test_the_same_order_may_reserve_again(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        release(database)
        answer = reserve(database, coupon, lines=bonbons(5))
        assert isinstance(answer, Quote)
        assert answer.discount_minor == 450
        assert redeem(database)

    def test_after_its_end_it_expires(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        assert release(database, at_s=86_400)
        assert state(database) == "expired"

    def test_after_redemption_nothing_is_released(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        redeem(database)
        assert not release(database)
        assert state(database) == "redeemed"

    def test_of_a_retracted_moment_it_is_revoked(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        with database.transaction() as session:
            assert facade.retract(session, moment_id="mom_1", shopper_id="shp_jane", at=START)
        assert state(database) == "reserved"
        assert release(database)
        assert state(database) == "revoked"


class TestGiveBack:
    def test_once_on_refund_and_a_late_repeat_of_the_payment_does_not_use_it_again(
        self, database: Database, coupon: CouponView
    ) -> None:
        reserve(database, coupon)
        redeem(database)
        assert give_back(database)
        assert not give_back(database)
        assert not redeem(database)
        assert state(database) == "issued"
        with database.reading() as session:
            figures = facade.campaigns(session)[0].figures
        assert (figures.redeemed, figures.budget_reserved_minor, figures.budget_spent_minor) == (0, 500, 0)

    def test_after_its_end_it_expires(self, database: Database, coupon: CouponView) -> None:
        reserve(database, coupon)
        redeem(database)
        assert give_back(database, at_s=86_400)
        assert state(database) == "expired"

    def test_when_the_budget_has_gone_to_others_it_comes_back_worth_what_it_was(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, budget_minor=680)
        coupon = give(database)
        reserve(database, coupon)
        redeem(database)
        with database.reading() as session:
            assert facade.campaigns(session)[0].figures.budget_spent_minor == 180
        other = give(database, "mom_2", "shp_ann")
        assert other.shopper_id == "shp_ann"
        assert give_back(database)
        with database.reading() as session:
            figures = facade.campaigns(session)[0].figures
            assert facade.books(session, "cam_bonbon").drift == ()
        assert (figures.budget_reserved_minor, figures.budget_spent_minor) == (680, 0)
        again = reserve(database, coupon, "ord_2", lines=bonbons(10))
        assert isinstance(again, Quote)
        assert again.discount_minor == 180
