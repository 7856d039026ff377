"""What data may be used for: the purposes a shopper can switch, each with the sentence she is shown.

Owns the purposes and the version of each notice. Must not know who has agreed. A changed sentence is a new version:
consent given to the old words does not cover the new ones (app/privacy/consent.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Each stands alone: none is implied by another, and none is granted by default."""

    LOCATION = "location"
    PERSONALISATION = "personalisation"
    MARKETING_PUSH = "marketing_push"
    ANALYTICS = "analytics"


@dataclass(frozen=True, slots=True)
class Notice:
    """The words a shopper agrees to. `version` counts up with every change of meaning."""

    purpose: Purpose
    version: int
    title: str
    text: str


NOTICES: dict[Purpose, Notice] = {
    Purpose.LOCATION: Notice(
        Purpose.LOCATION,
        1,
        "Where you are",
        "We use your phone's position to notice when you visit one of our stores. Without this we do not store or look at any position.",
    ),
    Purpose.PERSONALISATION: Notice(
        Purpose.PERSONALISATION,
        1,
        "Offers that fit",
        "We use your visits and purchases to choose offers for you. Without this no visit leads to an offer.",
    ),
    Purpose.MARKETING_PUSH: Notice(
        Purpose.MARKETING_PUSH,
        1,
        "Messages",
        "We send offers to your phone as messages. Without this nothing is sent to you.",
    ),
    Purpose.ANALYTICS: Notice(
        Purpose.ANALYTICS,
        1,
        "Counting",
        "We count what you do together with what many others do, to see which offers work. Without this you are not counted.",
    ),
}


def no_consent(purpose: Purpose) -> str:
    """The reason code of a refusal for want of consent: `no_consent_location`, ..."""
    return f"no_consent_{purpose.value}"
