"""What data may be used for, in the words of the Fideslang taxonomy, and by what right.

Owns the uses and their tie to the purposes a shopper can switch. Must not know who reads what: each room declares it for its modules in
`data_tags.py`, and tests/architecture fails on a module that names a table about shoppers and declares no use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.privacy.purposes import NOTICES, Purpose


class Basis(StrEnum):
    """By what right (GDPR, article 6). Only `CONSENT` is asked of the gate."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal obligation"
    LEGITIMATE_INTEREST = "legitimate interest"


@dataclass(frozen=True, slots=True)
class Use:
    """`words` say it plainly; `purposes` are those without which it must not happen (any one of them)."""

    words: str
    basis: Basis
    purposes: tuple[Purpose, ...] = ()


def _asked_for(words: str, *purposes: Purpose) -> Use:
    return Use(words, Basis.CONSENT, purposes)


MESSAGES = tuple(p for p in Purpose if p.value.startswith("marketing_"))

DATA_USES: dict[str, Use] = {
    "functional.service": _asked_for("to notice that you visit a shop", Purpose.LOCATION),
    "marketing.advertising.first_party.targeted": _asked_for("to choose offers for you", Purpose.PERSONALISATION),
    "marketing": _asked_for("to count your visits for points, cards and challenges", Purpose.LOYALTY),
    "marketing.communications": _asked_for("to tell you of an offer", *MESSAGES),
    "marketing.communications.email": _asked_for("to tell you of an offer by e-mail", Purpose.MARKETING_EMAIL),
    "marketing.communications.sms": _asked_for("to tell you of an offer by SMS", Purpose.MARKETING_SMS),
    "marketing.advertising.frequency_capping": _asked_for("to leave you in peace: no offer or message too often", Purpose.PERSONALISATION, *MESSAGES),
    "marketing.advertising.negative_targeting": _asked_for("to leave out what you wished fewer of", Purpose.PERSONALISATION),
    "functional": _asked_for("to understand what you write with the help of an outside language program", Purpose.ASSISTANT),
    "analytics.reporting.campaign_insights": _asked_for("to count, among many, which offers work", Purpose.ANALYTICS),
    "essential.service": Use("to keep what was given to you or by you: coupons, carts, orders, points, reviews, your list, your links", Basis.CONTRACT),
    "essential.service.authentication": Use("to know that it is you", Basis.CONTRACT),
    "essential.service.payment_processing": Use("to take a payment and give it back", Basis.CONTRACT),
    "essential.service.security": Use("to keep strangers out", Basis.LEGITIMATE_INTEREST),
    "essential.fraud_detection": Use("to give once what is meant to be given once", Basis.LEGITIMATE_INTEREST),
    "essential.service.notifications": _asked_for("to tell you how far your order is, and how to care for what you bought", Purpose.AFTERCARE, Purpose.ORDER_NEWS),
    "essential.service.operations": Use("to do everything once and lose nothing", Basis.LEGITIMATE_INTEREST),
    "essential.service.operations.support": Use("to answer you, and to tell you or the shop why something happened", Basis.LEGITIMATE_INTEREST),
    "essential.legal_obligation": Use("to do what you have a right to: consent, export, erasure", Basis.LEGAL_OBLIGATION),
    "finance": Use("so that the books add up", Basis.LEGAL_OBLIGATION),
    "analytics.reporting.system.performance": Use("to measure speed, on made-up people", Basis.LEGITIMATE_INTEREST),
}
"""Key of the taxonomy -> the use."""


def uses_of(purpose: Purpose) -> tuple[str, ...]:
    """The uses a purpose opens; the first is the one its notice names."""
    named = NOTICES[purpose].data_use
    return (named, *(key for key, use in DATA_USES.items() if purpose in use.purposes and key != named))
