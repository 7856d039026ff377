"""Stripe's published test payment methods, and how each behaves. Plain data, and what a charge tells of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TestMethod:
    """How one of Stripe's test payment methods behaves: `decline` is (code, decline_code, message); one that `attaches` can be kept all the same."""

    __test__ = False

    brand: str = "visa"
    last4: str = "4242"
    challenge: bool = False
    slow: bool = False
    decline: tuple[str, str, str] | None = None
    attaches: bool = False
    bank: str = "us_bank_account"
    """The kind of what is `slow`."""
    disputed: str | None = None
    """Her bank asks about it as soon as it is paid (`inquiry`), or takes it back at once (`dispute`)."""


_GENERIC = ("card_declined", "generic_decline", "Your card was declined.")
_NO_FUNDS = ("card_declined", "insufficient_funds", "Your card has insufficient funds.")
TEST_METHODS: dict[str, TestMethod] = {
    "pm_card_visa": TestMethod(),
    "pm_card_mastercard": TestMethod("mastercard", "4444"),
    "pm_card_chargeDeclined": TestMethod(last4="0002", decline=_GENERIC),
    "pm_card_visa_chargeDeclined": TestMethod(last4="0002", decline=_GENERIC),
    "pm_card_chargeDeclinedInsufficientFunds": TestMethod(last4="9995", decline=_NO_FUNDS),
    "pm_card_chargeDeclinedExpiredCard": TestMethod(last4="0069", decline=("expired_card", "expired_card", "Your card has expired.")),
    "pm_card_chargeDeclinedProcessingError": TestMethod(
        last4="0119",
        decline=("processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit."),
    ),
    "pm_card_threeDSecure2Required": TestMethod(last4="3220", challenge=True),
    "pm_card_authenticationRequired": TestMethod(last4="3184", challenge=True),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": TestMethod(last4="8260", challenge=True, decline=_NO_FUNDS),
    "pm_card_chargeCustomerFail": TestMethod(last4="0341", decline=_GENERIC, attaches=True),
    "pm_card_bypassPending": TestMethod(last4="0077"),
    "pm_card_createDispute": TestMethod(last4="0259", disputed="dispute"),
    "pm_card_createDisputeInquiry": TestMethod(last4="1976", disputed="inquiry"),
    "pm_usBankAccount": TestMethod("", "6789", slow=True),
    "pm_sepaDebit": TestMethod("", "3201", slow=True, bank="sepa_debit"),
}


def details(kind: str, behaviour: TestMethod) -> dict[str, Any]:
    """How it was paid, as far as anybody reads it here."""
    if kind != "card":
        return {"type": kind}
    return {"type": kind, "card": {"brand": behaviour.brand, "last4": behaviour.last4, "exp_month": 12, "exp_year": 2034, "fingerprint": fingerprint(behaviour), "wallet": None}}


def fingerprint(behaviour: TestMethod) -> str:  # the same test card has the same one, whoever pays with it: as at Stripe
    return hashlib.sha256(f"{behaviour.brand} {behaviour.last4}".encode()).hexdigest()[:16]
