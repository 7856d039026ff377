"""How an e-mail is handed to a mail server, step by step, with the standard library.

Owns the way there, the envelope (where it comes back to, and the name it comes back under), and what was answered at which step. What an answer
means is said by whoever sends: smtp_gateway.py for letters, the rooms for theirs. Must not log an address or a text.
Sources: RFC 5321 (SMTP), 3461 (delivery reports), 6531 (addresses beyond ASCII).
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from enum import StrEnum

from app.security.contacts.mail_codes import told_in
from app.security.contacts.settings import ContactSettings

TAKEN = 250
NO_ANSWER = 0
CANNOT_CARRY = 553
"""What we say in a server's place that takes no address such as this one."""


class Step(StrEnum):
    ENVELOPE = "envelope"
    """Of us: whether the server speaks with us, and takes our sender."""
    RECIPIENT = "recipient"
    DATA = "data"
    """It has taken both, and is asked whether it will take the text."""
    TEXT = "text"
    """From here on it may have arrived, whatever we have heard."""


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """`sender` is where it comes back to, `name` what it is called by whoever reports on it."""

    sender: str
    recipient: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last one that was heard, and at which step; `code` NO_ANSWER: none. `status` is the code in its words (RFC 3463), of hers alone."""

    step: Step
    code: int
    status: str = ""

    @property
    def taken(self) -> bool:
        return self.step is Step.TEXT and self.code == TAKEN

    @property
    def for_good(self) -> bool:
        return 500 <= self.code < 600


def connected(chosen: ContactSettings) -> smtplib.SMTP:
    """Signed in to the mail server, by the secret way the settings ask for. Raises SMTPException, OSError or ValueError."""
    if chosen.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(chosen.smtp_host, chosen.smtp_port, timeout=chosen.smtp_timeout_s, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(chosen.smtp_host, chosen.smtp_port, timeout=chosen.smtp_timeout_s)
    try:
        if chosen.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if chosen.smtp_user:
            server.login(chosen.smtp_user, chosen.smtp_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def written(message: EmailMessage, recipient: str) -> bytes:
    """As it goes over the wire. Raises MessageError, ValueError or UnicodeError for what must not: a line break in a header."""
    return message.as_bytes(policy=SMTP if recipient.isascii() else SMTPUTF8)


def hand_over(server: smtplib.SMTP, envelope: Envelope, content: bytes) -> Answer:
    """Never raises, and leaves the server. What went wrong means something else at each step, so each is taken by itself."""
    try:
        return _envelope(server, envelope) or _text(server, content)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # whatever it says to that: it has taken the text, or has not
        server.close()


def _envelope(server: smtplib.SMTP, envelope: Envelope) -> Answer | None:
    """None: go on with the text."""
    step = Step.ENVELOPE
    try:
        server.ehlo_or_helo_if_needed()
        plain, reports = envelope.recipient.isascii(), bool(envelope.name) and server.has_extn("dsn")
        if not plain and not server.has_extn("smtputf8"):
            return Answer(step, CANNOT_CARRY)
        options = [f"ENVID={envelope.name}", "RET=HDRS"] if reports else []
        code, _ = server.mail(envelope.sender, options if plain else [*options, "SMTPUTF8", "BODY=8BITMIME"])
        if code != TAKEN:
            return Answer(step, code)
        step = Step.RECIPIENT
        wanted = ["NOTIFY=FAILURE,DELAY", *([f"ORCPT=rfc822;{_xtext(envelope.recipient)}"] if plain else [])] if reports else []
        code, said = server.rcpt(envelope.recipient, wanted)
    except (smtplib.SMTPException, OSError, UnicodeError):
        return Answer(step, NO_ANSWER)
    return None if code in (250, 251) else Answer(step, code, told_in(said))


def _text(server: smtplib.SMTP, content: bytes) -> Answer:
    try:
        code, said = server.data(content)
    except smtplib.SMTPDataError as error:  # nothing can have arrived
        return Answer(Step.DATA, error.smtp_code, told_in(_bytes(error.smtp_error)))
    except (smtplib.SMTPException, OSError):
        return Answer(Step.TEXT, NO_ANSWER)
    return Answer(Step.TEXT, max(code, NO_ANSWER), told_in(said))  # less than none: an answer that is none


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode("ascii", "replace")


def _xtext(address: str) -> str:
    """RFC 3461, 4."""
    return "".join(sign if "!" <= sign <= "~" and sign not in "+=" else f"+{ord(sign):02X}" for sign in address)
