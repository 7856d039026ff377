"""A till that was without a network: each entry has one effect, every double is named, nothing is counted twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel.db import Database
from app.security import people, rotating, signing
from app.security.settings import SecuritySettings
from offers import coupon_signing, coupon_token, errors, facade
from offers.contracts import CouponState, CouponView
from offers.models import CouponRow, Redemption
from offers.tills import journal, offline
from offers.tills.journal import Entry, EntryKind
from offers.tills.offline import Outcome
from tests.conftest import START
from tests.offers.builders import bonbons, give, go_live, race, seconds

STORE, CLERK = "plc_kluuvi", "psn_clerk"
RULES = SecuritySettings()  # type: ignore[call-arg]


class Till:
    """A till as the page is one: a bundle, a journal, a clock."""

    def __init__(self, database: Database, *, at: datetime = START, cap: int = 20, place_id: str = STORE) -> None:
        self.database, self.place_id, self.cap = database, place_id, cap
        self.entries: list[Entry] = []
        self.id: str | None = None
        self.fetch(at)

    def fetch(self, at: datetime) -> None:
        with self.database.transaction() as session:
            self.sent = offline.bundle(
                session, till_id=self.id, place_id=self.place_id, clerk_id=CLERK, at=at, cap=self.cap, ttl_s=3600, undo_s=60, settings=RULES
            )
        self.bundle: dict[str, Any] = json.loads(self.sent["bundle"])
        self.id, self.hash = str(self.bundle["till_id"]), str(self.bundle["hash"])

    def write(self, kind: EntryKind, text: str, at: datetime, discount_minor: int | None = None) -> Entry:
        before = self.entries[-1].hash if self.entries else self.hash
        seq, at_text = len(self.entries) + 1, at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = Entry(seq, kind, text, at, at_text, journal.entry_hash(before, seq, kind, at_text, text, "", discount_minor), "", discount_minor)
        self.entries.append(entry)
        return entry

    def report(self, at: datetime, entries: Sequence[Entry] | None = None) -> list[Outcome]:
        with self.database.transaction() as session:
            return offline.take(
                session, till_id=self.id or "", place_id=self.place_id, entries=self.entries if entries is None else entries, undo_s=60, now=at, settings=RULES
            )


class Phone:
    """Jane's phone: it opened the coupon once, and shows it from then on by itself."""

    def __init__(self, database: Database, coupon: CouponView, device_id: str) -> None:
        with database.reading() as session:
            kept = facade.live_coupon(session, coupon.id, device_id=device_id, at=START, till_offline_most_minor={"EUR": 20_000})
        assert kept is not None
        self.signed, self.secret = kept.signed, base64.b64decode(kept.secret)

    def show(self, at: datetime) -> str:
        return coupon_token.with_live_code(self.signed, rotating.live_code(self.secret, at.timestamp()))


@pytest.fixture
def jane(database: Database) -> people.NewDevice:
    with database.transaction() as session:
        go_live(session, budget_minor=50_000)
        return people.register_device(session, "Phone", "ios", START)


@pytest.fixture
def coupon(database: Database, jane: people.NewDevice) -> CouponView:
    return give(database, shopper_id=jane.shopper_id)


@pytest.fixture
def phone(database: Database, coupon: CouponView, jane: people.NewDevice) -> Phone:
    return Phone(database, coupon, jane.device_id)


def uses(database: Database) -> int:
    with database.reading() as session:
        assert facade.books(session, "cam_bonbon").drift == ()
        return session.scalar(select(func.count()).select_from(Redemption).where(Redemption.undone_at.is_(None))) or 0


def state(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(CouponRow.state)).one()


def said(outcomes: Sequence[Outcome]) -> list[tuple[str, str | None]]:
    return [(o.outcome, o.reason) for o in outcomes]


def settled(database: Database, at: datetime | None = None) -> list[bool]:
    at = at or LATER
    with database.reading() as session:
        keys = offline.waiting(session)
    ended: list[bool] = []
    for till_id, seq in keys:
        with database.transaction() as session:
            ended.append(offline.settle(session, till_id, seq, at, RULES))
    return ended


LATER = START + timedelta(minutes=20)


class TestBundle:
    def test_is_signed_and_says_what_a_till_needs(self, database: Database, coupon: CouponView) -> None:
        till = Till(database, cap=3)
        [_, key, _] = signing.checking_keys(coupon_signing.PURPOSE, START)
        message = offline.BUNDLE_CONTEXT + till.sent["bundle"].encode()
        assert till.sent["kid"] == key.id.hex()
        assert signing.checks(key.public, message, base64.b64decode(till.sent["signature"]))
        assert (till.bundle["cap"], till.bundle["seq"], till.bundle["spent"]) == (3, 0, [])
        assert till.bundle["hash"] == journal.first_hash(str(till.id))
        assert len(till.bundle["keys"]) == 3

    def test_names_what_is_already_used_here(self, database: Database, coupon: CouponView) -> None:
        with database.transaction() as session:
            facade.redeem_at_till(session, code=coupon.code, place_id=STORE, clerk_id=CLERK, at=START)
        assert Till(database).bundle["spent"] == [coupon.id]
        assert Till(database, place_id="plc_mall").bundle["spent"] == []

    def test_a_till_of_another_store_is_none(self, database: Database, coupon: CouponView) -> None:
        till = Till(database)
        till.place_id = "plc_kamppi"
        with pytest.raises(errors.NoSuchTill):
            till.fetch(START)


class TestTake:
    def test_a_use_is_a_use_once_however_often_it_is_told(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        first = till.report(LATER)
        assert said(first) == [("redeemed", None)]
        assert (uses(database), state(database)) == (1, CouponState.REDEEMED)
        with database.reading() as session:
            use = session.scalars(select(Redemption)).one()
            assert (use.redeemed_at, use.place_id, use.clerk_id, use.id) == (START, STORE, CLERK, first[0].redemption_id)
        assert till.report(LATER + seconds(5)) == first
        till.fetch(LATER + seconds(9))
        assert (till.bundle["seq"], till.bundle["hash"]) == (1, till.entries[0].hash)
        assert uses(database) == 1

    def test_told_twice_at_the_same_instant(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        answers = race([lambda: till.report(LATER)] * 4)
        assert answers == [answers[0]] * 4
        assert uses(database) == 1

    def test_a_coupon_that_has_expired_since_was_good_then(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        with database.transaction() as session:
            facade.expire_due(session, START + timedelta(days=2))
        assert state(database) == CouponState.EXPIRED
        assert said(till.report(START + timedelta(days=2))) == [("redeemed", None)]
        assert uses(database) == 1

    def test_a_coupon_that_was_withdrawn_since_is_named(self, database: Database, coupon: CouponView, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        with database.transaction() as session:
            facade.retract(session, moment_id=coupon.moment_id, shopper_id=coupon.shopper_id, at=START)
        assert said(till.report(LATER)) == [("refused", "coupon_revoked")]
        assert uses(database) == 0


class TestDoubles:
    def test_two_tills_without_a_network(self, database: Database, coupon: CouponView, phone: Phone) -> None:
        """Planted bug this was seen to fail on: `_double` answering redeemed (the second till would have hidden its loss)."""
        kluuvi, kamppi = Till(database), Till(database, place_id="plc_kamppi")
        kluuvi.write(EntryKind.REDEEM, phone.show(START + seconds(60)), START + seconds(60))
        kamppi.write(EntryKind.REDEEM, phone.show(START + seconds(600)), START + seconds(600))
        [late] = kamppi.report(LATER)
        [early] = kluuvi.report(LATER + seconds(60))
        assert late.outcome == "redeemed"
        assert (early.outcome, early.reason) == ("double", "coupon_already_redeemed")
        assert early.coupon_id == coupon.id
        assert early.facts["first"] == "this"
        assert (early.facts["other_redemption_id"], early.facts["other_place_id"]) == (late.redemption_id, "plc_kamppi")
        assert early.facts["other_at"] == "2026-11-21T12:10:00Z"
        assert early.facts["shown_at"] == "2026-11-21T12:01:00Z"
        assert uses(database) == 1
        with database.reading() as session:
            assert offline.findings(session, [STORE]) == [early]
            assert offline.findings(session, ["plc_kamppi"]) == []

    def test_used_online_before(self, database: Database, coupon: CouponView, phone: Phone) -> None:
        till = Till(database)
        with database.transaction() as session:
            facade.redeem_at_till(session, code=coupon.code, place_id="plc_kamppi", clerk_id="psn_other", at=START)
        till.write(EntryKind.REDEEM, phone.show(LATER), LATER)
        [found] = till.report(LATER + seconds(9))
        assert (found.outcome, found.facts["first"], found.facts["other_channel"]) == ("double", "other", "till")
        assert uses(database) == 1

    def test_the_same_press_whose_answer_was_lost_is_no_double(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        with database.transaction() as session:
            use = facade.redeem_at_till(session, code=phone.show(START), place_id=STORE, clerk_id=CLERK, at=START)
        till.write(EntryKind.REDEEM, phone.show(START + seconds(20)), START + seconds(20))
        [found] = till.report(LATER)
        assert (found.outcome, found.redemption_id) == ("redeemed", use.redemption_id)
        assert uses(database) == 1

    def test_twice_at_one_till(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        till.write(EntryKind.REDEEM, phone.show(START + seconds(60)), START + seconds(60))
        assert said(till.report(LATER)) == [("redeemed", None), ("double", "coupon_already_redeemed")]
        assert uses(database) == 1


class TestWaiting:
    def held(self, database: Database, coupon: CouponView) -> None:
        with database.transaction() as session:
            facade.reserve(
                session, code=coupon.id, shopper_id=coupon.shopper_id, order_id="ord_1", lines=bonbons(), currency="EUR", place_id=None,
                at=START, ttl_s=3600,
            )  # fmt: skip

    def test_held_by_an_order_that_lets_go(self, database: Database, coupon: CouponView, phone: Phone) -> None:
        self.held(database, coupon)
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        assert said(till.report(LATER)) == [("waiting", "coupon_reserved")]
        with database.transaction() as session:
            facade.release(session, order_id="ord_1", at=LATER, why="order_cancelled")
        assert settled(database) == [True]
        assert settled(database) == []
        assert said(till.report(LATER + seconds(60))) == [("redeemed", None)]
        assert uses(database) == 1

    def test_held_by_an_order_that_pays(self, database: Database, coupon: CouponView, phone: Phone) -> None:
        self.held(database, coupon)
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        till.report(LATER)
        assert settled(database) == [False]
        with database.transaction() as session:
            facade.redeem(session, order_id="ord_1", at=LATER)
        assert settled(database) == [True]
        [found] = till.report(LATER + seconds(60))
        assert (found.outcome, found.facts["other_channel"], found.facts["first"]) == ("double", "order", "this")
        assert uses(database) == 1


class TestCap:
    def test_what_is_over_it_is_named_and_not_applied(self, database: Database, jane: people.NewDevice) -> None:
        """Planted bug this was seen to fail on: `row.taken` not counted."""
        with database.transaction() as session:
            go_live(session, "cam_more", caps={}, budget_minor=50_000)
        till = Till(database, cap=2)
        for k in range(3):
            coupon = give(database, f"mom_cap{k}", f"shp_{k}")
            till.write(EntryKind.REDEEM, Phone(database, coupon, jane.device_id).show(START), START)
        expected = [("redeemed", None), ("redeemed", None), ("over_cap", "till_cap_reached")]
        assert said(till.report(LATER)) == expected
        assert uses(database) == 2
        till.fetch(LATER)
        assert said(till.report(LATER)) == expected  # a new bundle makes no room for what was over the old one


class TestUndo:
    def test_within_the_minute(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        till.write(EntryKind.UNDO, "1", START + seconds(59))
        assert said(till.report(LATER)) == [("undone", None), ("undone", None)]
        assert (uses(database), state(database)) == (0, CouponState.ISSUED)

    def test_too_late_and_of_nothing(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START), START)
        till.write(EntryKind.UNDO, "1", START + seconds(61))
        till.write(EntryKind.UNDO, "7", START + seconds(62))
        till.write(EntryKind.UNDO, "one", START + seconds(62))
        assert [r for _, r in said(till.report(LATER))] == [None, "undo_too_late", "nothing_to_undo", "nothing_to_undo"]
        assert uses(database) == 1


class TestBadJournals:
    def test_a_gap_a_change_and_a_fork(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        a = till.write(EntryKind.REDEEM, phone.show(START), START)
        b = till.write(EntryKind.UNDO, "1", START + seconds(5))
        with pytest.raises(errors.JournalBroken) as caught:
            till.report(LATER, [b])
        assert caught.value.extra == {"seq": 2, "expected_seq": 1}
        assert uses(database) == 0
        till.report(LATER, [a])
        other = Entry(1, EntryKind.REDEEM, "x", START, a.at_text, journal.entry_hash(till.hash, 1, "redeem", a.at_text, "x"))
        with pytest.raises(errors.JournalForked):
            till.report(LATER, [other])
        assert uses(database) == 1

    def test_codes_that_are_none(self, database: Database, phone: Phone, coupon: CouponView) -> None:
        till, text = Till(database), phone.show(START)
        for wrong in (coupon.code, text[:-9], text[:40], text[:150] + ("A" if text[150] != "A" else "B") + text[151:]):
            till.write(EntryKind.REDEEM, wrong, START)
        till.write(EntryKind.REDEEM, phone.show(START - seconds(60)), START)
        assert [r for _, r in said(till.report(LATER))] == [
            "signed_code_malformed", "live_code_needed", "signed_code_truncated", "signed_code_forged", "live_code_late",
        ]  # fmt: skip
        assert uses(database) == 0

    def test_a_clock_that_is_wrong(self, database: Database, phone: Phone) -> None:
        till = Till(database)
        ahead = LATER + timedelta(minutes=3)
        till.write(EntryKind.REDEEM, phone.show(ahead), ahead)
        till.write(EntryKind.REDEEM, phone.show(START - timedelta(days=8)), START - timedelta(days=8))
        assert said(till.report(LATER)) == [("refused", "till_clock_ahead"), ("refused", "till_clock_behind")]
        assert uses(database) == 0

    def test_another_store_s_coupon(self, database: Database, jane: people.NewDevice) -> None:
        coupon = give(database, shopper_id=jane.shopper_id)
        till = Till(database, place_id="plc_mall")
        till.write(EntryKind.REDEEM, Phone(database, coupon, jane.device_id).show(START), START)
        assert said(till.report(LATER)) == [("refused", "place_not_covered")]
