"""What each channel can carry: how long a text may be there, and what may stand in it.

Owns the limits, the counting of text messages (GSM 03.38: 7-bit or UCS-2) and the rule of WhatsApp's window. Pure. A text that does
not fit is refused with its reason and never sent in part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.verdict import PASS, Fail, Verdict
from notifications.contracts import ChannelKind
from notifications.reasons import NotificationReason as Reason

SUBJECT_MOST_CHARS = 150
HTML_MOST_BYTES = 100_000
"""Gmail cuts a longer e-mail off."""
SMS_SEGMENTS_MOST = 4
WHATSAPP_MOST_CHARS = 1600
WINDOW = timedelta(hours=24)
"""How long after her last word a business may write freely (WhatsApp Business messaging policy)."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
"""Each costs two septets: an escape comes before it."""
_ADDRESS = re.compile(r"(?i)\b(?:https?:|www\.)|\b[a-z0-9-]+\.(?:com|net|org|info|io|app|shop|link|page|me|ly|fi|de|fr|uk)\b")


@dataclass(frozen=True, slots=True)
class Segments:
    """`units` are septets (gsm-7) or UTF-16 code units (ucs-2)."""

    encoding: str
    units: int
    count: int


def sms_segments(text: str) -> Segments:
    """How many parts a text message is sent in: 160 septets or 70 units alone, 153 or 67 a part where there are several."""
    if all(c in _GSM or c in _GSM_TWICE for c in text):
        costs = [2 if c in _GSM_TWICE else 1 for c in text]
        return Segments("gsm-7", sum(costs), 1 if sum(costs) <= 160 else _parts(costs, 153))
    costs = [2 if ord(c) > 0xFFFF else 1 for c in text]
    return Segments("ucs-2", sum(costs), 1 if sum(costs) <= 70 else _parts(costs, 67))


def _parts(costs: list[int], most: int) -> int:
    """A character is never split between two parts."""
    parts, used = 1, 0
    for cost in costs:
        if used + cost > most:
            parts, used = parts + 1, 0
        used += cost
    return parts


def has_address(text: str) -> bool:
    """Whether a phone would make a link of something in it."""
    return _ADDRESS.search(text) is not None


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
