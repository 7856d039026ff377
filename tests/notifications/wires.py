"""Both push gateways behind one way to script a provider, so that one suite can ask the same of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.demo.peers.fcm_peer import FcmPeer, Step
from app.demo.peers.fcm_peer import Outcome as Peer
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.ports import Outcome, PushGateway, PushReceipt, PushRequest, TokenKind
from notifications.reasons import NotificationReason as Reason

CASES: dict[str, PushReceipt] = {
    "unregistered": PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD),
    "sender_id_mismatch": PushReceipt(Outcome.REFUSED, reason=Reason.SENDER_MISMATCH),
    "invalid_argument": PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED),
    "quota_exceeded": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=7.0),
    "unavailable": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "unavailable_but_delivered": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "internal": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "third_party_auth_error": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=30.0),
    "timeout": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN),
    "garbage": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN),
    "garbage_error": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN),
}
"""What each thing a provider may do means to us."""

DELIVERED_ANYWAY = {"unavailable_but_delivered"}
_TRIES = {"third_party_auth_error": 3}
"""The SDK asks for a new access token and repeats a 401 twice; such a message was never delivered."""


class MemoryWire:
    """The twin, scripted."""

    def __init__(self) -> None:
        self._twin = MemoryGateway()
        self.gateway: PushGateway = self._twin

    def script(self, address: str, case: str) -> None:
        self._twin.program(address, CASES[case], delivered=case in DELIVERED_ANYWAY)

    def arrived(self, address: str) -> list[tuple[str, str]]:
        return [(r.message_id, r.collapse_key) for r in self._twin.arrived if r.address == address]

    def attempts(self, address: str) -> int:
        return sum(1 for r in self._twin.attempts if r.address == address)

    def close(self) -> None:
        self.gateway.close()


class FcmWire:
    """The real SDK speaking to the local stand-in."""

    def __init__(self, peer: FcmPeer) -> None:
        self.peer = peer
        self.gateway: PushGateway = FcmGateway(peer.service_account(), fcm_url=peer.fcm_url, timeout_s=0.5)

    def script(self, address: str, case: str) -> None:
        retry_after = "7" if case == "quota_exceeded" else None
        self.peer.program(address, *[Step(Peer(case), retry_after=retry_after, hold_s=2.0)] * _TRIES.get(case, 1))

    def arrived(self, address: str) -> list[tuple[str, str]]:
        return [(d.data["message_id"], d.message["android"]["collapse_key"]) for d in self.peer.delivered(address)]

    def attempts(self, address: str) -> int:
        return len(self.peer.attempts(address))

    def close(self) -> None:
        self.gateway.close()


def request_to(
    address: str, *, message_id: str = "msg_1", kind: TokenKind = TokenKind.TOKEN, ttl_s: int = 600
) -> PushRequest:
    return PushRequest(
        message_id=message_id,
        address=address,
        kind=kind,
        title="Bonbon of the month",
        body="25 % off",
        link="/m/coupons/cpn_1",
        collapse_key="vis_1",
        ttl_s=ttl_s,
        expires_at=datetime.now(UTC) + timedelta(seconds=ttl_s),
        data={"message_id": message_id, "title": "Bonbon of the month", "body": "25 % off", "link": "/m/coupons/cpn_1"},
    )
