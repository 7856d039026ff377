"""Which wallets are set up follows from the settings; what is, is told of changes by parts of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.demo.peers.apns_peer import ApnsPeer, refusal
from app.kernel.db import Database
from app.kernel.outbox import Subscriptions
from notifications.channel_settings import ChannelSettings
from notifications.passes import wiring
from notifications.passes.ports import PassUpdate, Wallet
from notifications.ports import PushReceipt
from notifications.settings import NotificationSettings
from tests.notifications.passes.conftest import ORIGIN, PASS_TYPE, House, self_vouched


class TestBuild:
    def test_nothing_where_nothing_is_set(self, database: Database) -> None:
        parts = wiring.build(database, NotificationSettings(), None, ORIGIN)  # type: ignore[call-arg]
        assert (parts.apple, parts.google, parts.loops, wiring.of(SimpleNamespace(notifications=SimpleNamespace(passes=parts)))) == (None, None, (), parts)

    def test_each_wallet_with_a_loop_of_its_own(self, database: Database, merchant: ChannelSettings) -> None:
        parts = wiring.build(database, NotificationSettings(), merchant, ORIGIN)  # type: ignore[call-arg]
        assert ([loop.gateway.wallet for loop in parts.loops], parts.tells(Wallet.GOOGLE)) == ([Wallet.APPLE, Wallet.GOOGLE], True)
        parts.stop()

    def test_a_certificate_that_cannot_be_read(self, database: Database) -> None:
        chosen = ChannelSettings(apple_pass_certificate_path="/none.pem")  # type: ignore[call-arg]
        with pytest.raises(OSError, match=r"none\.pem"):
            wiring.build(database, NotificationSettings(), chosen, ORIGIN)  # type: ignore[call-arg]


class TestSubscribe:
    def test_where_no_wallet_is_set_up_no_coupon_that_moves_asks(self, database: Database) -> None:
        """Seen to fail with the subscription made whether or not a wallet is there: every redemption asked for nothing."""
        subscriptions = Subscriptions()
        wiring.build(database, NotificationSettings(), None, ORIGIN).subscribe(subscriptions)  # type: ignore[call-arg]
        subscriptions.attach(database)
        assert database.consumers == {}


class TestApple:
    def test_from_the_settings_to_apple_and_back(self, house: House, merchant: ChannelSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the house builds by itself, over HTTP/2 and TLS with the certificate it signs passes with: woken, the device asks and is given the
        void pass; once the device is gone it is asked no more."""
        certificate = self_vouched(tmp_path / "apple.pem", "api.push.apple.com")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with ApnsPeer(certificate, Path(merchant.apple_pass_certificate_path), PASS_TYPE) as peer:
            chosen = merchant.model_copy(update={"apns_url": peer.url, "google_wallet_account_path": ""})
            built = wiring.build(house.database, NotificationSettings(), chosen, ORIGIN)  # type: ignore[call-arg]
            jane, _ = house.shopper()
            coupon = house.coupon(jane)
            house.registers("device1", coupon.id)
            [loop] = built.loops
            while loop.run_once():
                pass
            changed, tag = house.listed("device1") or ([], "")
            peer.program("device100000000", refusal(410, "Unregistered"))
            house.moves(coupon.id, "redeemed")
            house.relay.run_until_idle()
            while loop.run_once():
                pass
            assert ([heard.body for heard in peer.attempts["device100000000"]], changed, house.listed("device1", tag)) == ([b"{}", b"{}"], [coupon.id], None)
            assert house.copies() == []
            built.stop()


class TestLoops:
    def test_a_change_reaches_the_wallet_by_threads_alone(self, house: House) -> None:
        """Registered over HTTP, woken by the commit, told by the loop's own thread."""
        arrived = threading.Event()
        take = house.apple.send

        def send(update: PassUpdate) -> PushReceipt:
            arrived.set()
            return take(update)

        house.apple.send = send  # type: ignore[method-assign]
        house.passes.start()
        try:
            jane, _ = house.shopper()
            house.registers("device1", house.coupon(jane).id)
            assert arrived.wait(30)
        finally:
            house.passes.stop()
        assert ([loop.running for loop in house.passes.loops], house.copies()[0].state) == ([False, False], "quiet")
