"""What changes a pass is told to the wallets that hold it: once, by rows, and to nobody else; and what no longer may be on it comes off.

The way is the house's own: events through the outbox, a look, a claim, a word to the wallet's maker (twins in memory here; the real ones are
held to the same in test_gateway_contract.py), and what was answered.
"""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.kernel.clock import ManualClock
from app.kernel.outbox import OutboxEvent
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security.devices import freezing
from notifications import facade
from notifications.passes import changes, dispatch, privacy
from notifications.passes.contents import PLACES_MOST
from notifications.passes.ports import PassUpdate, Wallet
from notifications.passes.showing import token_of
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.retries import RetryRules
from offers import expiry
from offers import facade as offers
from tests.conftest import START
from tests.notifications.passes.conftest import PASS_TYPE, House
from tests.notifications.passes.test_endpoints import said
from tests.offers.builders import race

RULES = RetryRules(10, 300, 3)
AWAY = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE)


def consents(house: House, shopper_id: str, *, granted: bool) -> None:
    with house.database.transaction() as session:
        set_consent(session, shopper_id, Purpose.MARKETING_PUSH, granted=granted, source="test", at=house.database.clock.now())


def held(house: House, *purposes: Purpose, devices: tuple[str, ...] = ("device1",)) -> tuple[str, str]:
    """(shopper, coupon) whose pass lies in these devices, which know its form of now."""
    jane, _ = house.shopper(*purposes)
    coupon = house.coupon(jane)
    for device in devices:
        house.registers(device, coupon.id)
    house.settle()
    house.apple.sent.clear()
    return jane, coupon.id


def fetched(house: House, coupon_id: str) -> dict[str, Any]:
    return said(house.client.get(f"/wallet/apple/v1/passes/{PASS_TYPE}/{coupon_id}", headers={"Authorization": f"ApplePass {token_of(coupon_id)}"}).content)


def told(house: House) -> list[str]:
    return [update.address for update in house.apple.sent]


class TestWhatIsTold:
    def test_a_new_registration_once(self, house: House) -> None:
        """Nobody knows which form of it that wallet was given: it may have been used between."""
        jane, _ = house.shopper()
        house.registers("device1", house.coupon(jane).id)
        house.settle()
        house.settle()
        assert (told(house), [dict(update.form) for update in house.apple.sent]) == (["device100000000"], [{}])

    def test_every_state_it_comes_into(self, house: House) -> None:
        """Planted bug: no event from the shared move."""
        _, coupon_id = held(house)
        seen: list[tuple[str, int, bool]] = []
        for state in ("reserved", "issued", "redeemed", "issued", "revoked"):
            house.moves(coupon_id, state)
            house.settle()
            seen.append((state, len(told(house)), fetched(house, coupon_id)["voided"]))
        assert seen == [("reserved", 1, True), ("issued", 2, False), ("redeemed", 3, True), ("issued", 4, False), ("revoked", 5, True)]
        assert set(told(house)) == {"device100000000"}

    def test_that_its_time_is_over_though_nobody_says_so(self, house: House, clock: ManualClock) -> None:
        """Planted bug: only events asked for looks."""
        _, coupon_id = held(house)
        clock.advance(timedelta(days=1).total_seconds() + 1)
        house.settle()
        assert (told(house), fetched(house, coupon_id)["voided"]) == (["device100000000"], True)
        with house.database.transaction() as session:
            expiry.expire_due(session, clock.now())
        clock.advance(timedelta(days=3).total_seconds())
        house.settle()
        assert len(told(house)) == 1  # it says so already

    def test_frozen_and_thawed(self, house: House) -> None:
        jane, coupon_id = held(house)
        with house.database.transaction() as session:
            freezing.freeze_shopper(session, jane, "session_ended", told_at=START)
        house.settle()
        assert (len(told(house)), fetched(house, coupon_id)["voided"]) == (1, True)
        with house.database.transaction() as session:
            assert freezing.proved_again(session, jane, at=START)
        house.settle()
        assert (len(told(house)), fetched(house, coupon_id)["voided"]) == (2, False)

    def test_nothing_where_nothing_on_it_has_changed(self, house: House) -> None:
        """Consent for messages is taken and given again before anybody looked; the campaign ends, and what was given stays good."""
        jane, coupon_id = held(house, Purpose.MARKETING_PUSH)
        consents(house, jane, granted=False)
        consents(house, jane, granted=True)
        with house.database.transaction() as session:
            offers.end_campaign(session, "cam_bonbon", at=START)
        house.settle()
        assert (told(house), fetched(house, coupon_id)["voided"]) == ([], False)

    def test_another_language(self, house: House) -> None:
        """Planted bug: her choice kept without a look at what is written in it."""
        jane, coupon_id = held(house)
        with house.database.transaction() as session:
            facade.like(session, jane, language="fi", ways=[], called="", at=START)
        house.settle()
        assert (told(house), fetched(house, coupon_id)["coupon"]["backFields"][0]["label"]) == (["device100000000"], "Kassalla")

    def test_once_however_often_it_changed(self, house: House) -> None:
        _, coupon_id = held(house)
        for state in ("reserved", "issued", "reserved", "redeemed"):
            house.moves(coupon_id, state)
        house.settle()
        assert told(house) == ["device100000000"]

    def test_a_device_once_for_all_its_passes(self, house: House) -> None:
        jane, _ = house.shopper(Purpose.MARKETING_PUSH)
        coupons = [house.coupon(jane, campaign_id=f"cam_{n}") for n in range(3)]
        for coupon in coupons:
            house.registers("device1", coupon.id)
        house.settle()
        house.apple.sent.clear()
        consents(house, jane, granted=False)
        house.settle()
        assert (told(house), {copy.state for copy in house.copies()}) == (["device100000000"], {"quiet"})

    def test_each_device_that_holds_it_and_nobody_elses(self, house: House) -> None:
        _, coupon_id = held(house, devices=("device1", "device2"))
        other, _ = house.shopper()
        house.registers("device3", house.coupon(other, campaign_id="cam_other").id)
        house.settle()
        house.apple.sent.clear()
        house.moves(coupon_id, "redeemed")
        house.settle()
        assert sorted(told(house)) == ["device100000000", "device200000000"]

    def test_nothing_is_stored_of_moves_as_long_as_no_wallet_holds_a_pass(self, house: House) -> None:
        jane, _ = house.shopper()
        house.moves(house.coupon(jane).id, "reserved")
        with house.database.reading() as session:
            assert session.scalars(select(OutboxEvent.id).where(OutboxEvent.type.in_(("coupon.moved", "freeze.changed")))).all() == []


class TestConsent:
    def test_withdrawn_takes_the_stores_off_and_given_puts_them_on(self, house: House) -> None:
        """Planted bug: a withdrawal that asked for no look: the wallet kept on calling her near every store."""
        jane, coupon_id = held(house, Purpose.MARKETING_PUSH)
        calls = {"locations", "beacons", "relevantDate"}
        assert calls <= set(fetched(house, coupon_id))
        consents(house, jane, granted=False)
        house.settle()
        assert (told(house), calls & set(fetched(house, coupon_id))) == (["device100000000"], set())
        consents(house, jane, granted=True)
        house.settle()
        assert (len(told(house)), calls <= set(fetched(house, coupon_id))) == (2, True)
        assert "changeMessage" not in json.dumps(fetched(house, coupon_id))  # a change makes no sound


class TestWhatIsAnswered:
    def test_a_dead_token_is_asked_once_and_forgotten_with_all_its_passes(self, house: House) -> None:
        """Planted bug: deleting the one copy that was told, so that the other asked the dead token again."""
        jane, _ = house.shopper(Purpose.MARKETING_PUSH)
        coupons = [house.coupon(jane, campaign_id=f"cam_{n}") for n in range(3)]
        for coupon in coupons:
            house.registers("device1", coupon.id)
        house.registers("device2", coupons[0].id)
        house.apple.program("device100000000", PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD))
        house.settle()
        house.moves(coupons[1].id, "redeemed")
        house.settle()
        assert (told(house).count("device100000000"), house.listed("device1"), len(house.copies())) == (1, None, 1)

    def test_one_registered_again_meanwhile_stays(self, house: House, clock: ManualClock) -> None:
        _, coupon_id = held(house)
        house.moves(coupon_id, "redeemed")
        house.relay.run_until_idle()
        dispatch.look_at_due(house.database, Wallet.APPLE, house.passes.forms)
        [claimed] = claims(house)
        clock.advance(1)
        house.registers("device1", coupon_id)
        with house.database.transaction() as session:
            assert not dispatch.record(session, claimed, PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD), rules=RULES, at=clock.now())
        house.settle()
        assert told(house) == ["device100000000"]

    def test_later_after_retry_after_and_not_before(self, house: House, clock: ManualClock) -> None:
        """Planted bug: the provider's Retry-After not handed on."""
        _, coupon_id = held(house)
        house.apple.program("device100000000", PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=120.0))
        house.moves(coupon_id, "redeemed")
        house.settle()
        [copy] = house.copies()
        assert (copy.state, copy.reason, copy.attempts, copy.next_attempt_at >= START + timedelta(seconds=120)) == ("queued", "provider_quota", 1, True)
        clock.advance(119)
        house.settle()
        assert len(told(house)) == 1
        clock.advance(5)
        house.settle()
        [copy] = house.copies()
        assert (len(told(house)), copy.state, copy.reason, copy.told_at) == (2, "quiet", None, clock.now())

    def test_given_up_today_is_begun_again_tomorrow(self, house: House, clock: ManualClock) -> None:
        """Three tries, then rest. Planted bug: nothing looked again, and the used coupon stood in her wallet as good for ever."""
        _, coupon_id = held(house)
        house.apple.program("device100000000", *[AWAY] * 3)
        house.moves(coupon_id, "redeemed")
        for _ in range(5):
            house.settle()
            clock.advance(60)
        [copy] = house.copies()
        assert (len(told(house)), copy.state, copy.reason) == (3, "quiet", "gave_up")
        clock.advance(timedelta(days=1).total_seconds())
        house.settle()
        [copy] = house.copies()
        assert (len(told(house)), copy.state, copy.reason) == (4, "quiet", None)

    def test_refused_is_not_tried_again_at_once(self, house: House) -> None:
        _, coupon_id = held(house)
        house.apple.program("device100000000", PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED))
        house.moves(coupon_id, "redeemed")
        house.settle()
        [copy] = house.copies()
        assert (len(told(house)), copy.state, copy.reason) == (1, "quiet", "provider_refused")

    def test_a_provider_that_is_away_is_left_alone_and_nothing_is_lost(self, house: House, clock: ManualClock) -> None:
        """Four failures open the breaker; then one asks whether it is back. Planted bug: the loop never asked its breaker."""
        jane, _ = house.shopper()
        coupon = house.coupon(jane)
        for n in range(6):
            house.registers(f"device{n}", coupon.id)
            house.apple.program(f"device{n}00000000", AWAY, AWAY)
        asked: list[int] = []
        for wait_s in (0, 20, *[400] * 8):
            clock.advance(wait_s)
            house.settle()
            asked.append(len(told(house)))
        assert asked[:2] == [6, 7]  # all at once, then one to see
        assert ({copy.state for copy in house.copies()}, {copy.reason for copy in house.copies()}) == ({"quiet"}, {None})

    def test_a_gateway_that_raises_is_tried_again(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        _, coupon_id = held(house)

        def broken(_update: PassUpdate) -> PushReceipt:
            raise RuntimeError("a fault of ours")

        monkeypatch.setattr(house.apple, "send", broken)
        house.moves(coupon_id, "redeemed")
        house.settle()
        [copy] = house.copies()
        assert (copy.state, copy.reason) == ("queued", "provider_unknown")


def claims(house: House, limit: int = 10) -> list[dispatch.Claimed]:
    with house.database.transaction() as session:
        return dispatch.claim(session, Wallet.APPLE, house.passes.forms, at=house.database.clock.now(), limit=limit, lease_s=60)


class TestClaim:
    def ready(self, house: House) -> str:
        _, coupon_id = held(house)
        house.moves(coupon_id, "reserved")
        house.relay.run_until_idle()
        dispatch.look_at_due(house.database, Wallet.APPLE, house.passes.forms)
        return coupon_id

    def test_by_one_of_many_at_once(self, house: House) -> None:
        """Planted bug: claiming without looking whether an answer is waited for from that address."""
        self.ready(house)
        taken = race([lambda: claims(house)] * 4)
        assert [len(found) for found in sorted(taken, key=len)] == [0, 0, 0, 1]

    def test_a_device_that_is_waited_for_holds_up_no_other(self, house: House, clock: ManualClock) -> None:
        """Planted bug: what is due of a device whose answer is waited for stood first in the line."""
        coupon_id = self.ready(house)
        [first] = claims(house)
        jane, _ = house.shopper()
        house.registers("device1", house.coupon(jane, campaign_id="cam_two").id)
        dispatch.look_at_due(house.database, Wallet.APPLE, house.passes.forms)
        clock.advance(1)
        house.registers("device2", coupon_id)
        dispatch.look_at_due(house.database, Wallet.APPLE, house.passes.forms)
        [second] = claims(house, limit=1)
        assert (first.update.address, second.update.address, claims(house, limit=1)) == ("device100000000", "device200000000", [])

    def test_a_lease_that_ran_out_is_taken_over_and_the_first_says_nothing(self, house: House, clock: ManualClock) -> None:
        self.ready(house)
        [first] = claims(house)
        assert claims(house) == []
        clock.advance(61)
        [second] = claims(house)
        with house.database.transaction() as session:
            assert not dispatch.record(session, first, PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED), rules=RULES, at=clock.now())
            assert dispatch.record(session, second, PushReceipt(Outcome.ACCEPTED), rules=RULES, at=clock.now())
        [copy] = house.copies()
        assert (copy.state, copy.reason, copy.told_at) == ("quiet", None, clock.now())

    def test_a_change_while_it_is_told_is_told_after(self, house: House) -> None:
        """Planted bug: an answer set the row to rest whatever had changed since it was asked."""
        coupon_id = self.ready(house)
        [claimed] = claims(house)
        house.moves(coupon_id, "issued")
        house.relay.run_until_idle()
        dispatch.look_at_due(house.database, Wallet.APPLE, house.passes.forms)
        with house.database.transaction() as session:
            dispatch.record(session, claimed, PushReceipt(Outcome.ACCEPTED), rules=RULES, at=START)
        house.settle()
        assert told(house) == ["device100000000"]

    def test_no_transaction_is_open_while_a_wallet_is_asked(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        coupon_id = self.ready(house)
        seen: list[str] = []

        def send(_update: PassUpdate) -> PushReceipt:
            with house.database.transaction() as session:  # refused if one were open in this thread, and SQLite's one writer free
                seen.append(str(session.scalar(select(1))))
            return PushReceipt(Outcome.ACCEPTED)

        monkeypatch.setattr(house.apple, "send", send)
        house.settle()
        assert (seen, fetched(house, coupon_id)["voided"]) == (["1"], True)


def _waits_for_a_row(house: House) -> bool:
    """Whether somebody waits for what another has locked; on SQLite everybody does, for the one turn to write."""
    if house.database.dialect != "postgresql":
        return True
    with house.database.reading() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")))


class TestLook:
    def test_what_happens_during_it_is_looked_at_after_it(self, house: House) -> None:
        """A look reads the facts with the rows locked. Planted bug: facts read before the lock: the look ended with old facts and put its
        own next date over that of the event."""
        _, coupon_id = held(house)
        began, go = threading.Event(), threading.Event()
        forms = house.passes.forms
        real = type(forms).facts

        def slow(self: Any, session: Any, serial: str, at: Any) -> Any:
            found = real(self, session, serial, at)
            if threading.current_thread().name == "looker":
                began.set()
                go.wait(60)
            return found

        def looks() -> None:
            with house.database.transaction() as session:
                changes.look(session, forms, coupon_id, START)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(forms), "facts", slow)
            looker = threading.Thread(target=looks, name="looker")
            looker.start()
            assert began.wait(60)
            teller = threading.Thread(target=lambda: (house.moves(coupon_id, "redeemed"), house.relay.run_until_idle()))
            teller.start()
            while teller.is_alive() and not _waits_for_a_row(house):
                teller.join(0.01)
            go.set()
            looker.join(60)
            teller.join(60)
        house.settle()
        assert (told(house), fetched(house, coupon_id)["voided"]) == (["device100000000"], True)

    def test_a_pass_that_cannot_be_looked_at_holds_up_no_other(self, house: House, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        jane, _ = house.shopper()
        bad, good = (house.coupon(jane, campaign_id=name) for name in ("cam_bad", "cam_good"))
        house.registers("device1", bad.id)
        house.registers("device2", good.id)
        real = changes.look

        def look(session: Any, forms: Any, coupon_id: str, at: Any) -> Any:
            if coupon_id == bad.id:
                raise RuntimeError("a fault of ours")
            return real(session, forms, coupon_id, at)

        monkeypatch.setattr(changes, "look", look)
        house.settle()  # would not end if it were looked at again at once
        assert told(house) == ["device200000000"]


class TestGoogle:
    def saved(self, house: House, *purposes: Purpose) -> tuple[str, str]:
        jane, headers = house.shopper(*purposes)
        coupon = house.coupon(jane)
        assert house.client.get(f"/v1/coupons/{coupon.id}/passes/google", headers=headers).status_code == 303
        house.settle()
        assert house.google.sent == []  # the link itself brought what it says
        return jane, coupon.id

    def test_its_state_and_its_code(self, house: House) -> None:
        _, coupon_id = self.saved(house, Purpose.MARKETING_PUSH)
        for state in ("reserved", "redeemed", "expired", "issued"):
            house.moves(coupon_id, state)
            house.settle()
        assert {update.address for update in house.google.sent} == {f"3388000000000000000.{coupon_id}"}
        told_of = [(u.form["state"], u.form["barcode"] is None, u.form["locations"] is None) for u in house.google.sent]
        assert told_of == [("INACTIVE", True, True), ("COMPLETED", True, True), ("EXPIRED", True, True), ("ACTIVE", False, False)]
        assert (house.google.sent[0].form["validTimeInterval"]["end"]["date"], house.apple.sent) == ("2026-11-22T12:00:00Z", [])

    def test_stores_come_off_with_her_consent_and_the_code_stays(self, house: House) -> None:
        """Planted bug: leaving out what is gone, which a PATCH leaves as it was."""
        jane, _ = self.saved(house, Purpose.MARKETING_PUSH)
        consents(house, jane, granted=False)
        house.settle()
        [update] = house.google.sent
        assert (update.form["state"], update.form["locations"], update.form["barcode"]["type"]) == ("ACTIVE", None, "QR_CODE")
        consents(house, jane, granted=True)
        house.settle()
        assert 0 < len(house.google.sent[1].form["locations"]) <= PLACES_MOST

    def test_never_saved_ends_quietly_and_is_asked_once_a_day_while_the_offer_lives(self, house: House, clock: ManualClock) -> None:
        _, coupon_id = self.saved(house)
        nobody = PushReceipt(Outcome.REFUSED, reason=Reason.PASS_NOT_SAVED)
        house.google.program(f"3388000000000000000.{coupon_id}", *[nobody] * 9)
        house.moves(coupon_id, "redeemed")
        house.settle()
        [copy] = house.copies()
        assert (len(house.google.sent), copy.state, copy.reason) == (1, "quiet", "pass_not_saved")
        for _ in range(4):
            clock.advance(timedelta(days=1).total_seconds())
            house.settle()
        assert len(house.google.sent) == 1  # its day was over

    def test_led_there_twice_it_is_one_pass(self, house: House) -> None:
        jane, headers = house.shopper()
        coupon = house.coupon(jane)
        for _ in range(2):
            house.client.get(f"/v1/coupons/{coupon.id}/passes/google", headers=headers)
        assert [copy.wallet for copy in house.copies()] == ["google"]


class TestPrivacy:
    def test_exported_without_addresses_and_erased(self, house: House) -> None:
        jane, coupon_id = held(house)
        [holder] = privacy.HOLDERS
        with house.database.transaction() as session:
            told_of = holder.export(session, jane)
            assert told_of == {"passes": [{"coupon_id": coupon_id, "wallet": "apple", "registered_at": START, "told_at": START}]}
            assert (holder.erase(session, jane), holder.erase(session, jane)) == (1, 0)
        house.moves(coupon_id, "redeemed")
        house.settle()
        assert (house.copies(), told(house)) == ([], [])

    def test_kept_until_a_while_after_the_offer_has_ended(self) -> None:
        [rule] = privacy.RULES
        assert (rule.table, rule.column, rule.keep_s) == ("notifications_pass_copy", "ends_at", 30 * 86_400)
