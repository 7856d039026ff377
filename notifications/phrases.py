"""What this room says to a shopper in words of its own: English here, the other languages in gettext catalogues beside it.

Pure. Owns the sentences around a message (its reasons stand in reasons.py) and saying any of them in her language. As with the assistant's
(conversations/sayings.py) the key is the context in the catalogue, and English that was changed is untranslated until somebody has looked
at the others again. What a marketer writes is not ours to translate.
"""

from __future__ import annotations

from functools import cache

from app.kernel import languages
from app.privacy.purposes import Purpose, no_consent
from notifications.reasons import NO_CONSENT, NO_CONSENT_TO_CARE, NO_CONSENT_TO_ORDER_NEWS, NOT_SENT, SENTENCES

THERE = (languages.PLAIN, "fi", "sv")
"""The languages we speak; whoever reads another is told in English."""

PHRASES: dict[str, str] = {
    "mail.leave": "To get no more offers by e-mail: {link}",
    "mail.leave_link": "Get no more offers by e-mail",
    "leave.title": "No more offers?",
    "leave.button": "Get no more",
    "leave.done": "Done",
    "leave.my_data": "My data",
    "leave.ask.email": "We will not tell you of offers by e-mail any more. Nothing else changes.",
    "leave.ask.sms": "We will not tell you of offers by SMS any more. Nothing else changes.",
    "leave.ask.whatsapp": "We will not tell you of offers by WhatsApp any more. Nothing else changes.",
    "leave.ask.push": "We will not tell you of offers by push any more. Nothing else changes.",
    "leave.left.email": "You get no more offers by e-mail.",
    "leave.left.sms": "You get no more offers by SMS.",
    "leave.left.whatsapp": "You get no more offers by WhatsApp.",
    "leave.left.push": "You get no more offers by push.",
    "state.live": "The message is in your inbox.",
    "state.suppressed": "No message was sent.",
    "state.elsewhere": "The message went another way; it is not in your inbox, as you have not agreed to messages there.",
    "state.withdrawn": "The message was taken back before it was seen.",
    "order.ready.title": "Ready for you at {place}",
    "order.ready.body": "Fetch your order until {until}. The code to show is on its page.",
    "booking.booked.title": "Booked: {what}",
    "booking.booked.body": "{when}, {place}. The code to show is on the order's page, with a file for your calendar.",
    "booking.moved.title": "Moved: {what}",
    "booking.moved.body": "Now {when}, {place}.",
    "booking.near.title": "{what}, {when}",
    "booking.near.body": "At {place}. The code to show is on the order's page.",
    "order.handed_over.title": "On its way to you",
    "order.handed_over.body": "Your parcel was handed to {carrier}. The order's page shows how far it is.",
    "order.out_for_delivery.title": "It is being brought",
    "order.out_for_delivery.body": "{carrier} is out with your parcel.",
    "order.expected.title": "It is being brought",
    "order.expected.body": "{carrier} is out with your parcel, expected {when}.",
    "order.delivered.title": "Delivered",
    "order.delivered.body": "Your parcel is there.",
    "order.failed.title": "Not delivered",
    "order.failed.body": "Your parcel could not be delivered and comes back to us: {why}.",
    "order.why.nobody_there": "nobody was there",
    "order.why.not_found": "the address was not found",
    "order.why.refused": "it was not accepted",
    "order.why.damaged": "it was damaged",
    "order.why.lost": "it was lost",
    "membership.unpaid.title": "Your membership could not be paid",
    "membership.unpaid.body": "Your bank declined the payment for {plan}. It is tried again; your benefits stay until {until}. Another card pays it at once.",
    "membership.over.title": "Your membership has ended",
    "membership.over.body": "It could not be paid for. You owe nothing, and you can join again at any time.",
    "order.left.title": "Left for you",
    "order.left.body": "Your parcel was left {where}; nobody showed your code. Not there? Tell us.",
    "order.where.at_door": "at your door",
    "order.where.neighbour": "with a neighbour",
    "order.where.box": "in a parcel box",
    "order.where.desk": "at a desk",
    "wish.one.title": "On your list, and here",
    "wish.one.body": "{what} lies on a shelf at {place}.",
    "wish.several.title": "On your list, and here",
    "wish.several.body": "{what} and {more} more lie on shelves at {place}.",
    "support.answer.title": "We have answered you",
    "support.answer.body": "About “{subject}”. Read it, and write back, on its page.",
    "support.solved.title": "Is it solved?",
    "support.solved.body": "We think “{subject}” is solved. If not, write back. Else tell us how content you are, with one tap.",
    "survey.title": "What do you think?",
    "survey.body": "“{title}”: {count} short questions. What you choose helps us to find offers that fit.",
    "pass.where": "Where",
    "pass.until": "Until",
    "pass.till": "At the till",
    "pass.terms": "Terms",
    "pass.live": "Live code",
    "pass.show": "Show the code of this pass.",
    "pass.changes": "This offer is used with the code that changes: open it by the link below.",
    "pass.reserved": "This offer is part of an order that is being paid.",
    "pass.redeemed": "This offer has been used.",
    "pass.expired": "This offer has ended.",
    "pass.revoked": "This offer was taken back by the shop.",
    "pass.frozen": "This offer cannot be used until we know that your phone is safe.",
    "pass.shops": "{count} shops",
    "pass.anywhere": "Anywhere with us",
}

EVERY: dict[str, str] = {
    **PHRASES, "no_consent": NO_CONSENT, "not_sent": NOT_SENT, no_consent(Purpose.AFTERCARE): NO_CONSENT_TO_CARE, no_consent(Purpose.ORDER_NEWS): NO_CONSENT_TO_ORDER_NEWS,
    **{code.value: text for code, text in SENTENCES.items()},
}
"""Key -> English."""


def say(key: str, language: str, **facts: object) -> str:
    """The sentence in her language, with the facts put in. `language` is any tag; one we do not speak is answered in English."""
    return (text_of(key, spoken(language)) or EVERY[key]).format(**facts)


def titled(key: str, language: str, **facts: object) -> tuple[str, str]:
    """The title and the body under `key`."""
    return say(f"{key}.title", language, **facts), say(f"{key}.body", language, **facts)


def reason(code: str, language: str) -> str:
    """Why it was or was not sent; a code of another floor is answered with a sentence that still names it."""
    if code in EVERY and code not in PHRASES:
        return say(code, language)
    return say("no_consent", language) if code.startswith("no_consent") else say("not_sent", language, what=code.replace("_", " "))


@cache
def spoken(tag: str) -> str:
    """The one of our languages that is hers; else English."""
    return languages.chosen(tag, THERE, languages.PLAIN)


def text_of(key: str, language: str) -> str:
    """Empty where it is not translated."""
    return EVERY[key] if language == languages.PLAIN else (*_catalogue(language).get((key, EVERY[key]), ()), "")[0]


@cache
def _catalogue(language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    return languages.catalogue("notifications", f"translations/{language}.po")
