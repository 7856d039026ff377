"""What SMS and WhatsApp alone have to say: what is asked of Twilio, and what is not even asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.demo.peers.twilio_peer import TwilioPeer
from notifications.adapters.twilio_gateway import TwilioGateway
from notifications.contracts import ChannelKind
from notifications.ports import Extras, Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from tests.notifications.wires import TwilioWire, request_to


@pytest.fixture
def peer() -> Iterator[TwilioPeer]:
    with TwilioPeer() as running:
        yield running


def _gateway(peer: TwilioPeer, channel: ChannelKind, **more: str) -> TwilioGateway:
    given = {"account": peer.account, "token": "t", "sender": "+358401111111", "origin": "https://shop.example", "url": peer.url}
    return TwilioGateway(channel, **(given | more))  # type: ignore[arg-type]


class TestSms:
    def test_what_is_asked(self, peer: TwilioPeer) -> None:
        wire = TwilioWire(peer, ChannelKind.SMS)
        wire.gateway.send(replace(wire.request("jane"), link="/l/1.a.b"))
        [fields] = peer.delivered[wire.number("jane")]
        assert fields == {
            "To": wire.number("jane"), "From": "+358401111111", "Body": "Bonbon of the month\n25 % off\nhttps://shop.example/l/1.a.b", "ValidityPeriod": "600",
            "StatusCallback": "https://shop.example/v1/inbound/twilio/status",
        }  # fmt: skip

    def test_what_is_risky_carries_no_link(self, peer: TwilioPeer) -> None:
        wire = TwilioWire(peer, ChannelKind.SMS)
        wire.gateway.send(replace(wire.request("jane"), extras=Extras(risky=True)))
        assert peer.delivered[wire.number("jane")][0]["Body"] == "Bonbon of the month\n25 % off"
        slipped_in = replace(wire.request("joe"), body="log in at shop.example.com now", extras=Extras(risky=True))
        assert wire.gateway.send(slipped_in) == PushReceipt(Outcome.REFUSED, reason=Reason.LINK_NOT_ALLOWED)
        assert wire.attempts("joe") == 0

    def test_too_long_is_refused_whole(self, peer: TwilioPeer) -> None:
        wire = TwilioWire(peer, ChannelKind.SMS)
        assert wire.gateway.send(replace(wire.request("jane"), body="🍫" * 200)) == PushReceipt(Outcome.REFUSED, reason=Reason.TEXT_TOO_LONG)
        assert wire.attempts("jane") == 0

    def test_a_messaging_service_sends_instead_of_a_number(self, peer: TwilioPeer) -> None:
        gateway = _gateway(peer, ChannelKind.SMS, sender="MG1")
        gateway.send(request_to("+358401234567"))
        assert (peer.delivered["+358401234567"][0]["MessagingServiceSid"], "From" in peer.delivered["+358401234567"][0]) == ("MG1", False)

    def test_nobody_there_is_asked_again(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        gateway = TwilioGateway(ChannelKind.SMS, account="AC1", token="t", sender="+1", origin="", url=f"http://127.0.0.1:{port}")
        assert gateway.send(request_to("+358401234567")) == PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE)

    def test_the_sdk_writes_nothing_into_the_log(self, peer: TwilioPeer, caplog: pytest.LogCaptureFixture) -> None:
        """Seen to fail with the SDK's own logger: account and answer stood in it."""
        _gateway(peer, ChannelKind.SMS).send(request_to("+358401234567"))
        assert peer.account not in caplog.text
        assert "+358401234567" not in caplog.text


class TestWhatsApp:
    def test_within_the_window_as_it_is_written(self, peer: TwilioPeer) -> None:
        _gateway(peer, ChannelKind.WHATSAPP).send(replace(request_to("+358401234567"), extras=Extras(in_window=True)))
        [fields] = peer.delivered["whatsapp:+358401234567"]
        assert (fields["From"], fields["Body"].splitlines()[0]) == ("whatsapp:+358401111111", "Bonbon of the month")

    def test_outside_only_the_approved_text(self, peer: TwilioPeer) -> None:
        _gateway(peer, ChannelKind.WHATSAPP, template="HX1").send(request_to("+358401234567"))
        [fields] = peer.delivered["whatsapp:+358401234567"]
        assert "Body" not in fields
        assert fields["ContentSid"] == "HX1"
        assert fields["ContentVariables"] == '{"1": "Bonbon of the month", "2": "25 % off", "3": "https://shop.example/m/coupons/cpn_1"}'

    def test_outside_without_one_nothing_is_asked(self, peer: TwilioPeer) -> None:
        receipt = _gateway(peer, ChannelKind.WHATSAPP).send(request_to("+358401234567"))
        assert receipt == PushReceipt(Outcome.REFUSED, reason=Reason.TEMPLATE_NEEDED)
        assert peer.attempts == {}
