"""The live code: the published one-time passwords, the step, and clocks that are apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import rotating
from app.security.rotating import Step
from tests.paths import shared

SECRET = bytes(range(32))
NOW = 1_795_000_000.0


class TestHotp:
    def test_appendix_d_of_rfc_4226(self) -> None:
        key = b"12345678901234567890"
        codes = [rotating.hotp(key, counter, digits=6, algorithm="sha1") for counter in range(10)]
        assert codes == ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]

    def test_one_of_appendix_b_of_rfc_6238(self) -> None:
        key = b"12345678901234567890123456789012"
        assert rotating.hotp(key, rotating.step_of(59, 30)) == "46119246"

    def test_all_published_ones(self) -> None:
        cases = json.loads(shared("vectors/rfc6238-totp/otp.json").read_text(encoding="utf-8"))
        for case in cases["totp"]:
            key, counter = bytes.fromhex(case["key_hex"]), rotating.step_of(case["unix_time"], case["step"])
            assert rotating.hotp(key, counter, digits=case["digits"], algorithm=case["alg"]) == case["code"], case
        assert len(cases["totp"]) == 18


class TestStepMade:
    @pytest.mark.parametrize("late", [0, 1, -1, 2, -2, 240, -240])
    def test_tells_how_late(self, late: int) -> None:
        code = rotating.live_code(SECRET, NOW - late * rotating.STEP_S)
        assert rotating.step_made(SECRET, code, NOW) == Step(rotating.step_of(NOW) - late, late)

    @pytest.mark.parametrize(("late", "good"), [(0, True), (1, True), (-1, True), (2, False), (-2, False)])
    def test_a_neighbour_is_good_and_no_other(self, late: int, good: bool) -> None:
        assert Step(0, late).good is good

    def test_a_picture_is_worthless_after_thirty_seconds(self) -> None:
        made = 1_795_000_005.0  # the first second of a step
        code = rotating.live_code(SECRET, made)
        lives = [s for s in range(120) if (step := rotating.step_made(SECRET, code, made + s)) and step.good]
        assert lives == list(range(30))

    def test_beyond_the_hour_and_anothers_are_in_no_step(self) -> None:
        assert rotating.step_made(SECRET, rotating.live_code(SECRET, NOW - 241 * rotating.STEP_S), NOW) is None
        assert rotating.step_made(SECRET, rotating.live_code(SECRET[::-1], NOW), NOW) is None

    @given(st.text(max_size=20))
    def test_any_text_is_an_answer(self, text: str) -> None:
        found = rotating.step_made(SECRET, text, 100.0)
        assert found is None or len(text) == rotating.DIGITS


class TestDeviceSecret:
    def test_each_coupon_phone_and_week_its_own(self) -> None:
        parts = [(k, c, d) for k in (b"k" * 32, b"l" * 32) for c in (b"c", b"cd") for d in (b"device-1", b"evice-12", b"device-2")]
        assert len({rotating.device_secret(*p) for p in parts}) == len(parts)
