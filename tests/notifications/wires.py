"""Every channel behind one way to script its provider, so that one suite can ask the same of each."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.demo.peers.fcm_peer import FcmPeer, Step
from app.demo.peers.fcm_peer import Outcome as Peer
from app.demo.peers.scripted_peer import Answer
from app.demo.peers.twilio_peer import TwilioPeer, refusal
from app.demo.peers.web_push_peer import WebPushPeer
from app.security.contacts.facade import ContactKind
from app.security.contacts.settings import ContactSettings
from notifications.adapters.email_gateway import EmailGateway
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.adapters.twilio_gateway import TwilioGateway
from notifications.adapters.web_push_gateway import WebPushGateway
from notifications.contracts import ChannelKind
from notifications.ports import Extras, Outcome, PushGateway, PushReceipt, PushRequest, TokenKind
from notifications.reasons import NotificationReason as Reason
from tests.app.security.contacts.smtp_peer import SmtpPeer

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
PATIENT_S, IMPATIENT_S = 30.0, 1.5
"""A busy machine's answer may take a second; only where silence is the case, nobody waits long for it."""
_TRIES = {"third_party_auth_error": 3}
"""The SDK asks for a new access token and repeats a 401 twice; such a message was never delivered."""


class MemoryWire:
    """The twin, scripted."""

    cases = CASES

    def __init__(self) -> None:
        self._twin = MemoryGateway()
        self.gateway: PushGateway = self._twin

    def script(self, address: str, case: str, patience_s: float = IMPATIENT_S) -> None:
        self._twin.program(address, CASES[case], delivered=case in DELIVERED_ANYWAY)

    def arrived(self, address: str) -> list[tuple[str, str]]:
        return [(r.message_id, r.collapse_key) for r in self._twin.arrived if r.address == address]

    def request(self, address: str, **changes: int) -> PushRequest:
        return request_to(address, **changes)

    def attempts(self, address: str) -> int:
        return sum(1 for r in self._twin.attempts if r.address == address)

    def close(self) -> None:
        self.gateway.close()


class FcmWire:
    """The real SDK speaking to the local stand-in."""

    cases = CASES

    def __init__(self, peer: FcmPeer) -> None:
        self.peer = peer
        self.gateway = self._made(PATIENT_S)

    def _made(self, timeout_s: float) -> PushGateway:
        return FcmGateway(self.peer.service_account(), fcm_url=self.peer.fcm_url, timeout_s=timeout_s)

    def script(self, address: str, case: str, patience_s: float = IMPATIENT_S) -> None:
        if case == "timeout":
            self.gateway.close()
            self.gateway = self._made(patience_s)
        retry_after = "7" if case == "quota_exceeded" else None
        self.peer.program(address, *[Step(Peer(case), retry_after=retry_after, hold_s=2 * patience_s)] * _TRIES.get(case, 1))

    def arrived(self, address: str) -> list[tuple[str, str]]:
        return [(d.data["message_id"], d.message["android"]["collapse_key"]) for d in self.peer.delivered(address)]

    def request(self, address: str, **changes: int) -> PushRequest:
        return request_to(address, **changes)

    def attempts(self, address: str) -> int:
        return len(self.peer.attempts(address))

    def close(self) -> None:
        self.gateway.close()


WEB_PUSH_CASES = {
    "gone": PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD),
    "not_found": PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD),
    "another_key": PushReceipt(Outcome.REFUSED, reason=Reason.SENDER_MISMATCH),
    "bad_request": PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED),
    "moved": PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED),
    "too_large": PushReceipt(Outcome.REFUSED, reason=Reason.PAYLOAD_TOO_LARGE),
    "quota": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=7.0),
    "auth": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=30.0),
    "unavailable_but_delivered": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "timeout": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN),
    "garbage": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN),
}
WEB_PUSH_ANSWERS = {
    "gone": Answer(410), "not_found": Answer(404), "another_key": Answer(403), "bad_request": Answer(400), "too_large": Answer(413),
    "moved": Answer(307, headers={"Location": "http://127.0.0.1:1/"}), "quota": Answer(429, headers={"Retry-After": "7"}), "auth": Answer(401),
    "unavailable_but_delivered": Answer(503, takes=True), "garbage": Answer(garbage=True),
}  # fmt: skip


class WebPushWire:
    """Sealed messages to a stand-in for a push service, opened with the browser's own keys."""

    cases = WEB_PUSH_CASES

    def __init__(self, peer: WebPushPeer) -> None:
        self.peer = peer
        self.gateway = self._made(PATIENT_S)

    def _made(self, timeout_s: float) -> PushGateway:
        return WebPushGateway("mailto:ops@shop.example", [self.peer.url], timeout_s=timeout_s)

    def script(self, address: str, case: str, patience_s: float = IMPATIENT_S) -> None:
        if case == "timeout":
            self.gateway.close()
            self.gateway = self._made(patience_s)
        self.peer.program(address, Answer(hold_s=2 * patience_s) if case == "timeout" else WEB_PUSH_ANSWERS[case])

    def arrived(self, address: str) -> list[tuple[str, str]]:
        return [(data["message_id"], data["collapse_key"]) for data, _ in self.peer.delivered.get(address, [])]

    def attempts(self, address: str) -> int:
        return len(self.peer.attempts.get(address, []))

    def request(self, address: str, **changes: int) -> PushRequest:
        given = self.peer.subscribe(address)
        kept = {"endpoint": given["endpoint"], **given["keys"]}
        return request_to(json.dumps(kept), kind=TokenKind.WEB_PUSH, **changes)

    def close(self) -> None:
        self.gateway.close()


SMTP_CASES = {
    "no_mailbox": PushReceipt(Outcome.DEAD, reason=Reason.ADDRESS_REFUSED),
    "not_taken": PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED),
    "not_now": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "spam": PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED),
    "full": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "not_you": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
    "garbage": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE),
}
SMTP_REPLIES = {
    "no_mailbox": ("RCPT", "550 5.1.1 no such mailbox"), "not_taken": ("RCPT", "550 not here"), "not_now": ("RCPT", "450 come again"), "spam": ("END", "554 spam"), "full": ("END", "452 full"),
    "not_you": ("CONNECT", "554 not you"), "garbage": ("MAIL", "what?"),
}  # fmt: skip


class SmtpWire:
    """A real conversation with a mail server; its answers are for everybody, so a case is told and then taken back."""

    cases = SMTP_CASES

    def __init__(self, peer: SmtpPeer) -> None:
        peer.replies.clear()
        self.peer, self._asked = peer, 0
        server = ContactSettings(smtp_host="127.0.0.1", smtp_port=peer.port, smtp_security="none", smtp_timeout_s=30)  # pyright: ignore[reportCallIssue]
        self.gateway: PushGateway = EmailGateway(server, "Ooey Gooey <offers@shop.example>", "https://shop.example")

    def script(self, address: str, case: str, patience_s: float = IMPATIENT_S) -> None:
        verb, line = SMTP_REPLIES[case]
        self.peer.replies[verb] = line

    def arrived(self, address: str) -> list[tuple[str, str]]:
        mine = [m for m in self.peer.messages if m["to"] == _mailbox(address)]
        return [(m["message-id"][1:].partition("@")[0], "vis_1") for m in mine]

    def attempts(self, address: str) -> int:
        return 1

    def request(self, address: str, **changes: int) -> PushRequest:
        made = request_to(_mailbox(address), kind=ContactKind.EMAIL, **changes)
        return replace(made, link="/l/1.abc.def", extras=Extras(unsubscribe="/unsubscribe/tok"))

    def close(self) -> None:
        self.peer.replies.clear()
        self.gateway.close()


TWILIO_CASES = {
    "stopped": PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED),
    "no_number": PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED),
    "bad_request": PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED),
    "quota": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=7.0),
    "auth": PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=30.0),
    "unavailable": PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN),
    "timeout": PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN),
    "garbage": PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN),
    "garbage_answer": PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN),
}
TWILIO_ANSWERS = {
    "stopped": refusal(400, 21610), "no_number": refusal(400, 21211), "bad_request": refusal(400, 21602), "quota": refusal(429, 20429, Retry_After="7"),
    "auth": refusal(401, 20003), "unavailable": refusal(503, 20503), "garbage": Answer(garbage=True),
    "garbage_answer": Answer(201, b"<html>hello</html>"),
}  # fmt: skip


class TwilioWire:
    """Twilio's own SDK speaking to a stand-in for its Messages resource."""

    cases = TWILIO_CASES

    def __init__(self, peer: TwilioPeer, channel: ChannelKind) -> None:
        self.peer, self.channel = peer, channel
        self._numbers: dict[str, str] = {}
        self._serial = next(_wires)
        self.gateway = self._made(PATIENT_S)

    def _made(self, timeout_s: float) -> PushGateway:
        sender, origin = "+358401111111", "https://shop.example"
        return TwilioGateway(self.channel, account=self.peer.account, token="t", sender=sender, origin=origin, url=self.peer.url, timeout_s=timeout_s)

    def number(self, address: str) -> str:
        return self._numbers.setdefault(address, f"+35840{self._serial:05d}{len(self._numbers):02d}")

    def _to(self, address: str) -> str:
        return ("whatsapp:" if self.channel is ChannelKind.WHATSAPP else "") + self.number(address)

    def script(self, address: str, case: str, patience_s: float = IMPATIENT_S) -> None:
        if case == "timeout":
            self.gateway.close()
            self.gateway = self._made(patience_s)
        self.peer.program(self._to(address), Answer(hold_s=2 * patience_s) if case == "timeout" else TWILIO_ANSWERS[case])

    def arrived(self, address: str) -> list[tuple[str, str]]:
        return [("msg_1", "vis_1") for _ in self.peer.delivered.get(self._to(address), [])]

    def attempts(self, address: str) -> int:
        return len(self.peer.attempts.get(self._to(address), []))

    def request(self, address: str, **changes: int) -> PushRequest:
        return replace(request_to(self.number(address), kind=ContactKind.PHONE, **changes), extras=Extras(in_window=True))

    def close(self) -> None:
        self.gateway.close()


_wires = itertools.count()

Wire = MemoryWire | FcmWire | WebPushWire | SmtpWire | TwilioWire


def _mailbox(address: str) -> str:
    return f"{address}@example.org"


def request_to(
    address: str,
    *,
    message_id: str = "msg_1",
    kind: TokenKind | ContactKind = TokenKind.TOKEN,
    ttl_s: int = 600,
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
