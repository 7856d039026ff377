"""A coupon as a GS1 element string: AI (8112), the coupon of a positive offer file, with a serial number used once.

Pure. Owns building and parsing of the value: format code (1 digit, 0 or 1), length of the funder id (1 digit, 0..6 for
6..12), funder id, offer code (6 digits), length of the serial number (1 digit, 0..9 for 6..15), serial number.
Must not know which coupon a serial number belongs to.
Source: GS1 General Specifications, AI (8112); GS1 Barcode Syntax Dictionary, linter `couponposoffer`.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.verdict import Fail
from offers.till_reasons import TillReason

AI = "8112"
OFFER_DIGITS = 6
FUNDER_DIGITS = range(6, 13)
SERIAL_DIGITS = range(6, 16)
GROUP_SEPARATOR = "\x1d"

_DIGITS = frozenset("0123456789")  # str.isdigit would let in the digits of every script
_SYMBOLOGIES = (
    "]C1",
    "]e0",
    "]d2",
    "]Q3",
    "]J1",
)  # GS1-128, DataBar, DataMatrix, QR, DotCode: what a scanner may put before


@dataclass(frozen=True, slots=True)
class PositiveOffer:
    """The value of AI (8112). `funder_id` is the GS1 company prefix of who pays."""

    format_code: str
    funder_id: str
    offer_code: str
    serial_number: str

    @property
    def value(self) -> str:
        """Without the AI. Raises ValueError for parts that have no such value."""
        parts = (self.format_code, self.funder_id, self.offer_code, self.serial_number)
        if not all(set(part) <= _DIGITS for part in parts):
            raise ValueError("the parts of AI (8112) are digits")
        if self.format_code not in ("0", "1") or len(self.offer_code) != OFFER_DIGITS:
            raise ValueError("the format code is 0 or 1, the offer code has six digits")
        if len(self.funder_id) not in FUNDER_DIGITS or len(self.serial_number) not in SERIAL_DIGITS:
            raise ValueError("the funder id has 6 to 12 digits, the serial number 6 to 15")
        funder_length, serial_length = len(self.funder_id) - 6, len(self.serial_number) - 6
        return f"{self.format_code}{funder_length}{self.funder_id}{self.offer_code}{serial_length}{self.serial_number}"

    @property
    def element_string(self) -> str:
        """What goes into a GS1-128 or a GS1 QR symbol, after the FNC1 that opens it."""
        return AI + self.value

    @property
    def bracketed(self) -> str:
        """For people, and for what draws symbols: `(8112)0...`."""
        return f"({AI}){self.value}"


def parse(value: str) -> PositiveOffer | Fail:
    """The value (without the AI), or the first thing that is wrong with it, by name and with its place."""
    for place, char in enumerate(value):
        if char not in _DIGITS:
            return Fail(TillReason.GS1_NON_DIGIT, {"place": place + 1})
    if not value:
        return Fail(TillReason.GS1_MISSING_FORMAT_CODE)
    if value[0] not in "01":
        return Fail(TillReason.GS1_INVALID_FORMAT_CODE, {"place": 1})
    if len(value) < 2:
        return Fail(TillReason.GS1_MISSING_FUNDER_VLI)
    funder_digits = int(value[1]) + 6
    if funder_digits not in FUNDER_DIGITS:
        return Fail(TillReason.GS1_INVALID_FUNDER_LENGTH, {"place": 2})
    funder_end = 2 + funder_digits
    if len(value) < funder_end:
        return Fail(TillReason.GS1_TRUNCATED_FUNDER, {"place": len(value) + 1})
    offer_end = funder_end + OFFER_DIGITS
    if len(value) < offer_end:
        return Fail(TillReason.GS1_TRUNCATED_OFFER_CODE, {"place": len(value) + 1})
    if len(value) == offer_end:
        return Fail(TillReason.GS1_MISSING_SERIAL_NUMBER_VLI, {"place": offer_end + 1})
    end = offer_end + 1 + int(value[offer_end]) + 6
    if len(value) < end:
        return Fail(TillReason.GS1_TRUNCATED_SERIAL_NUMBER, {"place": len(value) + 1})
    if len(value) > end:
        return Fail(TillReason.GS1_EXCESS_DATA, {"place": end + 1})
    return PositiveOffer(value[0], value[2:funder_end], value[funder_end:offer_end], value[offer_end + 1 :])


def scanned(text: str) -> str | None:
    """The value in what a scanner gives (`]C18112...`, `(8112)...`, `8112...` after an FNC1), or None if it is no AI (8112).

    Digits alone are not enough: without an FNC1 or its bracketed form nothing says that the number is a GS1 one.
    """
    for opening in (*_SYMBOLOGIES, GROUP_SEPARATOR):
        if text.startswith(opening):
            rest = text.removeprefix(opening).removeprefix(GROUP_SEPARATOR)
            return rest.removeprefix(AI) if rest.startswith(AI) else None
    return text.removeprefix(f"({AI})") if text.startswith(f"({AI})") else None
