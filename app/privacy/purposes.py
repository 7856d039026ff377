"""What data may be used for: the purposes a shopper can switch, each with the sentence she is shown.

Owns the purposes and the words of every notice, of now and of before. Must not know who has agreed. A changed sentence is a new
version: consent given to the old words does not cover the new ones (app/privacy/consent.py). The old words move to `EARLIER`, so that
any record can show what she agreed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Each stands alone: none is implied by another, and none is granted by default."""

    LOCATION = "location"
    PERSONALISATION = "personalisation"
    MARKETING_PUSH = "marketing_push"
    MARKETING_EMAIL = "marketing_email"
    MARKETING_SMS = "marketing_sms"
    MARKETING_WHATSAPP = "marketing_whatsapp"
    ANALYTICS = "analytics"
    ASSISTANT = "assistant"
    AFTERCARE = "aftercare"
    ORDER_NEWS = "order_news"
    LOYALTY = "loyalty"


ASKED_AT_FIRST = (Purpose.LOCATION, Purpose.PERSONALISATION, Purpose.MARKETING_PUSH, Purpose.ANALYTICS)
"""What a newcomer is asked. The other channels need an address first; they wait on the page where she gives it."""

NOT_FOR_MINORS = tuple(p for p in Purpose if p not in (Purpose.ANALYTICS, Purpose.AFTERCARE, Purpose.ORDER_NEWS))
"""A minor is not located and gets no marketing, and an offer chosen for her is marketing. How to care for what she bought is none, nor where her order is."""

ENDED_BY_SIGNAL = tuple(p for p in Purpose if p not in (Purpose.LOCATION, Purpose.AFTERCARE, Purpose.ORDER_NEWS))
"""What Global Privacy Control opts out of: being profiled for offers, approached and counted. It says nothing of a service she asks for."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The words a shopper agrees to. `version` counts up with every change of meaning.

    `data_use` is a key of app/privacy/uses.py. `categories` are the kinds of data (app/privacy/tags.py) the modules of that use read;
    a test compares. `kept` says for how long, `recipients` who outside gets something of it.
    """

    purpose: Purpose
    version: int
    title: str
    text: str
    data_use: str
    categories: tuple[str, ...]
    kept: str
    recipients: tuple[str, ...] = ()


_MESSAGE = (
    "user.unique_id.pseudonymous", "user.device", "user.device.device_id", "user.behavior", "user.content.private", "user.location.precise", "user.location.imprecise",
)  # fmt: skip
_CHOOSING = (
    "user.unique_id.pseudonymous", "user.location.precise", "user.behavior", "user.behavior.purchase_history", "user.demographic.profile", "user.content.private",
    "user.contact.email", "user.device", "user.device.device_id", "user.user_sensor",
)  # fmt: skip
_MESSAGES_KEPT = "Messages half a year."


NOTICES: dict[Purpose, Notice] = {
    notice.purpose: notice
    for notice in (
        Notice(
            Purpose.LOCATION,
            1,
            "Where you are",
            "We use your phone's position to notice when you visit one of our stores. Without this we do not store or look at any position.",
            "functional.service",
            ("user.unique_id.pseudonymous", "user.device.device_id", "user.location.precise", "user.user_sensor", "user.behavior"),
            "Positions about a day, sealed; visits 90 days.",
        ),
        Notice(
            Purpose.PERSONALISATION,
            1,
            "Offers that fit",
            "We use your visits and purchases to choose offers for you. Without this no visit leads to an offer.",
            "marketing.advertising.first_party.targeted",
            _CHOOSING,
            "Purchases two years; why you got an offer or did not, as long as you may ask; coupons until you delete your data.",
        ),
        Notice(
            Purpose.MARKETING_PUSH,
            1,
            "Messages",
            "We send offers to your phone as messages. Without this nothing is sent to you.",
            "marketing.communications",
            _MESSAGE,
            _MESSAGES_KEPT,
            ("the message service of your phone's maker, which carries the message and your phone's address",),
        ),
        Notice(
            Purpose.MARKETING_EMAIL,
            1,
            "Messages by e-mail",
            "We send offers to the e-mail address you gave us. Without this no offer is sent to it.",
            "marketing.communications.email",
            (*_MESSAGE, "user.contact.email"),
            _MESSAGES_KEPT,
            ("the mail service that carries the message and your address",),
        ),
        Notice(
            Purpose.MARKETING_SMS,
            1,
            "Messages by SMS",
            "We send offers to the phone number you gave us, as SMS. Without this no offer is sent to it.",
            "marketing.communications.sms",
            (*_MESSAGE, "user.contact.phone_number"),
            _MESSAGES_KEPT,
            ("the phone company that carries the message and your number",),
        ),
        Notice(
            Purpose.MARKETING_WHATSAPP,
            1,
            "Messages by WhatsApp",
            "We send offers to the phone number you gave us, by WhatsApp. Without this no offer is sent there.",
            "marketing.communications",
            (*_MESSAGE, "user.contact.phone_number"),
            _MESSAGES_KEPT,
            ("WhatsApp, which carries the message and your number",),
        ),
        Notice(
            Purpose.ANALYTICS,
            1,
            "Counting",
            "We count what you do together with what many others do, to see which offers work. Without this you are not counted.",
            "analytics.reporting.campaign_insights",
            ("user.unique_id.pseudonymous", "user.location.precise", "user.behavior", "user.behavior.purchase_history", "user.demographic.profile", "user.content.private", "user.user_sensor"),
            "Thirteen months; sums that name nobody stay.",
        ),
        Notice(
            Purpose.ASSISTANT,
            1,
            "Outside help to understand you",
            "Where our assistant does not understand you and the shop has set up an outside language program, we show it your words without names, addresses and numbers, and it tells us what you ask about. "
            "Without this your words stay with us.",
            "functional",
            ("user.unique_id.pseudonymous", "user.content.private", "user.behavior", "user.workplace"),
            "What was shown stands with the conversation, half a year.",
            ("whoever runs the language program, who sees those words and not who you are",),
        ),
        Notice(
            Purpose.AFTERCARE,
            1,
            "Care of what you bought",
            "Some days after you bought something, we tell you once how to look after it, if its maker says so. Without this we tell you when you ask.",
            "essential.service.notifications",
            (*_MESSAGE, "user.behavior.purchase_history"),
            _MESSAGES_KEPT,
            ("the message service of your phone's maker, which carries the message and your phone's address",),
        ),
        Notice(
            Purpose.ORDER_NEWS,
            1,
            "News of your orders",
            "When an order of yours is ready, on its way or there, your phone tells you. Without this it stands on the order's page and in your inbox alone.",
            "essential.service.notifications",
            (*_MESSAGE, "user.behavior.purchase_history"),
            _MESSAGES_KEPT,
            ("the message service of your phone's maker, which carries the message and your phone's address",),
        ),
        Notice(
            Purpose.LOYALTY,
            1,
            "Visits that count",
            "Your visits to our stores count for points, cards and challenges. Without this only what you buy counts.",
            "marketing",
            ("user.unique_id.pseudonymous", "user.location.precise", "user.behavior", "user.behavior.purchase_history"),
            "In which store you were on which day, 800 days; points and gifts as long as they are yours.",
        ),
    )
}

EARLIER: dict[tuple[Purpose, int], Notice] = {}
"""The notices of before, by purpose and version. Nothing is ever taken out."""


def notice(purpose: Purpose, version: int) -> Notice | None:
    """The words of that version; None for one that never was."""
    now = NOTICES[purpose]
    return now if now.version == version else EARLIER.get((purpose, version))


def no_consent(purpose: Purpose) -> str:
    """The reason code of a refusal for want of consent: `no_consent_location`, ..."""
    return f"no_consent_{purpose.value}"
