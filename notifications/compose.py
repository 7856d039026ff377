"""What the message says, and how long it may live.

Owns cleaning, length limits, the link, the time to live and the collapse key. Must not know a channel's wire format (the
adapters do) and must not raise over a strange text: a text from a marketer may hold anything. Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.kernel.ids import derived_id
from app.kernel.text_limits import BODY_MOST_CHARS, PUSH_MOST_BYTES, TITLE_MOST_CHARS
from app.kernel.verdict import Fail
from notifications.reasons import NotificationReason

TTL_MOST_S = 2_419_200
"""Four weeks: FCM keeps no message longer (FCM HTTP v1, `android.ttl`)."""
COLLAPSE_MOST_BYTES = 64
"""`apns-collapse-id` is at most 64 bytes (APNs provider API)."""

_JOINS = "\u200d"  # zero width joiner: glues emoji together
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What is known when a coupon was issued."""

    message_id: str
    coupon_id: str
    visit_id: str
    place_name: str
    title: str
    body: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready for any channel. `data` is what a device needs to show it once: strings only."""

    title: str
    body: str
    link: str
    collapse_key: str
    expires_at: datetime
    data: Mapping[str, str]


def offer_message(facts: OfferFacts, *, link_template: str) -> Composed | Fail:
    """The message about one coupon, or the reason why nothing can be said.

    `link_template` holds `{coupon_id}`; the link is relative to our own origin, so it works wherever we are served.
    """
    title, body = fitted(facts.title, facts.body)
    if not title and not body:
        return Fail(NotificationReason.NOTHING_TO_SAY)
    if not title:
        title = cut(clean(facts.place_name), TITLE_MOST_CHARS) or body
    link = link_template.replace("{coupon_id}", facts.coupon_id)
    key = collapse_key(facts.visit_id, facts.message_id)
    data = {"message_id": facts.message_id, "title": title, "body": body, "link": link}
    size_bytes = sum(len(k.encode()) + len(v.encode()) for k, v in data.items())
    if size_bytes > PUSH_MOST_BYTES:
        return Fail(NotificationReason.PAYLOAD_TOO_LARGE, {"size_bytes": size_bytes, "most_bytes": PUSH_MOST_BYTES})
    return Composed(title, body, link, key, facts.expires_at, data)


def with_word(body: str, word: str) -> str:
    """The text as it leaves the house: with the word by which she knows that it is from us."""
    return f"{body}\n{word}" if body else word


def collapse_key(visit_id: str, message_id: str) -> str:
    """One visit shows one notification: what comes later replaces what came before. No visit: the message itself."""
    key = visit_id or message_id
    return key if len(key.encode()) <= COLLAPSE_MOST_BYTES else derived_id("col", key)


def ttl_s(expires_at: datetime, at: datetime) -> int:
    """Whole seconds the offer still lives, at most four weeks; 0 or less means it has ended."""
    return min(int((expires_at - at).total_seconds()), TTL_MOST_S)


def fitted(title: str, body: str) -> tuple[str, str]:
    """Both cleaned, and no longer than a message shows."""
    return cut(clean(title), TITLE_MOST_CHARS), cut(clean(body), BODY_MOST_CHARS)


def clean(text: str) -> str:
    """One line without control, direction-override, unassigned or lone surrogate characters, spaces collapsed."""
    kept: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if char in _BIDI or category in ("Cs", "Co", "Cn"):
            continue
        kept.append(" " if category in ("Cc", "Zl", "Zp") else char)
    line = " ".join("".join(kept).split())
    # Format characters alone (zero-width spaces, joiners) would be a message nobody can see.
    return line if any(unicodedata.category(c) not in ("Cf", "Zs", "Mn", "Me") for c in line) else ""


def cut(text: str, most_chars: int) -> str:
    """`text` in at most `most_chars` code points, ending in an ellipsis if cut, never inside an emoji or accent."""
    if len(text) <= most_chars:
        return text
    end = most_chars - 1
    while end > 0 and _inside_character(text, end):
        end -= 1
    return text[: end or most_chars - 1].rstrip() + "…"


def _inside_character(text: str, at: int) -> bool:
    here, before = text[at], text[at - 1]
    if _JOINS in (here, before) or unicodedata.combining(here) or unicodedata.category(here) in ("Mn", "Me"):
        return True
    if "\U0001f3fb" <= here <= "\U0001f3ff":  # skin tones
        return True
    # Flags are pairs of regional indicators: cut only before an even number of them.
    run = 0
    while at - 1 - run >= 0 and "\U0001f1e6" <= text[at - 1 - run] <= "\U0001f1ff":
        run += 1
    return "\U0001f1e6" <= here <= "\U0001f1ff" and run % 2 == 1
