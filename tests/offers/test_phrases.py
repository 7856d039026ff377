"""What a benefit is called: one short phrase, and the small print."""

from __future__ import annotations

import pytest

from offers import phrases, schemas
from offers.definition import Benefit, BenefitKind, Tier
from tests.offers.builders import document


class TestBenefitText:
    @pytest.mark.parametrize(
        ("benefit", "words"),
        [
            (Benefit(BenefitKind.PERCENT, percent_bp=1250), "12.5 % off"),
            (Benefit(BenefitKind.PERCENT, percent_bp=2000, max_discount_minor=500), "20 % off, up to €5.00"),
            (Benefit(BenefitKind.AMOUNT, amount_minor=300), "€3.00 off"),
            (Benefit(BenefitKind.FIXED_PRICE, price_minor=100, max_items=1), "Yours for €1.00"),
            (Benefit(BenefitKind.FIXED_PRICE, price_minor=100), "Yours for €1.00 each"),
            (Benefit(BenefitKind.FREE_ITEM), "One item free"),
            (Benefit(BenefitKind.FREE_ITEM, max_items=3), "3 items free"),
            (Benefit(BenefitKind.BUY_X_GET_Y, percent_bp=10_000, buy_items=2, get_items=1), "Buy 2, get 1 free"),
            (Benefit(BenefitKind.BUY_X_GET_Y, percent_bp=5000, buy_items=1, get_items=1), "Buy 1, get 1 at 50 % off"),
            (
                Benefit(
                    BenefitKind.TIERED, tiers=(Tier(2000, 1000), Tier(5000, amount_minor=1200)), max_discount_minor=1500
                ),
                "10 % off from €20.00, €12.00 off from €50.00, up to €15.00",
            ),
            (Benefit(BenefitKind.FREE_DELIVERY, max_discount_minor=490), "Free delivery, up to €4.90"),
            (
                Benefit(BenefitKind.CASHBACK, percent_bp=500, payment_methods=("card", "mobilepay")),
                "5 % back when you pay with card or mobilepay",
            ),
            (
                Benefit(BenefitKind.CASHBACK, amount_minor=200, payment_methods=("card",)),
                "€2.00 back when you pay with card",
            ),
            (Benefit(BenefitKind.POINTS, multiplier_bp=20_000), "Double points"),
            (Benefit(BenefitKind.POINTS, multiplier_bp=15_000), "1.5 times the points"),
        ],
    )
    def test_one_phrase(self, benefit: Benefit, words: str) -> None:
        assert phrases.benefit_text(benefit, "EUR") == words


class TestTermsText:
    def test_small_print(self) -> None:
        definition = schemas.checked(
            document(benefit={"kind": "amount", "amount_minor": 100, "min_basket_minor": 2000, "min_items": 2})
        )
        assert (
            phrases.terms_text(definition, ("A", "B", "C", "D"))
            == "From €20.00 on. From 2 items on. Use it once, at the till or in the app (A, B, C and 1 more)."
        )
