from __future__ import annotations

import json
from typing import Any

import pytest

from app.kernel.verdict import Fail
from app.security.dpop import Proof, check, token_hash
from tests.paths import shared

from .proofs import PhoneKey

NOW_S = 1_763_726_400
ADDRESS = "https://shop.example/v1/coupons"
TOKEN = "dt_" + "a" * 43


def _check(text: str, **more: Any) -> Proof | Fail:
    return check(text, **({"method": "GET", "address": ADDRESS, "now_s": NOW_S, "max_age_s": 120, "token": TOKEN} | more))


def _reason(found: Proof | Fail) -> str:
    return found.reason if isinstance(found, Fail) else "holds"


class TestPublishedVectors:
    def test_every_case_is_answered_as_published(self) -> None:
        document = json.loads(shared("vectors", "rfc9449-dpop", "dpop.json").read_text())
        wrong: list[str] = []
        for case in document["cases"]:
            found = check(case["proof"], method=case["method"], address=case["url"], now_s=case["now"], max_age_s=120, token=case["access_token"])
            if isinstance(found, Proof) != (case["expect"] == "valid") or (isinstance(found, Proof) and found.key != document["jkt"]):
                wrong.append(f"{case['id']}: {found}")
        assert wrong == []
        assert len(document["cases"]) >= 20

    def test_the_hash_of_the_token_of_the_standard(self) -> None:
        """RFC 9449, figure 12: the access token of the example and its `ath`."""
        assert token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU") == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


class TestCheck:
    def test_one_that_holds(self) -> None:
        phone = PhoneKey()
        found = _check(phone.proof("GET", ADDRESS, NOW_S, token=TOKEN, jti="a-name-of-its-own"), key=phone.thumbprint)
        assert found == Proof(phone.thumbprint, "a-name-of-its-own", NOW_S + 240)

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            ({"htm": "POST"}, "dpop_other_request"),
            ({"htm": "get"}, "dpop_other_request"),
            ({"htu": "https://shop.example/v1/coupon"}, "dpop_other_request"),
            ({"htu": "https://evil.example/v1/coupons"}, "dpop_other_request"),
            ({"htu": "http://shop.example/v1/coupons"}, "dpop_other_request"),
            ({"htu": "https://shop.example:444/v1/coupons"}, "dpop_other_request"),
            ({"htu": 7}, "dpop_other_request"),
            ({"htu": "https://[::1"}, "dpop_other_request"),
            ({"iat": NOW_S - 121}, "dpop_too_old"),
            ({"iat": NOW_S + 121}, "dpop_too_old"),
            ({"iat": float("nan")}, "dpop_malformed"),
            ({"iat": 10**400}, "dpop_malformed"),
            ({"iat": True}, "dpop_malformed"),
            ({"iat": None}, "dpop_malformed"),
            ({"jti": ""}, "dpop_malformed"),
            ({"jti": "x" * 256}, "dpop_malformed"),
            ({"jti": 7}, "dpop_malformed"),
            ({"ath": token_hash("dt_another")}, "dpop_other_token"),
            ({"ath": None}, "dpop_other_token"),
        ],
    )
    def test_every_claim_is_looked_at(self, wrong: dict[str, Any], reason: str) -> None:
        assert _reason(_check(PhoneKey().proof("GET", ADDRESS, NOW_S, **({"token": TOKEN} | wrong)))) == reason

    @pytest.mark.parametrize("same", ["https://SHOP.example/v1/coupons", "https://shop.example:443/v1/coupons", f"{ADDRESS}?page=2", f"{ADDRESS}#x"])
    def test_another_way_of_writing_the_same_address(self, same: str) -> None:
        assert _reason(_check(PhoneKey().proof("GET", same, NOW_S, token=TOKEN))) == "holds"

    @pytest.mark.parametrize("edge", [-120, 120])
    def test_the_edge_of_the_time_is_inside(self, edge: int) -> None:
        assert _reason(_check(PhoneKey().proof("GET", ADDRESS, NOW_S + edge, token=TOKEN))) == "holds"

    def test_another_key_and_a_missing_nonce(self) -> None:
        """Seen to fail on comparing the key only where the proof itself named one."""
        proof = PhoneKey().proof("GET", ADDRESS, NOW_S, token=TOKEN)
        assert _reason(_check(proof, key=PhoneKey().thumbprint)) == "dpop_other_key"
        assert _reason(_check(proof, nonces=("n1", "n2"))) == "dpop_nonce_needed"
        assert _reason(_check(PhoneKey().proof("GET", ADDRESS, NOW_S, token=TOKEN, nonce="n2"), nonces=("n1", "n2"))) == "holds"

    @pytest.mark.parametrize("header", [{"typ": "JWT"}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"jwk": {"kty": "EC"}}])
    def test_a_header_that_is_not_one(self, header: dict[str, Any]) -> None:
        assert _reason(_check(PhoneKey().proof("GET", ADDRESS, NOW_S, token=TOKEN, header=header))) == "dpop_malformed"

    def test_a_key_that_did_not_sign_it(self) -> None:
        other = PhoneKey().key.as_dict(private=False)
        assert _reason(_check(PhoneKey().proof("GET", ADDRESS, NOW_S, token=TOKEN, header={"jwk": other}))) == "dpop_malformed"

    def test_a_private_key_in_the_header(self) -> None:
        phone = PhoneKey()
        assert _reason(_check(phone.proof("GET", ADDRESS, NOW_S, token=TOKEN, header={"jwk": phone.key.as_dict(private=True)}))) == "dpop_malformed"

    @pytest.mark.parametrize("text", ["", "a.b.c", "é", "." * 3000, "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."])
    def test_what_is_no_proof(self, text: str) -> None:
        assert _reason(_check(text)) == "dpop_malformed"
