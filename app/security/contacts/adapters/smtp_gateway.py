"""E-mail by SMTP, with the standard library.

Owns the words of SMTP: how a letter becomes a message, and what an answer means. Must not log an address or a text.
"""

from __future__ import annotations

import smtplib
import ssl
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from app.kernel.logs import get_logger
from app.security.contacts.ports import Letter, Sent
from app.security.contacts.settings import ContactSettings
from app.security.contacts.values import ContactKind

log = get_logger(__name__)

PERMANENT = range(500, 600)


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


class SmtpGateway:
    """One connection a letter: they are few."""

    kinds = frozenset({ContactKind.EMAIL})

    def __init__(self, settings: ContactSettings) -> None:
        self._settings = settings
        self._domain = parseaddr(settings.sender)[1].rpartition("@")[2] or "localhost"

    def send(self, letter: Letter) -> Sent:
        """4xx, no answer, no sign-in or no secret way: again later. 5xx for this letter: never. The server's certificate is checked."""
        try:
            server = connected(self._settings)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return self._later(letter, error)  # the set-up is wrong, not the letter
        try:
            with server:
                server.send_message(self._message(letter))
        except smtplib.SMTPRecipientsRefused as error:
            return self._judged(letter, max((code for code, _ in error.recipients.values()), default=450))
        except smtplib.SMTPHeloError as error:
            return self._later(letter, error)
        except smtplib.SMTPResponseException as error:
            return self._judged(letter, error.smtp_code)
        except (smtplib.SMTPNotSupportedError, MessageError, ValueError):
            return self._judged(letter, 550)
        except (smtplib.SMTPException, OSError) as error:
            return self._later(letter, error)
        return Sent.ACCEPTED

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self._settings.sender, letter.to, letter.subject
        message["Message-ID"] = f"<{letter.id}@{self._domain}>"  # the same at every attempt
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="8bit" if letter.text.isascii() else "quoted-printable")
        return message

    def _judged(self, letter: Letter, code: int) -> Sent:
        log.warning("letter_not_taken", letter_id=letter.id, smtp_status=code)
        return Sent.REFUSED if code in PERMANENT else Sent.RETRY

    def _later(self, letter: Letter, error: Exception) -> Sent:
        log.warning("mail_server_failed", letter_id=letter.id, error=type(error).__name__)
        return Sent.RETRY
