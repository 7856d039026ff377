"""The file: readable again, in each language, the same bytes each time, and what is written is never markup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pypdfium2
import pytest

from storefront.papers.pdf import pdf_of
from storefront.papers.sheet import Sheet, sheet_of

CONTENT: dict[str, Any] = {
    "number": "R2026-000017", "kind": "receipt", "of": None, "issued_at": "2026-11-21T12:00:00Z", "day": "2026-11-21", "order_id": "ord_1", "placed_at": "2026-11-21T12:00:00Z",
    "paid_at": "2026-11-21T12:00:05Z", "currency": "EUR",
    "merchant": {"name": "Ooey Gooey Oy", "address": ["Aleksanterinkatu 9"], "timezone": "Europe/Helsinki", "business_id": "1234567-8", "vat_id": "", "contact": ""},
    "lines": [{"name": "#panic() [*Bonbon*] $x$ \\u{41} Ёж", "delivery": False, "quantity": 2, "unit_minor": 450, "discount_minor": 180, "total_minor": 720, "rates_bp": [1350]}],
    "subtotal_minor": 900, "discount_minor": 180, "total_minor": 720, "coupons": [{"title": "20 % off", "discount_minor": 180}],
    "taxes": [{"rate_bp": 1350, "net_minor": 634, "tax_minor": 86, "paid_minor": 720}], "payments": [{"way": "provider", "amount_minor": 720}],
}  # fmt: skip


def sheet(language: str = "en") -> Sheet:
    return sheet_of(CONTENT, "ab12" * 16, language)


def text(body: bytes) -> str:
    document = pypdfium2.PdfDocument(body)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document).replace("\u00a0", " ")
    finally:
        document.close()


class TestPdfOf:
    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", ("Receipt", "R2026-000017", "Business ID 1234567-8", "€7.20", "13.5 %", "€0.86", "Page 1 of 1")),
            ("fi", ("Kuitti", "Y-tunnus 1234567-8", "7,20 €", "13,5 %", "Sivu 1/1")),
            ("sv-FI", ("Kvitto", "7,20 €", "Moms som ingår i summan")),
            ("tlh", ("Receipt",)),
        ],
    )
    def test_says_what_the_paper_says(self, language: str, said: tuple[str, ...]) -> None:
        found = text(pdf_of(sheet(language)))
        assert [one for one in said if one not in found] == []

    def test_a_name_is_no_markup(self) -> None:
        """Planted bug seen: a template that evaluates the names stops at the first one."""
        assert "#panic() [*Bonbon*] $x$ \\u{41} Ёж" in text(pdf_of(sheet()))

    def test_the_same_paper_is_the_same_file(self) -> None:
        """Planted bug seen: without its day in the template the file has the time it was made."""
        assert pdf_of(sheet()) == pdf_of(sheet())
        assert b"20261121" in pdf_of(sheet())

    def test_is_tagged_for_screen_readers(self) -> None:
        body = pdf_of(sheet("fi"))
        assert (b"/MarkInfo" in body, b"pdfuaid" in body) == (True, True)

    def test_many_lines_go_on_on_the_next_page(self) -> None:
        long = replace(sheet(), lines=replace(sheet().lines, rows=sheet().lines.rows * 60))
        document = pypdfium2.PdfDocument(pdf_of(long))
        assert len(document) == 3
        document.close()
