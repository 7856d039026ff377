"""Which gateway is chosen, from settings alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.demo.peers.fcm_peer import FcmPeer
from app.kernel.db import Database
from notifications import wiring
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.settings import NotificationSettings


class TestBuild:
    def test_nothing_configured(self, database: Database) -> None:
        parts = wiring.build(database, NotificationSettings())
        assert (parts.gateway, parts.loop) == (None, None)
        parts.start()
        parts.stop()
        assert parts.broadcaster.closed

    def test_a_given_gateway_wins(self, database: Database) -> None:
        gateway = MemoryGateway()
        assert wiring.build(database, NotificationSettings(), gateway=gateway).gateway is gateway

    def test_fcm_by_a_service_account(self, database: Database, tmp_path: Path) -> None:
        with FcmPeer() as peer:
            path = peer.write_service_account(tmp_path)
            assert path.stat().st_mode & 0o777 == 0o600
            settings = NotificationSettings(fcm_service_account_path=str(path), fcm_url=peer.fcm_url)
            parts = wiring.build(database, settings)
            assert isinstance(parts.gateway, FcmGateway)
            parts.stop()

    def test_an_account_that_is_none(self, database: Database, tmp_path: Path) -> None:
        path = tmp_path / "account.json"
        path.write_text('{"type": "authorized_user"}')
        with pytest.raises(ValueError, match="service_account"):
            wiring.build(database, NotificationSettings(fcm_service_account_path=str(path)))


class TestOf:
    def test_found_in_the_house(self, database: Database) -> None:
        parts = wiring.build(database, NotificationSettings())
        assert wiring.of(SimpleNamespace(notifications=parts)) is parts
