"""What was scanned becomes a coupon or a reason: signed codes with their live code, typed codes with and without, GS1."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest

from app.kernel.db import Database
from app.security import people, rotating, signing
from app.security.sealing import use_secrets
from app.security.secrets import new_secrets
from offers import coupon_signing, coupon_token, errors, facade, scanning
from offers.contracts import CouponView, LiveCoupon
from offers.scanning import Scanned
from tests.conftest import START
from tests.offers.builders import give, go_live, seconds


@pytest.fixture
def jane(database: Database) -> people.NewDevice:
    with database.transaction() as session:
        go_live(session, budget_minor=5_000)
        return people.register_device(session, "Phone", "ios", START)


@pytest.fixture
def coupon(database: Database, jane: people.NewDevice) -> CouponView:
    return give(database, shopper_id=jane.shopper_id)


def live(database: Database, coupon: CouponView, jane: people.NewDevice, at: datetime = START) -> LiveCoupon:
    with database.reading() as session:
        shown = facade.live_coupon(session, coupon.id, device_id=jane.device_id, at=at)
    assert shown is not None
    return shown


def scan(database: Database, text: str, at: datetime = START, *, required: bool = False) -> Scanned:
    with database.reading() as session:
        return scanning.scanned(session, text, at, live_code_required=required)


def refused(database: Database, text: str, at: datetime = START, *, required: bool = False) -> str:
    with pytest.raises(errors.ScanRefused) as caught:
        scan(database, text, at, required=required)
    assert text not in caught.value.detail
    return str(caught.value.extra["reason"])


class TestSignedCode:
    def test_means_the_coupon_shown_by_this_phone(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        found = scan(database, live(database, coupon, jane).text, required=True)
        assert found == Scanned(coupon.id, True, coupon_signing.device_mark(jane.device_id).hex())

    def test_a_picture_of_it_is_worth_nothing_half_a_minute_later(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        picture = live(database, coupon, jane).text
        assert refused(database, picture, START + seconds(30)) == "live_code_late"

    def test_the_phone_makes_the_next_ones_itself(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        kept, later = live(database, coupon, jane), START + timedelta(hours=5)
        text = coupon_token.with_live_code(kept.signed, rotating.live_code(base64.b64decode(kept.secret), later.timestamp()))
        assert scan(database, text, later).coupon_id == coupon.id

    def test_another_house_s_is_a_stranger_s(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        text = live(database, coupon, jane).text
        use_secrets(new_secrets())
        assert refused(database, text) == "signed_code_key_unknown"

    def test_changed_claims_are_seen(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        text = live(database, coupon, jane).text
        assert refused(database, text[:120] + ("A" if text[120] != "A" else "B") + text[121:]) == "signed_code_forged"

    def test_after_its_time_without_a_network(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        with database.reading() as session:
            shown = facade.live_coupon(session, coupon.id, device_id=jane.device_id, at=START, ttl_s=600)
        assert shown is not None
        assert shown.good_until == START + seconds(600)
        assert refused(database, shown.text, START + seconds(600)) == "signed_code_outdated"

    def test_the_key_of_last_week_still_counts_and_that_before_is_unknown(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        text = live(database, coupon, jane).text
        turn = signing.checking_key(coupon_signing.PURPOSE, START).signs_until
        assert refused(database, text, turn + timedelta(days=6)) != "signed_code_key_unknown"
        assert refused(database, text, turn + timedelta(days=7)) == "signed_code_key_unknown"


class TestTypedCode:
    def test_without_live_digits_only_where_none_are_asked_for(self, database: Database, coupon: CouponView) -> None:
        assert scan(database, coupon.code) == Scanned(coupon.id)
        assert refused(database, coupon.code, required=True) == "live_code_needed"

    def test_with_live_digits(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        shown = live(database, coupon, jane)
        expected = Scanned(coupon.id, True, coupon_signing.device_mark(jane.device_id).hex())
        assert scan(database, shown.typed, required=True) == expected
        assert scan(database, shown.bars.lower(), required=True) == expected

    def test_late_digits_and_anothers(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        shown = live(database, coupon, jane)
        assert refused(database, shown.typed, START + seconds(45)) == "live_code_late"
        assert refused(database, live(database, coupon, jane, START + seconds(60)).typed) == "live_code_early"
        assert refused(database, f"{coupon.code} 0000 0000") == "live_code_wrong"

    def test_a_slip_and_an_unknown_code(self, database: Database, coupon: CouponView) -> None:
        with pytest.raises(errors.CodeMistyped):
            scan(database, coupon.code[:-1] + ("0" if coupon.code[-1] != "0" else "1"))
        with pytest.raises(errors.UnknownCode):
            scan(database, "0" * 16)
        with pytest.raises(errors.CodeMistyped):
            scan(database, coupon.id)


class TestGs1:
    def test_a_malformed_one_is_refused_by_its_name(self, database: Database) -> None:
        assert refused(database, "(8112)0212345678") == "gs1_truncated_offer_code"

    def test_a_well_made_one_of_somebody_else_is_unknown(self, database: Database) -> None:
        with pytest.raises(errors.UnknownCode):
            scan(database, "]C18112001234561234560123456")


class TestRedeeming:
    def test_at_the_till_by_the_live_code_once(self, database: Database, coupon: CouponView, jane: people.NewDevice) -> None:
        text = live(database, coupon, jane).text
        given = {"code": text, "place_id": "plc_kluuvi", "clerk_id": "psn_clerk", "at": START, "live_code_required": True}
        with database.transaction() as session:
            assert facade.redeem_at_till(session, **given).coupon_id == coupon.id
        with database.transaction() as session, pytest.raises(errors.CouponAlreadyRedeemed):
            facade.redeem_at_till(session, **given)

    def test_in_another_store_it_is_not_taken(self, database: Database, jane: people.NewDevice, coupon: CouponView) -> None:
        text = live(database, coupon, jane).text
        with database.transaction() as session, pytest.raises(errors.CouponNotForHere):
            facade.redeem_at_till(session, code=text, place_id="plc_mall", clerk_id="psn_clerk", at=START)
