"""Codes that stand at a place."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from app.kernel.verdict import PASS, Fail
from geofences.presence import codes
from geofences.presence.codes import STEP_S, PlaceCode
from geofences.tiers import PRINTED, SCREEN, TILL


def sign(message: bytes) -> bytes:
    return hmac.new(b"k", message, hashlib.sha512).digest()


def checks(message: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(sign(message), signature)


CODE = PlaceCode(SCREEN, "plc_shop", 7, "aisle-3")


class TestRead:
    @pytest.mark.parametrize("kind", [PRINTED, SCREEN, TILL])
    def test_what_was_written_alone_or_in_a_link(self, kind: str) -> None:
        code = PlaceCode(kind, "plc_shop", 7, "aisle-3")
        text = codes.written(code, sign)
        assert codes.read(text, checks) == code
        assert codes.read(f"https://shop.example/m/here?code={text}", checks) == code

    def test_anything_changed_is_none(self) -> None:
        """Seen to fail when the signature was not looked at."""
        text = codes.written(CODE, sign)
        changed = [
            text.replace("plc_shop", "plc_mall"),
            text.replace(".7.", ".8."),
            text.replace("MMP1.s", "MMP1.t"),
            text[:-2] + "AA",
        ]
        assert [codes.read(some, checks) for some in (*changed, "", "MMP1", "x" * 300, text + "é")] == [None] * 8


class TestGood:
    def test_a_changing_code_is_good_in_its_step_and_the_next(self) -> None:
        at_s = 7 * STEP_S
        assert codes.good(CODE, at_s) is PASS
        assert codes.good(CODE, at_s + 2 * STEP_S - 0.001) is PASS
        assert codes.good(CODE, at_s + 2 * STEP_S) == Fail("presence_code_old")
        assert codes.good(CODE, at_s - 0.001) == Fail("presence_code_old")

    def test_never_longer_than_half_a_minute(self) -> None:
        assert 2 * STEP_S <= 30

    def test_a_printed_one_is_good_for_ever_if_it_says_so_itself(self) -> None:
        assert codes.good(PlaceCode(PRINTED, "plc_shop", 0), 1e9) is PASS
        assert codes.good(PlaceCode(PRINTED, "plc_shop", 7), 7 * STEP_S) == Fail("presence_code_old")


class TestStepOfDigits:
    def test_now_and_the_step_before_and_of_this_place_alone(self) -> None:
        typed = codes.digits("plc_shop", 7, sign)
        assert len(typed) == codes.DIGITS
        assert codes.step_of_digits("plc_shop", typed, 7 * STEP_S, sign) == 7
        assert codes.step_of_digits("plc_shop", typed, 8 * STEP_S, sign) == 7
        assert codes.step_of_digits("plc_shop", typed, 9 * STEP_S, sign) is None
        assert codes.step_of_digits("plc_mall", typed, 7 * STEP_S, sign) is None
