"""Who may be one person, and what that forbids when coupons are used; of the hints themselves nothing is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.security import people
from app.security.models import DeviceRow, ShopperRow
from offers import errors, facade, identity
from offers.contracts import CouponState, CouponView, Quote, Refused, TillRedemption
from offers.definition import Hint
from offers.models import CouponRow, IdentityHint
from tests.conftest import START
from tests.offers.builders import bonbons, go_live, moment, race, seconds, weigh

CAPS: dict[str, Any] = {"per_shopper": 1, "counted_by": ["account", "device", "payment"]}


def give(database: Database, shopper_id: str, device_id: str) -> CouponView:
    with database.transaction() as session:
        weigh(session, replace(moment(f"mom_{shopper_id}", shopper_id), device_id=device_id))
    with database.reading() as session:
        (coupon,) = facade.wallet(session, shopper_id, START)
    return coupon


def share_a_card(database: Database, *shopper_ids: str) -> None:
    with database.transaction() as session:
        for shopper_id in shopper_ids:
            facade.note_payment_method(session, shopper_id=shopper_id, fingerprint="fp_4242", at=START)


def till(database: Database, coupon: CouponView) -> TillRedemption:
    with database.transaction() as session:
        return facade.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id="psn", at=START)


def order(database: Database, coupon: CouponView) -> object:
    with database.transaction() as session:
        return facade.reserve(
            session, code=coupon.id, shopper_id=coupon.shopper_id, order_id=f"ord_{coupon.id}", lines=bonbons(),
            currency="EUR", place_id=None, at=START, ttl_s=900,
        )  # fmt: skip


class TestNote:
    def test_only_a_keyed_hash_is_kept(self, database: Database) -> None:
        share_a_card(database, "shp_1", "shp_2")
        with database.transaction() as session:
            facade.note_payment_method(session, shopper_id="shp_1", fingerprint="fp_4242", at=START + seconds(60))
            facade.note_payment_method(session, shopper_id="shp_1", fingerprint="fp_4242", at=START + seconds(30))
        with database.reading() as session:
            rows = session.scalars(select(IdentityHint).order_by(IdentityHint.shopper_id)).all()
            stored = [(r.kind, r.shopper_id, r.first_seen_at, r.last_seen_at) for r in rows]
            hashes = {r.hash for r in rows}
        assert stored == [
            ("payment", "shp_1", START, START + seconds(60)),
            ("payment", "shp_2", START, START),
        ]
        assert hashes == {identity.hashed(Hint.PAYMENT, "fp_4242")}
        assert "4242" not in "".join(hashes)
        assert identity.hashed(Hint.CONTACT, "fp_4242") not in hashes

    def test_nothing_is_noted_where_no_campaign_asks(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session)
        give(database, "shp_1", "dev_a")
        with database.reading() as session:
            assert session.scalars(select(IdentityHint)).all() == []


class TestOthers:
    def test_what_she_was_before_she_signed_in_is_she_as_well(self, database: Database) -> None:
        with database.transaction() as session:
            for shopper_id, into in (("shp_a", None), ("shp_anon", "shp_a"), ("shp_b", None)):
                session.add(ShopperRow(id=shopper_id, created_at=START, joined_into_shopper_id=into))
            identity.note(session, "shp_anon", Hint.PAYMENT, "card", START)
            identity.note(session, "shp_b", Hint.PAYMENT, "card", START)
        with database.reading() as session:
            found = identity.others(session, ("shp_b",), [Hint.PAYMENT])
            assert identity.others(session, ("shp_b",), [Hint.DEVICE], "dev_1") == {}
            many = identity.sharing(session, ["shp_b", "shp_a"], [Hint.PAYMENT])
        assert found[Hint.PAYMENT] == {"shp_a", "shp_anon"}
        assert many["shp_b"][Hint.PAYMENT] == {"shp_a", "shp_anon", "shp_b"}
        assert set(many) == {"shp_a", "shp_b"}


class TestUsing:
    """The coupons were given to what looked like two people; that they may be one is known only afterwards."""

    @pytest.fixture
    def two(self, database: Database) -> list[CouponView]:
        with database.transaction() as session:
            go_live(session, caps=CAPS)
        return [give(database, f"shp_{n}", f"dev_{n}") for n in (1, 2)]

    def test_two_people_use_two_coupons(self, database: Database, two: list[CouponView]) -> None:
        assert [type(till(database, coupon)) for coupon in two] == [TillRedemption] * 2

    def test_the_till_says_why_not(self, database: Database, two: list[CouponView]) -> None:
        share_a_card(database, "shp_1", "shp_2")
        till(database, two[0])
        with pytest.raises(errors.CouponNotNow) as caught:
            till(database, two[1])
        assert caught.value.extra["reason"] == "person_limit_used"
        assert caught.value.detail == "This offer is for one person once, and it has been used already with another account."

    def test_an_order_is_told_so(self, database: Database, two: list[CouponView]) -> None:
        share_a_card(database, "shp_1", "shp_2")
        assert not isinstance(order(database, two[0]), Refused)
        answer = order(database, two[1])
        assert isinstance(answer, Refused)
        assert [r.code for r in answer.reasons] == ["person_limit_used"]
        with database.transaction() as session:  # the first lets go: now it is free
            assert facade.release(session, order_id=f"ord_{two[0].id}", at=START, why="order_cancelled")
        assert not isinstance(order(database, two[1]), Refused)

    def test_a_phone_she_took_over_since(self, database: Database, two: list[CouponView]) -> None:
        till(database, two[0])
        with database.transaction() as session:
            for shopper_id in ("shp_1", "shp_2"):
                session.add(ShopperRow(id=shopper_id, created_at=START))
            session.add(
                DeviceRow(
                    id="dev_1", shopper_id="shp_1", platform="", token_hash="a", tracking_hash="b",
                    created_at=START, last_seen_at=START,
                )
            )
            session.flush()
            people.join(session, "dev_1", "shp_2")
            session.get_one(ShopperRow, "shp_1").joined_into_shopper_id = None  # she has an account, and stays herself
        with pytest.raises(errors.CouponNotNow):
            till(database, two[1])

    def test_the_second_of_a_person_s_two_is_hers_to_use(self, database: Database) -> None:
        with database.transaction() as session:
            go_live(session, caps={**CAPS, "per_shopper": 2})
        first, second = give(database, "shp_1", "dev_1"), give(database, "shp_2", "dev_1")
        till(database, first)
        assert isinstance(till(database, second), TillRedemption)

    @pytest.mark.parametrize("use", [till, order])
    def test_at_the_same_moment(self, database: Database, use: Any) -> None:
        """Seen to fail, with eight uses, when the limit is looked at before the move alone (`hold_limit` left out)."""
        with database.transaction() as session:
            go_live(session, caps=CAPS)
        coupons = [give(database, f"shp_{n}", f"dev_{n}") for n in range(8)]
        share_a_card(database, *(c.shopper_id for c in coupons))
        results = race([lambda c=c: use(database, c) for c in coupons])
        good = [r for r in results if isinstance(r, TillRedemption | Quote)]
        assert len(good) == 1
        refused = [r for r in results if r not in good]
        assert all(isinstance(r, errors.CouponNotNow | Refused) for r in refused), refused
        with database.reading() as session:
            states = session.scalars(select(CouponRow.state)).all()
            assert facade.books(session, "cam_bonbon").drift == ()
        assert states.count(CouponState.ISSUED) == 7
