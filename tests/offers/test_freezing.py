"""While a shopper is frozen none of her coupons is used, and none is after the freeze has committed."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.security import holders, people
from app.security.devices import freezing
from offers import facade
from offers.contracts import CouponView
from offers.errors import CouponFrozen
from tests.conftest import START
from tests.offers.builders import KLUUVI, bonbons, give, go_live

LATER = START + timedelta(seconds=1)


@pytest.fixture
def phone(database: Database) -> people.NewDevice:
    with database.transaction() as session:
        return people.register_device(session, "Phone", "ios", START)


def _given(database: Database, phone: people.NewDevice) -> CouponView:
    with database.transaction() as session:
        go_live(session, budget_minor=5_000)
    return give(database, shopper_id=phone.shopper_id)


class TestRefuseFrozen:
    def test_wait_while_frozen_everywhere_and_are_as_before_afterwards(self, database: Database, phone: people.NewDevice) -> None:
        coupon = _given(database, phone)
        asked = {"shopper_id": phone.shopper_id, "lines": bonbons(), "currency": "EUR", "place_id": KLUUVI.id, "at": START}
        with database.transaction() as session:
            freezing.freeze_device(session, phone.device_id, "not_compliant", told_at=START)
        with database.reading() as session:
            refused = facade.quote(session, code=coupon.code, **asked)
        assert [r.code for r in refused.reasons] == ["device_standing"]
        with database.transaction() as session:
            held = facade.reserve(session, code=coupon.code, order_id="ord_1", ttl_s=600, **asked)
        assert [r.code for r in held.reasons] == ["device_standing"]
        with pytest.raises(CouponFrozen), database.transaction() as session:
            facade.redeem_at_till(session, code=coupon.code, place_id=KLUUVI.id, clerk_id="per_1", at=START, undo_s=60)
        with database.transaction() as session:
            freezing.thaw_device(session, phone.device_id, told_at=LATER)
        with database.transaction() as session:
            assert facade.redeem_at_till(session, code=coupon.code, place_id=KLUUVI.id, clerk_id="per_1", at=LATER, undo_s=60).coupon_id == coupon.id

    def test_no_use_commits_after_the_freeze_has(self, database: Database, phone: people.NewDevice, monkeypatch: pytest.MonkeyPatch) -> None:
        """A use that has looked and a freeze that comes between the look and its commit: the freeze waits.

        Seen to fail on PostgreSQL with a look without a lock (SQLite lets one writer in at a time).
        """
        coupon = _given(database, phone)
        committed: list[str] = []
        looked, froze = threading.Event(), threading.Event()

        def freeze() -> None:
            looked.wait(60)
            with database.transaction() as session:
                freezing.freeze_device(session, phone.device_id, "not_compliant", told_at=START)
            committed.append("freeze")
            froze.set()

        look = holders.holder

        def look_and_wait(session: Session, shopper_id: str, at: datetime, *, locked: bool) -> holders.Holder:
            found = look(session, shopper_id, at, locked=locked)
            looked.set()
            froze.wait(0.5)  # long enough for a freeze that does not wait for us
            return found

        monkeypatch.setattr(holders, "holder", look_and_wait)
        thread = threading.Thread(target=freeze)
        thread.start()
        with database.transaction() as session:
            facade.redeem_at_till(session, code=coupon.code, place_id=KLUUVI.id, clerk_id="per_1", at=START, undo_s=60)
            committed.append("use")  # before the commit: whoever waits for it comes after
        thread.join(60)
        assert committed == ["use", "freeze"]

    def test_a_use_waits_for_a_freeze_under_way_and_is_refused(self, database: Database, phone: people.NewDevice) -> None:
        coupon = _given(database, phone)
        marked, answers = threading.Event(), list[object]()

        def use() -> None:
            marked.wait(60)
            try:
                with database.transaction() as session:
                    answers.append(facade.redeem_at_till(session, code=coupon.code, place_id=KLUUVI.id, clerk_id="per_1", at=START, undo_s=60))
            except CouponFrozen as refusal:
                answers.append(refusal.code)

        thread = threading.Thread(target=use)
        thread.start()
        with database.transaction() as session:
            freezing.freeze_device(session, phone.device_id, "not_compliant", told_at=START)
            marked.set()
            thread.join(0.4)
        thread.join(60)
        assert answers == ["device_standing"]
