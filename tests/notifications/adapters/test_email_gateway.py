"""What e-mail alone has to say: both forms of the text, one-click unsubscribing, and when it may have arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.security.contacts.settings import ContactSettings
from notifications.adapters.email_gateway import EmailGateway
from notifications.ports import Extras, Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from tests.app.security.contacts.smtp_peer import SmtpPeer
from tests.notifications.wires import SmtpWire


@pytest.fixture
def wire() -> Iterator[SmtpWire]:
    with SmtpPeer() as peer:
        yield SmtpWire(peer)


TOKEN = "1abcdefghijklmnop"


def _returning(wire: SmtpWire, *, bounces: str = "bounces@shop.example", address: str = "jane+shop@example.org") -> None:
    """Send one that has a name to come back under."""
    server = ContactSettings(smtp_host="127.0.0.1", smtp_port=wire.peer.port, smtp_security="none", smtp_timeout_s=30)  # pyright: ignore[reportCallIssue]
    request = wire.request("jane")
    gateway = EmailGateway(server, "Ooey Gooey <offers@shop.example>", "https://shop.example", bounces=bounces)
    assert gateway.send(replace(request, address=address, extras=replace(request.extras, returned_as=TOKEN))).outcome is Outcome.ACCEPTED


class TestWhereItComesBackTo:
    def test_the_envelope_and_the_message_name_it(self, wire: SmtpWire) -> None:
        _returning(wire)
        assert wire.peer.envelope == [f"mail FROM:<bounces+{TOKEN}@shop.example>", "rcpt TO:<jane+shop@example.org>"]
        [message] = wire.peer.messages
        assert (message["from"], message["cfbl-feedback-id"], message["cfbl-address"]) == ("Ooey Gooey <offers@shop.example>", TOKEN, f"bounces+{TOKEN}@shop.example; report=arf")

    def test_a_server_that_reports_by_the_standard_is_asked_to(self, wire: SmtpWire) -> None:
        wire.peer.extensions = ("8BITMIME", "DSN")
        _returning(wire)
        assert wire.peer.envelope == [
            f"mail FROM:<bounces+{TOKEN}@shop.example> ENVID={TOKEN} RET=HDRS", "rcpt TO:<jane+shop@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;jane+2Bshop@example.org",
        ]  # fmt: skip

    def test_without_an_address_of_its_own_the_sender_hears_of_it(self, wire: SmtpWire) -> None:
        wire.peer.extensions = ("DSN",)
        _returning(wire, bounces="")
        assert wire.peer.envelope[0] == f"mail FROM:<offers@shop.example> ENVID={TOKEN} RET=HDRS"
        assert (wire.peer.messages[0]["cfbl-feedback-id"], wire.peer.messages[0]["cfbl-address"]) == (TOKEN, None)


class TestSend:
    def test_the_message_as_a_mailbox_sees_it(self, wire: SmtpWire) -> None:
        wire.gateway.send(replace(wire.request("jane"), title='Bonbon "of" the 🍫', body="25 % off <today>\namber puffin"))
        [message] = wire.peer.messages
        assert wire.peer.recipients == ["jane@example.org"]
        assert (message["from"], message["to"], message["subject"]) == ("Ooey Gooey <offers@shop.example>", "jane@example.org", 'Bonbon "of" the 🍫')
        assert message["message-id"] == "<msg_1@shop.example>"
        assert message["list-unsubscribe"] == "<https://shop.example/unsubscribe/tok>"
        assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert message.get_content_type() == "multipart/alternative"
        text, html = (part.get_content().replace("\r\n", "\n").strip() for part in message.iter_parts())
        assert text == (
            "25 % off <today>\namber puffin\n\nhttps://shop.example/l/1.abc.def\n\n"
            "To get no more offers by e-mail: https://shop.example/unsubscribe/tok"
        )
        assert "<p>25 % off &lt;today&gt;</p><p>amber puffin</p>" in html
        assert '<a href="https://shop.example/l/1.abc.def">' in html
        assert "src=" not in html

    def test_the_closing_line_is_in_the_language_of_the_message(self, wire: SmtpWire) -> None:
        request = wire.request("jane")
        wire.gateway.send(replace(request, extras=replace(request.extras, language="fi-FI")))
        text, html = (part.get_content() for part in wire.peer.messages[0].iter_parts())
        assert "Jos et halua enää tarjouksia sähköpostilla: https://shop.example/unsubscribe/tok" in text
        assert ">En halua enää tarjouksia sähköpostilla</a>" in html

    def test_without_a_way_to_leave_none_is_sent(self, wire: SmtpWire) -> None:
        assert wire.gateway.send(replace(wire.request("jane"), extras=Extras())).outcome is Outcome.REFUSED
        assert wire.peer.recipients == []

    @pytest.mark.parametrize("title", ["Hi\r\nBcc: eve@example.org", "Hi\nBcc: eve@example.org"])
    def test_a_line_break_in_a_header_never_leaves(self, wire: SmtpWire, title: str) -> None:
        assert wire.gateway.send(replace(wire.request("jane"), title=title)).outcome is Outcome.REFUSED
        assert wire.peer.recipients == []

    def test_what_goes_wrong_after_the_last_dot_may_have_arrived(self, wire: SmtpWire) -> None:
        """Seen to fail where it was told like an error before the last dot: it was to be sent again."""
        wire.peer.replies["END"] = "what?"
        assert wire.gateway.send(wire.request("jane")) == PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN)

    @pytest.mark.parametrize(
        ("verb", "reply", "outcome", "reason"),
        [
            ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 mailbox", Outcome.DEAD, Reason.ADDRESS_REFUSED), ("RCPT", "556 5.1.10 no mail here", Outcome.DEAD, Reason.ADDRESS_REFUSED),
            ("DATA", "550 5.1.1 nobody", Outcome.DEAD, Reason.ADDRESS_REFUSED), ("DATA", "554 no recipients", Outcome.REFUSED, Reason.PROVIDER_REFUSED), ("DATA", "what?", Outcome.RETRY, Reason.PROVIDER_UNAVAILABLE),
            ("END", "550 5.1.1 nobody", Outcome.DEAD, Reason.ADDRESS_REFUSED), ("RCPT", "552 5.2.2 full", Outcome.REFUSED, Reason.MAILBOX_FULL),
            ("RCPT", "550 5.7.1 blocked", Outcome.REFUSED, Reason.REFUSED_BY_POLICY), ("END", "554 5.7.1 spam", Outcome.REFUSED, Reason.REFUSED_BY_POLICY),
            ("RCPT", "550 5.1.2 no such host", Outcome.REFUSED, Reason.ADDRESS_REFUSED), ("MAIL", "550 5.1.1 who are you", Outcome.REFUSED, Reason.PROVIDER_REFUSED),
        ],
    )  # fmt: skip
    def test_a_code_means_what_it_means_in_a_report(self, wire: SmtpWire, verb: str, reply: str, outcome: Outcome, reason: Reason) -> None:
        """Planted bugs: what was told of our own sender taken for hers; what was answered before the text not read."""
        wire.peer.replies[verb] = reply
        assert wire.gateway.send(wire.request("jane")) == PushReceipt(outcome, reason=reason)

    def test_a_subject_nobody_could_read_is_refused_whole(self, wire: SmtpWire) -> None:
        assert wire.gateway.send(replace(wire.request("jane"), title="x" * 151)) == PushReceipt(Outcome.REFUSED, reason=Reason.TEXT_TOO_LONG)
        assert wire.peer.recipients == []
