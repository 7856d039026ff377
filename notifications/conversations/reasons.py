"""Why a conversation went to a person, and why words were refused, each with its sentence."""

from __future__ import annotations

from enum import StrEnum


class ConversationReason(StrEnum):
    """Stored with hand-offs: never renamed, only added."""

    ASKED_FOR_A_PERSON = "asked_for_a_person"
    SOMETHING_IS_WRONG = "something_is_wrong"
    NOT_UNDERSTOOD = "not_understood"
    ALLERGEN_UNKNOWN = "allergen_unknown"
    PRODUCT_UNCLEAR = "product_unclear"
    ORDER_UNCLEAR = "order_unclear"
    PLACE_UNCLEAR = "place_unclear"
    FACT_UNKNOWN = "fact_unknown"
    NOTHING_FITS = "nothing_fits"


SENTENCES: dict[ConversationReason, str] = {
    ConversationReason.ASKED_FOR_A_PERSON: "You asked for a person.",
    ConversationReason.SOMETHING_IS_WRONG: "Something went wrong that a person should see to.",
    ConversationReason.NOT_UNDERSTOOD: "The assistant did not understand you, also when it asked again.",
    ConversationReason.ALLERGEN_UNKNOWN: "Nobody has declared what you asked about allergens, and the assistant does not guess.",
    ConversationReason.PRODUCT_UNCLEAR: "It was not clear which product you meant.",
    ConversationReason.ORDER_UNCLEAR: "It was not clear which order you meant.",
    ConversationReason.PLACE_UNCLEAR: "It was not clear which shop you meant.",
    ConversationReason.FACT_UNKNOWN: "Our data does not hold the answer.",
    ConversationReason.NOTHING_FITS: "Nothing on the shelf fits what you asked for.",
}


def sentence(code: str) -> str:
    """The words of a reason; the code itself for one nobody knows."""
    known = {reason.value: words for reason, words in SENTENCES.items()}
    return known.get(code, code)
