"""What a campaign says in its messages: its texts in each language, by which ways and in which order, and what may be filled in.

Owns these shapes and the declared variables. Pure. Must not read a template (message_texts.py does) and must not know how
a way sends: the room of messages does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Way(StrEnum):
    """How a campaign may reach somebody; `push` is her phones and browsers."""

    PUSH = "push"
    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


VARIABLES: dict[str, str] = {
    "name": "what she is called, if she has told us; give it a default",
    "place": "the name of the store",
    "title": "the headline of the coupon",
    "offer": "the benefit in short, in English: 20 % off",
    "percent": "the percentage of a percent or cashback campaign",
    "amount": "the amount of an amount campaign: {{ amount | money }}",
    "price": "the price of a fixed_price campaign: {{ price | money }}",
    "ends": "the instant at which the coupon ends, by the clock of the store: {{ ends | date }}, {{ ends | time }}",
    "days_left": "whole days until then, a number for {{ days_left | plural: one: ..., other: ... }}",
    "hours_left": "whole hours until then",
    "visit": "the number of this visit to the store",
    "uses": "how many coupons the offer is",
    "weather": "the forecast it was given for, in a word or two of the text's own language: sunny and dry; where the campaign asks for weather",
    "weather_day": "the day of that forecast: {{ weather_day | date: 'full' }}",
    "high_c": "its highest temperature, whole degrees Celsius: {{ high_c }} °C",
}
"""All that a text may ask for, each with a sentence about it."""
PARTS = ("title", "body", "sms", "subject", "html")


@dataclass(frozen=True, slots=True)
class MessageText:
    """The message in one language, as templates. Empty: `sms` is title and text, `subject` the title, `html` is made of the text."""

    language: str
    title: str
    body: str
    sms: str = ""
    subject: str = ""
    html: str = ""
    defaults: tuple[tuple[str, str], ...] = ()
    """What is filled in for a variable that has no value."""

    def part(self, name: str) -> str:
        return str(getattr(self, name))


@dataclass(frozen=True, slots=True)
class CampaignMessage:
    """`language` is the one to fall back to. `channels` are the ways it may go, the first that is open is taken; none: all of them.
    `risky`: it leads to what moves money or an account, so no text message carries a link."""

    language: str = "en"
    texts: tuple[MessageText, ...] = ()
    channels: tuple[Way, ...] = ()
    risky: bool = False

    def text(self, language: str) -> MessageText | None:
        return next((one for one in self.texts if one.language == language), None)


@dataclass(frozen=True, slots=True)
class CouponMessage:
    """What notifications is told of the message about one coupon."""

    message: CampaignMessage
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MessageExample:
    """A campaign's message with values as they may be. `title` and `body` are what is said where it has no texts of its own."""

    message: CouponMessage
    campaign_name: str
    title: str
    body: str
    ends_at: datetime
