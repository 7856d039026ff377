"""One suite over every channel: real SDKs and protocols against local stand-ins, and the in-memory twin."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.demo.peers.fcm_peer import FcmPeer
from app.demo.peers.twilio_peer import TwilioPeer
from app.demo.peers.web_push_peer import WebPushPeer
from notifications.contracts import ChannelKind
from notifications.ports import Outcome, TokenKind
from tests.app.security.contacts.smtp_peer import SmtpPeer
from tests.notifications.wires import (
    DELIVERED_ANYWAY,
    FcmWire,
    MemoryWire,
    SmtpWire,
    TwilioWire,
    WebPushWire,
    Wire,
    request_to,
)

WIRES = {"memory": MemoryWire, "fcm": FcmWire, "web_push": WebPushWire, "email": SmtpWire, "sms": TwilioWire, "whatsapp": TwilioWire}


@pytest.fixture(scope="module")
def peers() -> Iterator[dict[str, object]]:
    with FcmPeer() as fcm, WebPushPeer() as web_push, SmtpPeer() as email, TwilioPeer() as twilio:
        yield {"fcm": fcm, "web_push": web_push, "email": email, "sms": twilio, "whatsapp": twilio}


def _made(name: str, peers: dict[str, object]) -> Wire:
    if name == "memory":
        return MemoryWire()
    if name in ("sms", "whatsapp"):
        return TwilioWire(peers[name], ChannelKind(name))  # type: ignore[arg-type]
    return WIRES[name](peers[name])


@pytest.fixture(params=list(WIRES))
def wire(request: pytest.FixtureRequest, peers: dict[str, object]) -> Iterator[Wire]:
    made = _made(request.param, peers)
    yield made
    made.close()


class TestSend:
    def test_accepted(self, wire: Wire) -> None:
        receipt = wire.gateway.send(wire.request("dev-accepted"))
        assert receipt.outcome is Outcome.ACCEPTED
        assert receipt.provider_message_id
        assert wire.arrived("dev-accepted") == [("msg_1", "vis_1")]

    @pytest.mark.parametrize("kind", [TokenKind.FID, TokenKind.TOKEN])
    @pytest.mark.parametrize("name", ["memory", "fcm"])
    def test_accepted_by_either_kind_of_token(self, peers: dict[str, object], name: str, kind: TokenKind) -> None:
        made = _made(name, peers)
        address = f"dev-accepted-{kind}"
        receipt = made.gateway.send(request_to(address, kind=kind))
        assert receipt.outcome is Outcome.ACCEPTED
        assert receipt.provider_message_id
        assert made.arrived(address) == [("msg_1", "vis_1")]
        made.close()

    @pytest.mark.parametrize(("name", "case"), [(name, case) for name, of in WIRES.items() for case in of.cases])
    def test_each_failure_has_its_meaning_and_is_not_retried_inside(
        self, peers: dict[str, object], name: str, case: str
    ) -> None:
        """Planted bug: leaving the SDK's own retries on turned `unavailable` into five attempts."""
        wire, address = _made(name, peers), f"dev-{case}"
        wire.script(address, case)
        receipt = wire.gateway.send(wire.request(address))
        assert receipt == wire.cases[case]
        assert wire.arrived(address) == ([("msg_1", "vis_1")] if case in DELIVERED_ANYWAY else [])
        assert wire.attempts(address) == (3 if case == "third_party_auth_error" and isinstance(wire, FcmWire) else 1)
        wire.close()

    def test_a_repeat_carries_the_same_ids(self, peers: dict[str, object]) -> None:
        for name in ("memory", "fcm", "web_push"):
            wire, address = _made(name, peers), f"dev-repeat-{name}"
            wire.script(address, "unavailable_but_delivered")
            assert wire.gateway.send(wire.request(address)).outcome is Outcome.RETRY
            assert wire.gateway.send(wire.request(address)).outcome is Outcome.ACCEPTED
            assert wire.arrived(address) == [("msg_1", "vis_1"), ("msg_1", "vis_1")]
            wire.close()

    def test_a_message_with_no_life_left_is_refused(self, wire: Wire) -> None:
        assert wire.gateway.send(wire.request("dev-late", ttl_s=-1)).outcome is Outcome.REFUSED
        assert wire.arrived("dev-late") == []

    def test_an_address_that_is_none_never_raises(self, wire: Wire) -> None:
        for nonsense in ("x", '{"endpoint":"file:///etc/passwd","p256dh":"","auth":""}', "a\r\nRCPT TO:<eve@example.org>", "[]", "\udcff"):
            receipt = wire.gateway.send(replace(wire.request("dev-nonsense"), address=nonsense))
            assert receipt.outcome in Outcome

    def test_one_slow_recipient_does_not_hold_the_others(self, peers: dict[str, object]) -> None:
        for name in ("memory", "fcm", "web_push", "sms"):
            wire = _made(name, peers)
            wire.script("dev-slow", "timeout", patience_s=3)  # the quick ones have as long
            with ThreadPoolExecutor(4) as pool:
                slow = pool.submit(wire.gateway.send, wire.request("dev-slow"))
                quick = list(pool.map(wire.gateway.send, [wire.request(f"dev-quick-{n}") for n in range(6)]))
            assert [q.outcome for q in quick] == [Outcome.ACCEPTED] * 6
            assert slow.result() == wire.cases["timeout"]
            wire.close()
