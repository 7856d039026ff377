"""Letters by e-mail, over SMTP.

Owns how a letter becomes a message, and what a mail server's answer means for it; smtp_talk.py speaks with the server. Must not log an address or
a text.
"""

from __future__ import annotations

import smtplib
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr

from app.kernel.clock import SystemClock
from app.kernel.logs import get_logger
from app.security.contacts.adapters.smtp_talk import Answer, Envelope, connected, hand_over, written
from app.security.contacts.mail_codes import NOBODY_THERE
from app.security.contacts.ports import Letter, Receipt, Sent
from app.security.contacts.settings import ContactSettings
from app.security.contacts.values import ContactKind
from app.security.return_paths import NAMED_IN, return_address, token_of

log = get_logger(__name__)


class SmtpGateway:
    """One connection a letter: they are few. `bounces`: where what cannot be delivered comes back to; empty: to the sender."""

    kinds = frozenset({ContactKind.EMAIL})

    def __init__(self, settings: ContactSettings, *, bounces: str = "") -> None:
        self._settings, self._bounces = settings, bounces
        self._sender = parseaddr(settings.sender)[1]
        self._domain = self._sender.rpartition("@")[2] or "localhost"

    def send(self, letter: Letter) -> Receipt:
        """4xx, no answer, no sign-in or no secret way: again later. 5xx for this letter: never. The server's certificate is checked."""
        name = token_of(letter.id)
        try:
            content = written(self._message(letter, name), letter.to)
        except (MessageError, ValueError, UnicodeError):
            return Receipt(Sent.REFUSED)
        try:
            server = connected(self._settings)
        except (smtplib.SMTPException, OSError, ValueError) as error:  # the set-up is wrong, not the letter
            log.warning("mail_server_failed", letter_id=letter.id, error=type(error).__name__)
            return Receipt(Sent.RETRY)
        back = return_address(self._bounces, name) if self._bounces else self._sender
        return self._judged(letter, hand_over(server, Envelope(back, letter.to, name), content))

    def _message(self, letter: Letter, name: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self._settings.sender, letter.to, letter.subject
        message["Message-ID"] = f"<{letter.id}@{self._domain}>"  # the same at every attempt
        message["Date"] = formatdate(SystemClock().now().timestamp())
        message["Auto-Submitted"] = "auto-generated"
        message[NAMED_IN] = name
        message.set_content(letter.text, cte="8bit" if letter.text.isascii() else "quoted-printable")
        return message

    def _judged(self, letter: Letter, answer: Answer) -> Receipt:
        if answer.taken:
            return Receipt(Sent.ACCEPTED)
        log.warning("letter_not_taken", letter_id=letter.id, step=answer.step.value, smtp_status=answer.code, status=answer.status)
        if not answer.for_good:
            return Receipt(Sent.RETRY)
        return Receipt(Sent.NOBODY if answer.status in NOBODY_THERE else Sent.REFUSED, answer.status)
