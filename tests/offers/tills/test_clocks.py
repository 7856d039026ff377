"""A till whose clock is wrong, and a key that was withdrawn while it was away: what it took is judged by the house's time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.kernel.db import Database
from app.security import people, signing
from app.security.sealing import use_secrets
from app.security.secrets import Replacement, Secrets, new_secrets
from offers import coupon_signing, facade
from offers.contracts import CouponView
from offers.tills import journal, offline
from offers.tills.journal import Entry, EntryKind
from offers.tills.offline import Outcome
from tests.conftest import START
from tests.offers.builders import give, go_live, seconds
from tests.offers.tills.test_offline import LATER, Phone, Till, said, uses


@pytest.fixture
def secrets() -> Iterator[Secrets]:
    made = new_secrets()
    use_secrets(made)
    yield made
    use_secrets(new_secrets())


@pytest.fixture
def jane(secrets: Secrets, database: Database) -> people.NewDevice:
    with database.transaction() as session:
        go_live(session, budget_minor=50_000)
        return people.register_device(session, "Phone", "ios", START)


@pytest.fixture
def coupon(database: Database, jane: people.NewDevice) -> CouponView:
    return give(database, shopper_id=jane.shopper_id)


@pytest.fixture
def phone(database: Database, coupon: CouponView, jane: people.NewDevice) -> Phone:
    return Phone(database, coupon, jane.device_id)


def told(till: Till, text: str, at: datetime, clock: datetime, received: datetime = LATER) -> Outcome:
    """One entry at the house's time `at`, when the till's own clock said `clock`."""
    at_text, clock_text = (t.isoformat(timespec="milliseconds").replace("+00:00", "Z") for t in (at, clock))
    made = journal.entry_hash(till.hash, 1, EntryKind.REDEEM, at_text, text, clock_text)
    [outcome] = till.report(received, [Entry(1, EntryKind.REDEEM, text, at, at_text, made, clock_text)])
    return outcome


TEN = timedelta(minutes=10)


class TestBothClocks:
    @pytest.mark.parametrize("askew", [-TEN, TEN])
    def test_a_till_that_knows_the_house_s_time_is_right_whatever_its_clock_says(self, database: Database, phone: Phone, askew: timedelta) -> None:
        """Both stand in the finding: what happened, and what the till's clock said."""
        outcome = told(Till(database), phone.show(START), START, START + askew)
        assert (outcome.outcome, uses(database)) == ("redeemed", 1)
        assert outcome.facts["clock"] == f"2026-11-21T{'11:50' if askew < timedelta() else '12:10'}:00.000Z"

    @pytest.mark.parametrize(
        ("askew", "reason"),
        [(-TEN, "live_code_early"), (TEN, "live_code_late"), (seconds(-15), None), (seconds(15), None), (seconds(30), "live_code_late")],
    )
    def test_a_time_that_is_wrong_itself_does_not_fit_the_phone_s(self, database: Database, phone: Phone, askew: timedelta, reason: str | None) -> None:
        shown_at = START + timedelta(minutes=15)
        outcome = told(Till(database), phone.show(shown_at), shown_at + askew, shown_at + askew, received=START + timedelta(hours=1))
        assert (outcome.reason, uses(database)) == (reason, 0 if reason else 1)

    def test_ahead_of_the_house_when_it_is_told(self, database: Database, phone: Phone) -> None:
        outcome = told(Till(database), phone.show(LATER + TEN), LATER + TEN, LATER + TEN)
        assert (outcome.outcome, outcome.reason, uses(database)) == ("refused", "till_clock_ahead", 0)

    def test_the_clock_is_in_the_chain(self, database: Database, phone: Phone) -> None:
        """Seen to fail with the clock left out of the hash: what a till's clock had said could be changed later, unseen."""
        at_text, text = "2026-11-21T12:00:00.000Z", phone.show(START)
        hashes = {journal.entry_hash("0" * 64, 1, "redeem", at_text, text, clock) for clock in ("", at_text, "2026-11-21T12:10:00.000Z")}
        assert len(hashes) == 3

    def test_which_of_two_uses_was_first_is_told_by_the_house_s_time(self, database: Database, phone: Phone) -> None:
        askew, right = Till(database), Till(database, place_id="plc_kamppi")
        told(askew, phone.show(START + seconds(60)), START + seconds(60), START + seconds(60) + TEN)
        double = told(right, phone.show(START + seconds(120)), START + seconds(120), START + seconds(120))
        assert (double.outcome, double.facts["first"], double.facts["other_at"]) == ("double", "other", "2026-11-21T12:01:00Z")
        assert uses(database) == 1


class TestAWithdrawnKey:
    def withdraw(self, secrets: Secrets, at: datetime) -> bytes:
        key = signing.checking_key(coupon_signing.PURPOSE, START)
        use_secrets(replace(secrets, replacements={coupon_signing.PURPOSE: (Replacement(at, key.period, b"n" * 32),)}))
        return key.id

    def test_what_was_taken_before_is_a_use(self, database: Database, secrets: Secrets, phone: Phone) -> None:
        """Seen to fail with a revoked key that is revoked for all times: the shopper had her discount, and the coupon was still good."""
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START + seconds(60)), START + seconds(60))
        self.withdraw(secrets, START + seconds(120))
        assert said(till.report(LATER)) == [("redeemed", None)]
        assert uses(database) == 1

    def test_what_was_taken_after_is_not(self, database: Database, secrets: Secrets, phone: Phone) -> None:
        till = Till(database)
        till.write(EntryKind.REDEEM, phone.show(START + seconds(120)), START + seconds(120))
        self.withdraw(secrets, START + seconds(120))
        assert said(till.report(LATER)) == [("refused", "signed_code_key_revoked")]
        assert uses(database) == 0

    def test_the_next_bundle_names_it_and_has_the_key_in_its_place(self, database: Database, secrets: Secrets) -> None:
        till = Till(database)
        assert till.bundle["revoked"] == []
        ended = self.withdraw(secrets, START)
        till.fetch(START)
        assert [(k["kid"], k["revoked_at"]) for k in till.bundle["revoked"]] == [(ended.hex(), "2026-11-21T12:00:00Z")]
        assert len(till.bundle["keys"]) == 3
        assert ended.hex() not in {k["kid"] for k in till.bundle["keys"]}
        assert till.sent["kid"] != ended.hex()

    def test_the_phone_s_next_look_gives_a_coupon_that_counts(self, database: Database, secrets: Secrets, coupon: CouponView, jane: people.NewDevice) -> None:
        self.withdraw(secrets, START)
        again = Phone(database, coupon, jane.device_id)
        with database.transaction() as session:
            facade.redeem_at_till(session, code=again.show(START), place_id="plc_kluuvi", clerk_id="psn_clerk", at=START)
        assert uses(database) == 1

    def test_findings_never_hold_the_phone_s_mark(self, database: Database, phone: Phone) -> None:
        outcome = told(Till(database), phone.show(START), START, START)
        assert "device" not in outcome.facts
        with database.reading() as session:
            assert offline.findings(session, ["plc_kluuvi"]) == []
