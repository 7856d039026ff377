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
    # A signed coupon and its live code.
    SIGNED_CODE_MALFORMED = "signed_code_malformed"
    SIGNED_CODE_TRUNCATED = "signed_code_truncated"
    SIGNED_CODE_KEY_UNKNOWN = "signed_code_key_unknown"
    SIGNED_CODE_KEY_REVOKED = "signed_code_key_revoked"
    SIGNED_CODE_FORGED = "signed_code_forged"
    SIGNED_CODE_OUTDATED = "signed_code_outdated"
    LIVE_CODE_NEEDED = "live_code_needed"
    LIVE_CODE_WRONG = "live_code_wrong"
    LIVE_CODE_LATE = "live_code_late"
    LIVE_CODE_EARLY = "live_code_early"
    WRONG_DEVICE = "wrong_device"
    # A till without a network.
    TILL_NO_BUNDLE = "till_no_bundle"
    TILL_BUNDLE_EXPIRED = "till_bundle_expired"
    TILL_CAP_REACHED = "till_cap_reached"
    TILL_CLOCK_AHEAD = "till_clock_ahead"
    TILL_CLOCK_BEHIND = "till_clock_behind"
    NEEDS_NETWORK = "needs_network"
    ONLY_WITH_NETWORK = "only_with_network"
    SUM_NEEDED = "sum_needed"
    NOTHING_TO_UNDO = "nothing_to_undo"


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
    _R.SIGNED_CODE_MALFORMED: "This is no coupon of ours, or not all of it was read. Scan it once more.",
    _R.SIGNED_CODE_TRUNCATED: "The coupon's code ends too early. Scan it once more.",
    _R.SIGNED_CODE_KEY_UNKNOWN: "The coupon was not made here, or too long ago. Ask the shopper to open it in the wallet again.",
    _R.SIGNED_CODE_KEY_REVOKED: "The coupon is signed with a key that has been withdrawn. Ask the shopper to open it in the wallet again, with a network.",
    _R.SIGNED_CODE_FORGED: "The coupon's signature does not fit: it was changed or made by somebody else.",
    _R.SIGNED_CODE_OUTDATED: "The phone has been without a network too long. Ask the shopper to open the coupon in the wallet again.",
    _R.LIVE_CODE_NEEDED: "This coupon counts only with the code that changes on the phone. Ask the shopper to open it in the wallet, and scan that; paper or a picture does not count.",
    _R.LIVE_CODE_WRONG: "The live code is not this phone's: a picture more than an hour old, or another's.",
    _R.LIVE_CODE_LATE: "The code on show is {apart_s} seconds old: a picture, or the clock of phone or till is wrong. Scan the phone itself.",
    _R.LIVE_CODE_EARLY: "The code on show is {apart_s} seconds ahead: the clock of phone or till is wrong.",
    _R.WRONG_DEVICE: "The coupon is bound to another phone.",
    _R.TILL_NO_BUNDLE: "This till has not been prepared to work without a network. Open this page once with a network.",
    _R.TILL_BUNDLE_EXPIRED: "This till has been without a network too long. It takes coupons again when it is back.",
    _R.TILL_CAP_REACHED: "This till has taken as many coupons without a network as it may. It takes more when it is back.",
    _R.TILL_CLOCK_AHEAD: "The till's clock is ahead of ours: this entry lies in the future. Set the clock.",
    _R.TILL_CLOCK_BEHIND: "The till's clock has gone back, or its journal is more than a week old. Set the clock.",
    _R.NEEDS_NETWORK: "Without a network only the QR code of the shopper's phone can be checked.",
    _R.ONLY_WITH_NETWORK: "This coupon is taken only with a network: it is worth much, or has to be looked at first.",
    _R.SUM_NEEDED: "Without a network, say what this coupon takes off: type the sum, then scan the phone once more.",
    _R.NOTHING_TO_UNDO: "There is nothing to undo: the entry it names was no use of a coupon.",
}
