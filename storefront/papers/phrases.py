"""The words of receipts and credit notes: English here, the other languages in gettext catalogues beside it.

Pure. Owns the words. Names of products and campaigns are the merchant's and not ours to translate.
"""

from __future__ import annotations

from storefront.phrasebook import THERE, Phrasebook, spoken

__all__ = ["PHRASES", "THERE", "say", "spoken", "text_of"]

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

_BOOK = Phrasebook("storefront.papers", PHRASES)
say, text_of = _BOOK.say, _BOOK.text_of
