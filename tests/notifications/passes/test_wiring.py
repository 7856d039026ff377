"""Which wallets are set up follows from the settings; what is, is told of changes by parts of its own."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from app.kernel.db import Database
from notifications.channel_settings import ChannelSettings
from notifications.passes import wiring
from notifications.passes.ports import PassUpdate, Wallet
from notifications.ports import PushReceipt
from notifications.settings import NotificationSettings
from tests.notifications.passes.conftest import ORIGIN, House


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
