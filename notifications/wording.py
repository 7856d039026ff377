"""What each channel can carry: how long a text may be there, and what may stand in it.

Owns the verdicts and the rule of WhatsApp's window; the numbers are those of app/kernel/text_limits.py. Pure. A text that does
not fit is refused with its reason and never sent in part.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.text_limits import (
    HTML_MOST_BYTES,
    SMS_SEGMENTS_MOST,
    SUBJECT_MOST_CHARS,
    WHATSAPP_MOST_CHARS,
    has_address,
    sms_segments,
)
from app.kernel.verdict import PASS, Fail, Verdict
from notifications.contracts import ChannelKind
from notifications.reasons import NotificationReason as Reason

WINDOW = timedelta(hours=24)
"""How long after her last word a business may write freely (WhatsApp Business messaging policy)."""

def sms(text: str, *, risky: bool) -> Verdict:
    found = sms_segments(text)
    if found.count > SMS_SEGMENTS_MOST:
        facts = {"encoding": found.encoding, "segments": found.count, "most_segments": SMS_SEGMENTS_MOST}
        return Fail(Reason.TEXT_TOO_LONG, facts)
    if risky and has_address(text):
        return Fail(Reason.LINK_NOT_ALLOWED)
    return PASS


def whatsapp(text: str) -> Verdict:
    if len(text) > WHATSAPP_MOST_CHARS:
        return Fail(Reason.TEXT_TOO_LONG, {"chars": len(text), "most_chars": WHATSAPP_MOST_CHARS})
    return PASS


def email(subject: str, html: str) -> Verdict:
    if len(subject) > SUBJECT_MOST_CHARS:
        return Fail(Reason.TEXT_TOO_LONG, {"chars": len(subject), "most_chars": SUBJECT_MOST_CHARS})
    size = len(html.encode("utf-8", "replace"))
    if size > HTML_MOST_BYTES:
        return Fail(Reason.TEXT_TOO_LONG, {"size_bytes": size, "most_bytes": HTML_MOST_BYTES})
    return PASS


def in_window(heard_at: datetime | None, at: datetime) -> bool:
    """Whether she wrote to us by WhatsApp less than 24 hours ago; a word from the future opens nothing."""
    return heard_at is not None and timedelta(0) <= at - heard_at < WINDOW


def fits(channel: ChannelKind, title: str, body: str, *, risky: bool = False) -> Verdict:
    """Whether a text can be told on this channel at all; for the console, before anything is sent."""
    if channel is ChannelKind.SMS:
        return sms(short_text(title, body), risky=risky)
    if channel is ChannelKind.WHATSAPP:
        return whatsapp(short_text(title, body))
    if channel is ChannelKind.EMAIL:
        return email(title, body)
    return PASS


def short_text(title: str, body: str, link: str = "") -> str:
    """A message as one text: what an SMS or WhatsApp shows. A phone makes a link of an address that stands alone in its line."""
    return "\n".join(part for part in (title, body, link) if part)
