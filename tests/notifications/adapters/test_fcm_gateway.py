"""What only the real SDK can show: the wire message, credentials, and that nothing is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo.peers.fcm_peer import FcmPeer, Step
from app.demo.peers.fcm_peer import Outcome as Peer
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.ports import Outcome, TokenKind
from notifications.reasons import NotificationReason
from tests.notifications.wires import request_to
from tests.paths import REPOSITORY


@pytest.fixture(scope="module")
def peer() -> Iterator[FcmPeer]:
    with FcmPeer() as running:
        yield running


class TestWire:
    def test_message_as_fcm_receives_it(self, peer: FcmPeer, tmp_path: Path) -> None:
        before = peer.rejected()
        gateway = FcmGateway(str(peer.write_service_account(tmp_path)), fcm_url=peer.fcm_url)
        request = request_to("dev-wire", kind=TokenKind.FID)
        gateway.send(request)
        gateway.close()
        (message,) = peer.attempts("dev-wire")
        assert message == {
            "fid": "dev-wire",
            "data": {
                "message_id": "msg_1",
                "title": "Bonbon of the month",
                "body": "25 % off",
                "link": "/m/coupons/cpn_1",
            },
            "android": {"collapse_key": "vis_1", "priority": "high", "ttl": "600s"},
            "webpush": {"headers": {"TTL": "600", "Urgency": "high"}},
            "apns": {
                "headers": {
                    "apns-collapse-id": "vis_1",
                    "apns-expiration": str(int(request.expires_at.timestamp())),
                    "apns-priority": "10",
                },
                "payload": {
                    "aps": {
                        "alert": {"title": "Bonbon of the month", "body": "25 % off"},
                        "mutable-content": 1,
                        "thread-id": "vis_1",
                    }
                },
            },
        }
        assert peer.rejected() == before


class TestCredentials:
    def test_an_expired_access_token_is_renewed(self, peer: FcmPeer) -> None:
        gateway = FcmGateway(peer.service_account(), fcm_url=peer.fcm_url)
        assert gateway.send(request_to("dev-renew")).outcome is Outcome.ACCEPTED
        peer.revoke_bearers()
        assert gateway.send(request_to("dev-renew", message_id="msg_2")).outcome is Outcome.ACCEPTED
        assert [d.data["message_id"] for d in peer.delivered("dev-renew")] == ["msg_1", "msg_2"]
        gateway.close()

    def test_a_key_google_does_not_know_is_our_fault_not_the_phones(self, peer: FcmPeer) -> None:
        with FcmPeer() as other:
            account = peer.service_account() | {"token_uri": other.base_url + "/token"}
            gateway = FcmGateway(account, fcm_url=other.fcm_url)
            receipt = gateway.send(request_to("dev-key"))
            gateway.close()
        assert (receipt.outcome, receipt.reason) == (Outcome.RETRY, NotificationReason.PROVIDER_AUTH)

    def test_unreadable_account(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="absent"):
            FcmGateway(str(tmp_path / "absent.json"))

    def test_two_gateways_keep_their_own_address(self, peer: FcmPeer) -> None:
        with FcmPeer() as other:
            here = FcmGateway(peer.service_account(), fcm_url=peer.fcm_url)
            there = FcmGateway(other.service_account(), fcm_url=other.fcm_url)
            here.send(request_to("dev-two"))
            there.send(request_to("dev-two"))
            assert (len(peer.attempts("dev-two")), len(other.attempts("dev-two"))) == (1, 1)
            here.close()
            there.close()

    def test_nobody_at_the_address(self, peer: FcmPeer) -> None:
        gateway = FcmGateway(peer.service_account(), fcm_url="http://127.0.0.1:9/v1/projects/{0}/messages:send")
        receipt = gateway.send(request_to("dev-nobody"))
        gateway.close()
        assert (receipt.outcome, receipt.reason) == (Outcome.RETRY, NotificationReason.PROVIDER_UNKNOWN)


class TestMeaning:
    @pytest.mark.parametrize(("header", "expected"), [("3", 3.0), ("nonsense", None), (None, None)])
    def test_retry_after_of_a_503(self, peer: FcmPeer, header: str | None, expected: float | None) -> None:
        gateway = FcmGateway(peer.service_account(), fcm_url=peer.fcm_url)
        peer.program("dev-503", Step(Peer.UNAVAILABLE, retry_after=header))
        assert gateway.send(request_to("dev-503")).retry_after_s == expected
        gateway.close()

    def test_a_wrong_project_does_not_kill_tokens(self, peer: FcmPeer) -> None:
        """A 404 or 403 without FCM's own error code says nothing about the phone."""
        for url in (peer.base_url + "/v1/projects/elsewhere/messages:send", peer.base_url + "/nowhere/{0}"):
            gateway = FcmGateway(peer.service_account(), fcm_url=url)
            assert gateway.send(request_to("dev-project")).outcome is not Outcome.DEAD
            gateway.close()


class TestImport:
    def test_the_sdk_is_imported_only_when_used(self) -> None:
        code = "import sys, notifications.adapters.fcm_gateway; sys.exit('firebase_admin' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
