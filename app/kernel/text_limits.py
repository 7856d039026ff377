"""How much each way of sending can carry, and how a text message is counted (GSM 03.38: 7-bit or UCS-2).

Owns the numbers and the counting alone: what a campaign says is held against them when it is written, and each message again when it is made.
Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TITLE_MOST_CHARS = 65
"""What a phone shows of a title before it cuts it off itself."""
BODY_MOST_CHARS = 240
PUSH_MOST_BYTES = 4096
"""FCM's limit for a message's data; one record of Web Push (RFC 8291) holds 3,993 bytes of ours, and its push services promise 4,096 in all."""
SUBJECT_MOST_CHARS = 150
HTML_MOST_BYTES = 100_000
"""Gmail cuts a longer e-mail off."""
SMS_SEGMENTS_MOST = 4
WHATSAPP_MOST_CHARS = 1600

WORD_AND_CODE_MOST_CHARS = 34
"""Her familiar word and the code by which she can ask whether a message is ours, with the space between."""
LINK_MOST_CHARS = 140

TEMPLATE_MOST_CHARS = 4_000
TEMPLATE_MOST_CHARS_HTML = 40_000
"""What a marketer may write of one part of a message."""

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


def with_tail(text: str, *, link: bool) -> str:
    """As long as a text is when it sets out: with her word and code, and the link if it carries one, each in a line of its own."""
    return "\n".join(part for part in (text, "x" * WORD_AND_CODE_MOST_CHARS, "x" * LINK_MOST_CHARS * link) if part)


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
