"""Standard Webhooks: what is genuine, and nothing else."""

from __future__ import annotations

import json

import pytest

from app.kernel.verdict import PASS, Fail
from app.security.inbound.standard_webhooks import key_of, secret_text, signature, signed_headers, verify
from tests.paths import shared

OLD, NEW, STRANGE = b"o" * 32, b"n" * 32, b"s" * 32
BODY, NOW = b'{"a": 1}', 1_800_000_000


class TestVerify:
    def test_what_we_sign_is_genuine(self) -> None:
        assert verify(signed_headers([NEW], "msg_1", NOW, BODY), BODY, [secret_text(NEW)], now_s=NOW) is PASS

    def test_published_vectors(self) -> None:
        path = shared("vectors/standard-webhooks/vectors.json")
        document = json.loads(path.read_text(encoding="utf-8"))
        told = {
            c["id"]: "valid" if verify(c["headers"], c["payload"].encode(), [c["secret"]], now_s=c["now"], tolerance_s=document["tolerance_seconds"]).ok else "invalid"
            for c in document["cases"]
        }
        assert told == {c["id"]: c["expect"] for c in document["cases"]}
        assert len(told) == 18

    def test_while_a_secret_is_changed_either_will_do(self) -> None:
        both = signed_headers([NEW, OLD], "msg_1", NOW, BODY)
        assert len(both["webhook-signature"].split(" ")) == 2
        assert [verify(both, BODY, [secret_text(key)], now_s=NOW).ok for key in (NEW, OLD, STRANGE)] == [True, True, False]
        one = signed_headers([OLD], "msg_1", NOW, BODY)
        assert verify(one, BODY, [secret_text(NEW), secret_text(OLD)], now_s=NOW).ok

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"webhook-id": "msg_2"}, "signature_wrong"),
            ({"webhook-id": ""}, "signature_missing"),
            ({"webhook-timestamp": str(NOW + 1)}, "signature_wrong"),
            ({"webhook-timestamp": "-5"}, "signature_malformed"),
            ({"webhook-timestamp": "٣"}, "signature_malformed"),
            ({"webhook-signature": "v1,é\x00"}, "signature_wrong"),
            ({"webhook-signature": "v1a,AAAA"}, "signature_wrong"),
            ({"webhook-signature": " ".join(["v1,AAAA"] * 5_000)}, "signature_wrong"),
        ],
    )
    def test_changed(self, change: dict[str, str], reason: str) -> None:
        verdict = verify(signed_headers([NEW], "msg_1", NOW, BODY) | change, BODY, [secret_text(NEW)], now_s=NOW)
        assert isinstance(verdict, Fail)
        assert verdict.reason == reason

    def test_written_again_is_another_body(self) -> None:
        headers = signed_headers([NEW], "msg_1", NOW, BODY)
        assert verify(headers, json.dumps(json.loads(BODY), separators=(",", ":")).encode(), [secret_text(NEW)], now_s=NOW) == Fail("signature_wrong")

    @pytest.mark.parametrize(("late_s", "reason"), [(300, None), (301, "signature_old"), (-300, None), (-301, "signature_from_the_future")])
    def test_time(self, late_s: int, reason: str | None) -> None:
        verdict = verify(signed_headers([NEW], "msg_1", NOW, BODY), BODY, [secret_text(NEW)], now_s=NOW + late_s)
        assert (verdict.reason if isinstance(verdict, Fail) else None) == reason

    def test_the_time_of_a_forgery_is_not_told(self) -> None:
        assert verify(signed_headers([STRANGE], "msg_1", 0, BODY), BODY, [secret_text(NEW)], now_s=NOW) == Fail("signature_wrong")


class TestKeyOf:
    def test_what_is_no_secret_verifies_nothing(self) -> None:
        assert [key_of(text) for text in ("", "whsec_", "whsec_a", "whsec_ü", "!")] == [None] * 5
        forged = {"webhook-id": "m", "webhook-timestamp": str(NOW), "webhook-signature": signature(b"", "m", NOW, BODY)}
        assert verify(forged, BODY, ["", "whsec_"], now_s=NOW) == Fail("signature_wrong")
