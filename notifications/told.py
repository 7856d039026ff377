"""What the channels of one message say, as it is kept with the message: a repeat says the same.

Owns that form, and what each channel says by it. Pure over the stored values. Must not fill in anything (composing.py has).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications.choosing import EVERY
from notifications.composing import Words
from notifications.contracts import ChannelKind
from offers.contracts import Way


@dataclass(frozen=True, slots=True)
class Said:
    """What one channel is given. `html` and `language` are for e-mail, `risky` for whatever a link could be taken for."""

    title: str
    body: str
    html: str
    language: str
    risky: bool


def kept(words: Words, order: Sequence[Way] = EVERY) -> dict[str, Any]:
    """Without what is empty or as everywhere, so that an ordinary message keeps nothing twice. `order`: the ways it may go."""
    ways = [way.value for way in order] if tuple(order) != EVERY else []
    out: dict[str, Any] = {"sms": words.sms, "subject": words.subject, "html": words.html, "risky": words.risky, "ways": ways}
    out = {name: value for name, value in out.items() if value}
    return out if words.language == "en" else {**out, "language": words.language}


def on(channel: ChannelKind, title: str, body: str, texts: Mapping[str, Any]) -> Said:
    language, risky = str(texts.get("language", "en")), bool(texts.get("risky", False))
    if channel is ChannelKind.SMS and texts.get("sms"):
        return Said("", str(texts["sms"]), "", language, risky)
    if channel is ChannelKind.EMAIL:
        return Said(str(texts.get("subject") or title), body, str(texts.get("html", "")), language, risky)
    return Said(title, body, "", language, risky)


def ways(texts: Mapping[str, Any]) -> tuple[Way, ...]:
    """The ways it may go, in order."""
    return tuple(Way(way) for way in texts.get("ways", ())) or EVERY
