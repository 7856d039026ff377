"""Sums as people type them."""

from __future__ import annotations

import pytest

from app.web.amounts import Unread, amount_text, minor_of


class TestMinorOf:
    @pytest.mark.parametrize(("text", "currency", "amount_minor"), [("4.90", "EUR", 490), ("4,9", "EUR", 490), ("12", "EUR", 1200), ("1 200", "JPY", 1200), ("-0.50", "EUR", -50), ("1.234", "KWD", 1234)])
    def test_as_people_write_it_and_back(self, text: str, currency: str, amount_minor: int) -> None:
        assert minor_of(text, currency) == amount_minor
        assert minor_of(amount_text(amount_minor, currency), currency) == amount_minor

    @pytest.mark.parametrize(("text", "currency"), [("", "EUR"), ("4.", "EUR"), (".50", "EUR"), ("4.905", "EUR"), ("4.5", "JPY"), ("€4", "EUR"), ("1e3", "EUR"), ("4,90,1", "EUR")])
    def test_what_is_no_sum_is_told_by_an_example(self, text: str, currency: str) -> None:
        with pytest.raises(Unread, match=r"^an amount such as 4"):
            minor_of(text, currency)
