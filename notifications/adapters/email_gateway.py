"""Offers by e-mail, over SMTP with the standard library.

Owns the message: text and HTML side by side, and one-click unsubscribing (RFC 8058), without which none is sent. The way to the mail
server is that of our letters (app/security/contacts). Must not log an address or a text.
"""

from __future__ import annotations

import smtplib
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from html import escape

from app.kernel.clock import SystemClock
from app.kernel.logs import get_logger
from app.kernel.verdict import Fail
from app.security.contacts.adapters.smtp_talk import NO_ANSWER, Answer, Envelope, Step, connected, hand_over, written
from app.security.contacts.mail_codes import NOBODY_THERE
from app.security.contacts.settings import ContactSettings
from app.security.return_paths import NAMED_IN, return_address
from notifications import mail_statuses, wording
from notifications.contracts import ChannelKind
from notifications.phrases import say
from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.reasons import NotificationReason as Reason

log = get_logger(__name__)


class EmailGateway:
    """One connection a message. `origin` is where people find this house: links in an e-mail need it whole. `bounces`: where what cannot be
    delivered comes back to; empty: to the sender."""

    channel = ChannelKind.EMAIL.value

    def __init__(self, server: ContactSettings, sender: str, origin: str, *, bounces: str = "") -> None:
        self._server, self._sender, self._origin, self._bounces = server, sender, origin.rstrip("/"), bounces
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"

    def send(self, request: PushRequest) -> PushReceipt:
        receipt = self._send(request)
        if receipt.outcome is not Outcome.ACCEPTED:
            log.info("email_not_accepted", message_id=request.message_id, outcome=receipt.outcome, reason=receipt.reason)
        return receipt

    def close(self) -> None:
        return None

    def _send(self, request: PushRequest) -> PushReceipt:
        if request.ttl_s <= 0 or not request.extras.unsubscribe:
            return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
        fits = wording.email(request.title, request.extras.html)
        if isinstance(fits, Fail):
            return PushReceipt(Outcome.REFUSED, reason=fits.reason)
        try:
            content = written(self.message(request), request.address)
        except (MessageError, ValueError, UnicodeError):  # a line break in a header: never leaves
            return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
        try:
            server = connected(self._server)
        except smtplib.SMTPAuthenticationError:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH)
        except (smtplib.SMTPException, OSError, ValueError):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE)
        return _judged(hand_over(server, Envelope(self._comes_back_to(request), request.address, request.extras.returned_as), content))

    def _comes_back_to(self, request: PushRequest) -> str:
        """The sender of the envelope: it names the message, so that a report need not be guessed at (RFC 3461, 4)."""
        if self._bounces and request.extras.returned_as:
            return return_address(self._bounces, request.extras.returned_as)
        return parseaddr(self._sender)[1]

    def message(self, request: PushRequest) -> EmailMessage:
        """Raises ValueError for a line break in a header."""
        link = self._origin + request.link if request.link else ""
        leave = self._origin + request.extras.unsubscribe
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self._sender, request.address, request.title
        message["Message-ID"] = f"<{request.message_id}@{self._domain}>"  # the same at every attempt
        message["Date"] = formatdate(SystemClock().now().timestamp())
        message["Content-Language"] = request.extras.language
        message["List-Unsubscribe"] = f"<{leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        if request.extras.returned_as:  # who complains of it names it by this (RFC 9477)
            message[NAMED_IN] = request.extras.returned_as
            if self._bounces:
                message["CFBL-Address"] = f"{self._comes_back_to(request)}; report=arf"
        lines = [request.body, link, say("mail.leave", request.extras.language, link=leave)]
        message.set_content("\n\n".join(part for part in lines if part), cte="quoted-printable")
        message.add_alternative(_page(request, link, leave), subtype="html", cte="quoted-printable")
        return message


def _page(request: PushRequest, link: str, leave: str) -> str:
    """Nothing in it is fetched: no picture, no style sheet, no counting pixel."""
    body = request.extras.html or "".join(f"<p>{escape(line)}</p>" for line in request.body.splitlines() if line)
    button = f'<p><a href="{escape(link)}">{escape(request.title)}</a></p>' if link else ""
    return (
        f'<!doctype html><html lang="{escape(request.extras.language)}"><head><meta charset="utf-8">'
        f"<title>{escape(request.title)}</title></head>"
        f'<body dir="auto"><h1>{escape(request.title)}</h1>{body}{button}'
        f'<p><small><a href="{escape(leave)}">{escape(say("mail.leave_link", request.extras.language))}</a></small></p></body></html>'
    )


def _judged(answer: Answer) -> PushReceipt:
    """As a report that comes back later is read: where nobody has this mailbox, it is forgotten. What tells no code proves nothing of it."""
    if answer.taken:
        return PushReceipt(Outcome.ACCEPTED, provider_message_id=f"smtp {answer.code}")
    if answer.step is Step.TEXT and answer.code == NO_ANSWER:  # after all of it was handed over
        return PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN)
    if not answer.for_good:
        return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE)
    if answer.status in NOBODY_THERE:
        return PushReceipt(Outcome.DEAD, reason=Reason.ADDRESS_REFUSED)
    reason = mail_statuses.meaning(answer.status)
    unsaid = Reason.ADDRESS_REFUSED if answer.step is Step.RECIPIENT else Reason.PROVIDER_REFUSED
    return PushReceipt(Outcome.REFUSED, reason=unsaid if reason is Reason.NOT_DELIVERED else reason)
