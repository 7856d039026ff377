"""The webhook's signature: the documented scheme's vectors, agreement with the SDK, and both sides of the tolerance."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from app.kernel.verdict import PASS, Fail, Verdict
from storefront.payments.signature import verify
from tests.paths import SHARED

AT_S, SECRET, BODY = 1_700_000_000, "whsec_test_secret", b'{"id":"evt_1"}'
VECTORS = SHARED / "vectors" / "stripe-signature" / "vectors.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())["cases"] if VECTORS.exists() else []


def header(at_s: int = AT_S, body: bytes = BODY, secret: str = SECRET) -> str:
    return stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at_s)


def code(verdict: Verdict) -> str:
    return verdict.reason if isinstance(verdict, Fail) else "pass"


class TestVectors:
    @pytest.mark.skipif(not CASES, reason="shared data vectors/stripe-signature is not on this machine")
    @pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
    def test_as_documented(self, case: dict[str, Any]) -> None:
        verdict = verify(case["header"], case["payload"].encode(), [case["secret"]], now_s=case["now"])
        assert ("valid" if verdict.ok else "invalid") == case["expect"]


class TestVerify:
    def test_what_the_sdk_signs_is_genuine(self) -> None:
        assert verify(header(), BODY, [SECRET], now_s=AT_S) == PASS

    @pytest.mark.parametrize(("age_s", "expected"), [(300, "pass"), (301, "signature_old"), (-300, "pass"), (-301, "signature_from_the_future")])
    def test_both_sides_of_the_tolerance(self, age_s: int, expected: str) -> None:
        """Planted bug seen: without the future side, the SDK's behaviour, the last case passes."""
        assert code(verify(header(), BODY, [SECRET], now_s=AT_S + age_s)) == expected

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, "signature_missing"),
            ("", "signature_missing"),
            ("t=1", "signature_malformed"),
            ("v1=00", "signature_malformed"),
            ("t=1,t=2,v1=00", "signature_malformed"),
            ("t=-5,v1=00", "signature_malformed"),
            ("t=" + "9" * 400 + ",v1=00", "signature_malformed"),
            ("t=١٢٣,v1=00", "signature_malformed"),
            (f"t={AT_S},v1=é", "signature_wrong"),
            (f"t={AT_S},v0=" + "0" * 64, "signature_malformed"),
            (f"t={AT_S},v1=" + "0" * 64, "signature_wrong"),
        ],
    )
    def test_malformed_headers_have_a_reason(self, given: str | None, expected: str) -> None:
        assert code(verify(given, BODY, [SECRET], now_s=AT_S)) == expected

    def test_another_secret_another_body(self) -> None:
        assert code(verify(header(secret="whsec_other"), BODY, [SECRET], now_s=AT_S)) == "signature_wrong"
        assert code(verify(header(), BODY + b"\n", [SECRET], now_s=AT_S)) == "signature_wrong"

    def test_rotation_accepts_either_secret_and_none_accepts_nothing(self) -> None:
        assert verify(header(secret="whsec_new"), BODY, [SECRET, "whsec_new"], now_s=AT_S) == PASS
        assert code(verify(header(), BODY, [], now_s=AT_S)) == "signature_wrong"
        assert code(verify(header(secret=""), BODY, [""], now_s=AT_S)) == "signature_wrong"

    def test_a_body_that_is_not_text_can_be_judged(self) -> None:
        assert code(verify(header(), b"\xff\xfe", [SECRET], now_s=AT_S)) == "signature_wrong"
