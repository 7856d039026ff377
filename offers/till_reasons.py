"""Why a scanned code is not taken: the reasons of codes, signed coupons, live codes and tills without a network.

Owns the codes (docs/reasons/offers.md lists the same ones; a test compares) and the sentence a clerk reads. What is wrong
with a coupon itself (expired, another store's, used) has its code in reasons.py, wherever it is found out.
"""

from __future__ import annotations

from enum import StrEnum


class TillReason(StrEnum):
    # GS1 AI (8112), named as the GS1 Barcode Syntax Dictionary names them.
    GS1_NON_DIGIT = "gs1_non_digit"
    GS1_MISSING_FORMAT_CODE = "gs1_missing_format_code"
    GS1_INVALID_FORMAT_CODE = "gs1_invalid_format_code"
    GS1_MISSING_FUNDER_VLI = "gs1_missing_funder_vli"
    GS1_INVALID_FUNDER_LENGTH = "gs1_invalid_funder_length"
    GS1_TRUNCATED_FUNDER = "gs1_truncated_funder"
    GS1_TRUNCATED_OFFER_CODE = "gs1_truncated_offer_code"
    GS1_MISSING_SERIAL_NUMBER_VLI = "gs1_missing_serial_number_vli"
    GS1_TRUNCATED_SERIAL_NUMBER = "gs1_truncated_serial_number"
    GS1_EXCESS_DATA = "gs1_excess_data"


_R = TillReason
SENTENCES: dict[TillReason, str] = {
    _R.GS1_NON_DIGIT: "The GS1 coupon holds a sign that is no digit. Scan it once more.",
    _R.GS1_MISSING_FORMAT_CODE: "The GS1 coupon is empty. Scan it once more.",
    _R.GS1_INVALID_FORMAT_CODE: "The GS1 coupon begins with a format code that is neither 0 nor 1: it is of another kind.",
    _R.GS1_MISSING_FUNDER_VLI: "The GS1 coupon ends before the length of its funder. Scan it once more.",
    _R.GS1_INVALID_FUNDER_LENGTH: "The GS1 coupon names a funder longer than 12 digits: it is not well made.",
    _R.GS1_TRUNCATED_FUNDER: "The GS1 coupon ends within its funder. Scan it once more.",
    _R.GS1_TRUNCATED_OFFER_CODE: "The GS1 coupon ends within its offer code. Scan it once more.",
    _R.GS1_MISSING_SERIAL_NUMBER_VLI: "The GS1 coupon ends before the length of its serial number. Scan it once more.",
    _R.GS1_TRUNCATED_SERIAL_NUMBER: "The GS1 coupon ends within its serial number. Scan it once more.",
    _R.GS1_EXCESS_DATA: "The GS1 coupon goes on after its serial number. Scan it alone, once more.",
}
