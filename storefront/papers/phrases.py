"""The words of receipts and credit notes: English here, the other languages in gettext catalogues beside it.

Pure. Owns the words. As elsewhere the key is the context in the catalogue, and English that was changed is untranslated until somebody has looked
at the others again. Names of products and campaigns are the merchant's and not ours to translate.
"""

from __future__ import annotations

from functools import cache

from app.kernel import languages

THERE = (languages.PLAIN, "fi", "sv")
"""The languages papers are written in; whoever reads another gets English."""

PHRASES: dict[str, str] = {
    "title.receipt": "Receipt",
    "title.credit_note": "Credit note",
    "number": "Number",
    "date": "Date",
    "order": "Order",
    "ordered": "Ordered",
    "paid": "Paid",
    "of": "For receipt",
    "business_id": "Business ID {id}",
    "vat_id": "VAT number {id}",
    "column.product": "Product",
    "column.quantity": "Pieces",
    "column.unit": "Price",
    "column.discount": "Discount",
    "column.total": "Sum",
    "column.rate": "VAT",
    "column.net": "Without VAT",
    "column.tax": "VAT",
    "column.gross": "With VAT",
    "subtotal": "Before discounts",
    "coupon": "Coupon: {title}",
    "total.receipt": "Total",
    "total.credit_note": "Given back",
    "taxes": "VAT contained in the sum",
    "payments": "Paid with",
    "way.provider": "Card or bank",
    "way.cash": "Cash",
    "way.terminal": "Card at the till",
    "way.balance": "Balance with us",
    "way.nothing": "Coupons paid for everything",
    "for_order": "For the order as a whole",
    "page": "Page {page} of {pages}",
    "hash": "Kept unchanged since it was issued; its mark is {hash}",
    "print": "Print",
    "pdf": "Save as PDF",
    "back": "Back to the order",
}


def say(key: str, language: str, **facts: object) -> str:
    """In her language, with the facts put in. `language` is any tag; one we do not speak is answered in English."""
    return (text_of(key, spoken(language)) or PHRASES[key]).format(**facts)


@cache
def spoken(tag: str) -> str:
    """The one of our languages that is hers; else English."""
    return languages.chosen(tag, THERE, languages.PLAIN)


def text_of(key: str, language: str) -> str:
    """Empty where it is not translated."""
    return PHRASES[key] if language == languages.PLAIN else (*_catalogue(language).get((key, PHRASES[key]), ()), "")[0]


@cache
def _catalogue(language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    return languages.catalogue("storefront.papers", f"translations/{language}.po")
