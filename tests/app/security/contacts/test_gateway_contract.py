"""What every carrier of letters promises, held against each adapter; and what SMTP alone has to say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.adapters.smtp_gateway import SmtpGateway
from app.security.contacts.ports import ContactGateway, Letter, Receipt, Sent
from app.security.contacts.settings import ContactSettings
from app.security.contacts.values import ContactKind
from app.security.contacts.wiring import choose
from app.security.return_paths import token_of

from .smtp_peer import SmtpPeer

LETTER = Letter("ltr_1", ContactKind.EMAIL, "jane@example.org", "Your code", "123456 is your code.\n.\nYour word is \"čaj\".")


def _settings(port: int, **changes: object) -> ContactSettings:
    return ContactSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", smtp_timeout_s=30, sender="Mobile Moments <hello@shop.example>", **changes)  # type: ignore[arg-type]


@pytest.fixture
def peer() -> Iterator[SmtpPeer]:
    with SmtpPeer() as peer:
        yield peer


@pytest.fixture(params=["memory", "smtp"])
def gateway(request: pytest.FixtureRequest, peer: SmtpPeer) -> ContactGateway:
    return MemoryContactGateway() if request.param == "memory" else SmtpGateway(_settings(peer.port))


class TestEvery:
    def test_takes_a_letter(self, gateway: ContactGateway) -> None:
        assert ContactKind.EMAIL in gateway.kinds
        assert gateway.send(LETTER) == Receipt(Sent.ACCEPTED)

    def test_takes_the_same_letter_again(self, gateway: ContactGateway) -> None:
        assert [gateway.send(LETTER), gateway.send(LETTER)] == [Receipt(Sent.ACCEPTED)] * 2

    def test_tells_nobody_what_is_in_it(self) -> None:
        assert "jane" not in repr(LETTER)
        assert "123456" not in repr(LETTER)


class TestSmtp:
    def test_the_message_arrives_as_it_was_written(self, peer: SmtpPeer) -> None:
        SmtpGateway(_settings(peer.port)).send(LETTER)
        [message] = peer.messages
        assert peer.recipients == ["jane@example.org"]
        assert (message["from"], message["to"], message["subject"]) == ("Mobile Moments <hello@shop.example>", "jane@example.org", "Your code")
        assert message["message-id"] == "<ltr_1@shop.example>"
        assert message.get_content().replace("\r\n", "\n").strip() == LETTER.text

    @pytest.mark.parametrize(
        ("step", "reply", "answer"),
        [
            ("RCPT", "550 no such mailbox", Sent.REFUSED),
            ("RCPT", "450 come again", Sent.RETRY),
            ("MAIL", "552 too much", Sent.REFUSED),
            ("MAIL", "451 not now", Sent.RETRY),
            ("END", "554 spam", Sent.REFUSED),
            ("END", "452 full", Sent.RETRY),
            ("CONNECT", "554 not you", Sent.RETRY),
            ("MAIL", "421 closing", Sent.RETRY),
        ],
    )
    def test_what_an_answer_means(self, peer: SmtpPeer, step: str, reply: str, answer: Sent) -> None:
        peer.replies[step] = reply
        assert SmtpGateway(_settings(peer.port)).send(LETTER).sent is answer
        assert peer.messages == []

    @pytest.mark.parametrize(
        ("step", "reply", "receipt"),
        [
            ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 mailbox", Receipt(Sent.NOBODY, "5.1.1")), ("RCPT", "556 5.1.10 no mail here", Receipt(Sent.NOBODY, "5.1.10")),
            ("DATA", "550 5.1.1 nobody", Receipt(Sent.NOBODY, "5.1.1")), ("END", "550 5.1.1 nobody", Receipt(Sent.NOBODY, "5.1.1")), ("RCPT", "552 5.2.2 full", Receipt(Sent.REFUSED, "5.2.2")),
            ("MAIL", "550 5.1.1 who are you", Receipt(Sent.REFUSED)), ("RCPT", "450 5.1.1 try again", Receipt(Sent.RETRY)), ("RCPT", "550 see 5.1.1", Receipt(Sent.REFUSED)),
        ],
    )  # fmt: skip
    def test_only_a_mailbox_that_nobody_has_is_nobodys(self, peer: SmtpPeer, step: str, reply: str, receipt: Receipt) -> None:
        """Planted bug: what was told of our own sender taken for hers."""
        peer.replies[step] = reply
        assert SmtpGateway(_settings(peer.port)).send(LETTER) == receipt

    def test_what_it_says_to_goodbye_changes_nothing(self, peer: SmtpPeer) -> None:
        peer.replies["QUIT"] = "500 stay"
        assert SmtpGateway(_settings(peer.port)).send(LETTER) == Receipt(Sent.ACCEPTED)

    def test_it_comes_back_under_its_name(self, peer: SmtpPeer) -> None:
        """Planted bug: the letter sent from the address of its sender."""
        peer.extensions, name = ("8BITMIME", "DSN"), token_of(LETTER.id)
        SmtpGateway(_settings(peer.port), bounces="bounces@shop.example").send(LETTER)
        SmtpGateway(_settings(peer.port)).send(LETTER)
        assert peer.envelope == [
            f"mail FROM:<bounces+{name}@shop.example> ENVID={name} RET=HDRS", f"rcpt TO:<jane@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;{LETTER.to}",
            f"mail FROM:<hello@shop.example> ENVID={name} RET=HDRS", f"rcpt TO:<jane@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;{LETTER.to}",
        ]  # fmt: skip
        assert [message["cfbl-feedback-id"] for message in peer.messages] == [name] * 2

    def test_an_address_beyond_ascii_needs_a_server_that_takes_such(self, peer: SmtpPeer) -> None:
        elsewhere = replace(LETTER, to="jäne@exämple.org")
        assert SmtpGateway(_settings(peer.port)).send(elsewhere) == Receipt(Sent.REFUSED)
        peer.extensions = ("8BITMIME", "SMTPUTF8", "DSN")
        assert SmtpGateway(_settings(peer.port)).send(elsewhere) == Receipt(Sent.ACCEPTED)
        assert peer.recipients == ["jäne@exämple.org"]

    def test_nobody_there_is_tried_again(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        assert SmtpGateway(_settings(port)).send(LETTER).sent is Sent.RETRY

    def test_without_the_secret_way_it_asks_for_nothing_is_said(self, peer: SmtpPeer) -> None:
        """The server offers no STARTTLS: the letter waits rather than go in the clear."""
        gateway = SmtpGateway(_settings(peer.port).model_copy(update={"smtp_security": "starttls"}))
        assert gateway.send(LETTER).sent is Sent.RETRY
        assert peer.messages == peer.recipients == []

    def test_a_line_break_in_a_header_never_leaves(self, peer: SmtpPeer) -> None:
        wicked = Letter("ltr_2", ContactKind.EMAIL, "jane@example.org", "Hi\r\nBcc: eve@example.org", "x")
        assert SmtpGateway(_settings(peer.port)).send(wicked).sent is Sent.REFUSED
        assert peer.recipients == []


class TestChoose:
    def test_the_twin_in_the_demo_smtp_where_there_is_a_server_else_none(self) -> None:
        assert isinstance(choose(_settings(25), demo=True), MemoryContactGateway)
        assert isinstance(choose(_settings(25), demo=False), SmtpGateway)
        assert choose(ContactSettings(), demo=False) is None  # type: ignore[call-arg]
