"""Strings that are no AI (8112), each with the reason: made from the grammar, one rule at a time.

The grammar (GS1 General Specifications, AI (8112)): format code 0 or 1; a digit 0..6 and that many more than six digits of
funder; six digits of offer; a digit 0..9 and that many more than six digits of serial number; nothing after it.
"""

from __future__ import annotations

from collections.abc import Iterator

SHORTEST = "0" + "0" + "640001" + "271828" + "0" + "314159"
LONGEST = "1" + "6" + "640001234567" + "271828" + "9" + "314159265358979"
MIDDLE = "0" + "3" + "640001234" + "271828" + "4" + "3141592653"
GOOD = (SHORTEST, MIDDLE, LONGEST)


def _wrong_signs() -> Iterator[tuple[str, str]]:
    for place, sign in ((0, "x"), (1, " "), (5, "-"), (9, "O"), (14, "."), (20, "\x1d"), (3, "\u0664"), (17, "\uff11"), (12, "\n")):
        yield SHORTEST[:place] + sign + SHORTEST[place + 1 :], "gs1_non_digit"
    yield SHORTEST + "Z", "gs1_non_digit"


def _wrong_formats() -> Iterator[tuple[str, str]]:
    yield from ((digit + SHORTEST[1:], "gs1_invalid_format_code") for digit in "23456789")


def _wrong_funder_lengths() -> Iterator[tuple[str, str]]:
    yield from (("1" + digit + LONGEST[2:], "gs1_invalid_funder_length") for digit in "789")


def _cuts(good: str) -> Iterator[tuple[str, str]]:
    """Every place at which a good one can end too early, by the part in which it ends."""
    funder_end = 2 + 6 + int(good[1])
    for length in range(len(good)):
        if length == 0:
            reason = "gs1_missing_format_code"
        elif length == 1:
            reason = "gs1_missing_funder_vli"
        elif length < funder_end:
            reason = "gs1_truncated_funder"
        elif length < funder_end + 6:
            reason = "gs1_truncated_offer_code"
        elif length == funder_end + 6:
            reason = "gs1_missing_serial_number_vli"
        else:
            reason = "gs1_truncated_serial_number"
        yield good[:length], reason


def _too_long() -> Iterator[tuple[str, str]]:
    yield from ((good + more, "gs1_excess_data") for good in GOOD for more in ("0", "8112", good))


def _lengths_that_lie() -> Iterator[tuple[str, str]]:
    yield SHORTEST[:1] + "6" + SHORTEST[2:14], "gs1_truncated_offer_code"  # says twelve of funder, has six and the offer
    yield SHORTEST[:14] + "9" + SHORTEST[15:], "gs1_truncated_serial_number"
    yield LONGEST[:20] + "0" + LONGEST[21:], "gs1_excess_data"


INVALID: dict[str, str] = dict(
    (*_wrong_signs(), *_wrong_formats(), *_wrong_funder_lengths(), *_cuts(SHORTEST), *_cuts(MIDDLE), *_cuts(LONGEST), *_too_long(), *_lengths_that_lie())
)
