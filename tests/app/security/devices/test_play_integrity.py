from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.kernel.verdict import Fail
from app.security.devices.play_integrity import Judged, PlayIntegrity
from tests.conftest import START

from .vendors import PACKAGE, Google

HASHED = b"h" * 32
GOOGLE = Google()


def _verdict(token: str, google: Google = GOOGLE) -> Judged | Fail:
    return PlayIntegrity((PACKAGE,), google.decryption, google.verification).verdict(token, HASHED, START)


def _reason(found: Judged | Fail) -> str:
    return found.reason if isinstance(found, Fail) else str(found.level)


class TestVerdict:
    @pytest.mark.parametrize(
        ("labels", "licence", "level"),
        [
            (("MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"), "LICENSED", "strong"),
            (("MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"), "UNLICENSED", "attested"),
            (("MEETS_DEVICE_INTEGRITY",), "LICENSED", "attested"),
            (("MEETS_BASIC_INTEGRITY",), "LICENSED", "software"),
            (("MEETS_VIRTUAL_INTEGRITY",), "LICENSED", "unknown"),
            ((), "LICENSED", "unknown"),
        ],
    )
    def test_what_google_says_becomes_a_level(self, labels: tuple[str, ...], licence: str, level: str) -> None:
        assert _reason(_verdict(GOOGLE.token(HASHED, START, labels=labels, licence=licence))) == level

    @pytest.mark.parametrize(
        ("parts", "reason"),
        [
            ({"request": {"requestPackageName": "com.evil"}}, "attestation_other_app"),
            ({"app": {"packageName": "com.evil"}}, "attestation_other_app"),
            ({"app": {"appRecognitionVerdict": "UNRECOGNIZED_VERSION"}}, "attestation_other_app"),
            ({"request": {"requestHash": "other"}}, "attestation_other_request"),
            ({"request": {"timestampMillis": "x"}}, "attestation_too_old"),
            ({"request": {"timestampMillis": None}}, "attestation_too_old"),
        ],
    )
    def test_every_part_is_looked_at(self, parts: dict[str, Any], reason: str) -> None:
        """Seen to fail on a verdict whose `requestHash` was not compared: one phone's proof served for another's coupon."""
        assert _reason(_verdict(GOOGLE.token(HASHED, START, **parts))) == reason

    @pytest.mark.parametrize(("made", "reason"), [(-301, "attestation_too_old"), (-300, "attested"), (60, "attested"), (61, "attestation_too_old")])
    def test_is_fresh(self, made: int, reason: str) -> None:
        assert _reason(_verdict(GOOGLE.token(HASHED, START + timedelta(seconds=made)))) == reason

    def test_from_somebody_else_or_for_somebody_else(self) -> None:
        assert _reason(_verdict(Google(aes=GOOGLE.aes).token(HASHED, START))) == "attestation_not_genuine"
        assert _reason(_verdict(Google(key=GOOGLE.key).token(HASHED, START))) == "attestation_not_genuine"

    @pytest.mark.parametrize("text", ["", "a.b.c.d.e", "é", "x" * 50_000])
    def test_what_is_no_verdict(self, text: str) -> None:
        assert _reason(_verdict(text)) == "attestation_not_genuine"
