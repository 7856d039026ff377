"""The routes Twilio, Meta and a mail server call: what a shopper writes to us, and what became of a message.

Owns parsing and answering. Every body is believed as it came before it is read (believing.py); the answer to Twilio and Meta is the same whatever it says and
whoever wrote it, and what we say goes out as a message of its own.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.kernel.http import Command, CommandCall, RawBody
from app.security.access import ANYONE, allow, security_settings
from notifications.conversations import texting
from notifications.conversations.wiring import of
from notifications.errors import MailTooEarly
from notifications.inbound import believing, messages, reports, returned, statuses
from notifications.inbound.reasons import MailReason
from notifications.inbound.schemas import LetterHeard, MailHeard
from notifications.support import letters
from notifications.support.reasons import sentence

router = APIRouter(prefix="/v1/inbound", tags=["webhooks"], dependencies=[Depends(allow(ANYONE))])

EARLY_S = 60
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'




@router.post("/twilio", response_class=Response)
def twilio_brings(request: Request, call: Command, body: RawBody) -> Response:
    """An SMS or WhatsApp message that came to our number at Twilio; a form, signed."""
    text = messages.of_twilio(_twilio_form(request, call, body))
    if text is not None:
        _take(request, call, text)
    return Response(NOTHING_TO_SAY, media_type="text/xml")


@router.post("/twilio/status", status_code=204)
def twilio_reports(request: Request, call: Command, body: RawBody) -> Response:
    """Twilio tells what became of a text of ours; it signs the address we gave it, and the form."""
    report = reports.of_twilio(_twilio_form(request, call, body))
    return _heeded(call, [report] if report is not None else [])


@router.get("/meta")
def meta_asks(
    request: Request,
    mode: Annotated[str | None, Query(alias="hub.mode", max_length=40)] = None,
    token: Annotated[str | None, Query(alias="hub.verify_token", max_length=200)] = None,
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=200)] = "",
) -> Response:
    """Meta asks once whether this address belongs to whoever entered it."""
    believing.meta_challenge(request.app.state.house.settings.channels, mode, token)
    return Response(challenge, media_type="text/plain")


@router.post("/meta", status_code=204)
def meta_tells(request: Request, call: Command, body: RawBody) -> Response:
    """WhatsApp messages, and what became of ours, from Meta's Cloud API; JSON, signed as it came."""
    settings: Any = call.app.settings
    believing.meta_body(settings.channels, request.headers, body)
    for text in messages.of_meta(body):
        _take(request, call, text)
    return _heeded(call, reports.of_meta(body))


@router.post("/mail", response_model=MailHeard)
def mail_comes_back(request: Request, call: Command, body: RawBody) -> MailHeard:
    """A mail that came to the return address, whole and as it came (`message/rfc822`), signed as a webhook is (Standard Webhooks): a report
    that an offer or a letter about an account could not be delivered, or a complaint. 503 while it is still being written down: bring it again."""
    settings: Any = call.app.settings
    believing.mail(settings.channels, request.headers, body, call.clock.now().timestamp())
    reason = returned.take(call.database, body)
    if reason is MailReason.MAIL_TOO_EARLY:
        raise MailTooEarly(extra={"retry_after_s": EARLY_S})
    return MailHeard(reason=reason, text=reason.text)


@router.post("/support-mail", response_model=LetterHeard)
def support_mail(request: Request, call: Command, body: RawBody) -> LetterHeard:
    """A mail that somebody wrote to the shop, whole and as it came (`message/rfc822`), signed as the return address's are: it opens a case of the shopper whose
    address it is from, or is added to the case it names. Bring only what has passed your mail server's checks of its sender (DMARC)."""
    settings: Any = call.app.settings
    believing.mail(settings.channels, request.headers, body, call.clock.now().timestamp())
    reason = letters.take(call.database, body, settings.support)
    return LetterHeard(reason=reason, text=sentence(reason))


def _twilio_form(request: Request, call: CommandCall, body: bytes) -> dict[str, str]:
    settings: Any = call.app.settings
    address = f"{settings.base_url()}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
    return believing.twilio_form(settings.channels, address, request.headers, body)


def _take(request: Request, call: CommandCall, text: texting.Text) -> None:
    texting.take(call.database, of(call.app), text, security_settings(request).limit("conversation"))


def _heeded(call: CommandCall, found: list[reports.Report]) -> Response:
    if found:
        with call.database.transaction() as session:
            for report in found:
                statuses.heed(session, report, call.clock.now())
    return Response(status_code=204)
