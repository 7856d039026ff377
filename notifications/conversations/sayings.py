"""What we say: English here, the other languages in gettext catalogues beside it (`translations/<language>.po`).

Pure data, `say` and `listed`. Every sentence is written by hand in each language; facts are put in, never words. Must not decide which is
said. The key of a sentence is its context in the catalogues (`msgctxt`), its English the id: English that was changed is untranslated until
somebody has looked at the others again, and a test says so.
"""

from __future__ import annotations

from functools import cache

from app.kernel import languages
from notifications.conversations.reasons import SENTENCES

Words = dict[str, str | tuple[str, str]]
"""Key -> English; two where it depends on a number: for one, and for more."""

SAYINGS: Words = {
    "greeting": "Hello! I am the shop's assistant, a program. Ask me about products, allergens, your orders, offers, opening hours, returns or care; or say “a person, please”.",
    "thanks": "You are welcome.",
    "fine": "All right.",
    "ask_again": "I am not sure what you mean. Could you say it in other words? I know about products, allergens, orders, offers, opening hours, returns, delivery and care.",
    "which_product": "Which product do you mean: {names}?",
    "which_product_open": "Which product do you mean? Please write its name.",
    "which_place": "Which shop do you mean: {names}?",
    "which_order": "Which order do you mean: {names}?",
    "which_code": "Please write the code or the word that stood in the message, between quotation marks. Do not open its link before I have answered.",
    "how_many_people": "For how many people?",
    "hand_off": "A person will answer you here. Until then I keep quiet.",
    "product": "{name}: {description} {price}.",
    "price": "{name} costs {price}.",
    "stock": "{name}: we have {count} in all. What lies on the shelf of one shop I do not see.",
    "no_stock": "{name} is sold out.",
    "contains": "{name} contains {allergens}.",
    "may_contain": "{name} may contain traces of {allergens}.",
    "not_declared": "{name} is declared without {allergens}, and without traces of it.",
    "none_of_fourteen": "{name} is declared without any of the fourteen allergens that must be named.",
    "allergen_unknown": "We do not know that for certain, and I will not guess about allergies. A person will tell you. Please do not eat it before.",
    "ingredients": "{name}: {text}",
    "care": "{name}: {text}",
    "care_title": "How to look after it: {name}",
    "order": "Your order {id} of {day}, {total}: {state}.",
    "no_order": "I find no order of yours.",
    "unknown_order": "I find no order of yours with this number. Please look at it once more; it stands on the page of the order.",
    "offers": "Yours now: {offers}.",
    "offer": "{title} (until {until})",
    "no_offers": "You have no offer at the moment.",
    "why_not": "Every reason why stands here.",
    "nothing_weighed": "No offer has been weighed for you lately. Offers come with a visit to a shop, if you have allowed your position and offers that fit.",
    "hours": "{place}, {day}: {hours}.",
    "closed": "{place} is closed on {day}.",
    "returns": (
        "You may return what is unused within {days} day, to any of our shops, with the order. Food and flowers cannot be returned, unless something is wrong with them.",
        "You may return what is unused within {days} days, to any of our shops, with the order. Food and flowers cannot be returned, unless something is wrong with them.",
    ),
    "delivery": "{methods}. You choose at the checkout.",
    "method": "{name}: {price}",
    "free": "free of charge",
    "propose": "I suggest: {lines} ({prices} each). Shall I put that into your cart?",
    "line": "{count} × {name}",
    "in_cart": "It is in your cart.",
    "remember": "May I remember for your next visits: {needs}? Only if you say yes, and you can take it back under My data. It stands under your consent “{title}”: {notice}",
    "need_people": "a party for {people}",
    "need_free_from": "without {allergens}",
    "remembered": "I will remember it.",
    "kept_in_mind": "As you told me before, without {allergens}.",
    "stopped": "Done: no more offers here. Write START to get them again.",
    "started": "Done: offers come here again. {notice}",
    "start_in_app": "Please switch that on yourself: in the app, under Me.",
    "handed_back": "I, the assistant, am back. Ask me anything.",
    "cannot_remember": "I cannot remember it now; look under My data what is switched off.",
    "genuine": "Yes, that is from us: “{title}”.",
    "genuine_word": "Yes, “{code}” is your word with us.",
    "not_genuine": "No. We sent you nothing with “{code}”. Do not open its link and do not answer it.",
    "too_long": "That was too long for me; I read the first {chars} characters.",
    "answer_title": "An answer",
}  # fmt: skip

COUNTS: dict[str, str] = {"returns": "days"}
"""Sentences that depend on a number -> the fact that is it."""

ALLERGEN_NAMES: Words = {
    "nuts": "nuts",
    "peanuts": "peanuts",
    "milk": "milk",
    "gluten": "gluten",
    "eggs": "eggs",
    "soya": "soya",
    "sesame": "sesame",
    "sulphites": "sulphites",
    "fish": "fish",
    "crustaceans": "crustaceans",
    "molluscs": "molluscs",
    "celery": "celery",
    "mustard": "mustard",
    "lupin": "lupin",
}  # fmt: skip

DAY_NAMES: Words = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}  # fmt: skip

ORDER_STATES: Words = {
    "pending": "waiting for its payment",
    "confirmed": "confirmed; you pay it when you get it",
    "paid": "paid; how far it is on its way I do not see",
    "payment_failed": "the payment did not go through",
    "cancelled": "cancelled",
    "refunded": "paid back",
}  # fmt: skip


WHY: Words = {f"why.{reason.value}": sentence for reason, sentence in SENTENCES.items()}
"""Why a person was asked."""


def say(key: str, language: str, table: Words = SAYINGS, **facts: object) -> str:
    """The sentence in the language, with the facts put in."""
    return _form(key, _texts(key, table, language), language, facts).format(**facts)


def listed(keys: tuple[str, ...], language: str, table: Words) -> str:
    """Names of the keys, with commas between."""
    return ", ".join(say(key, language, table) for key in keys)


def texts_of(key: str, language: str, table: Words = SAYINGS) -> tuple[str, ...]:
    """Every form of the sentence; none where it is not translated."""
    english = table[key]
    forms = (english,) if isinstance(english, str) else english
    return forms if language == languages.PLAIN else _catalogue(language).get((key, forms[0]), ())


def _texts(key: str, table: Words, language: str) -> tuple[str, ...]:
    return texts_of(key, language, table) or texts_of(key, languages.PLAIN, table)


def _form(key: str, forms: tuple[str, ...], language: str, facts: dict[str, object]) -> str:
    count = facts.get(COUNTS.get(key, ""))
    return forms[0] if len(forms) == 1 or (isinstance(count, int) and languages.one(language, count)) else forms[1]


@cache
def _catalogue(language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    return languages.catalogue("notifications.conversations", f"translations/{language}.po")
