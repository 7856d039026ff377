"""A device whose token is bound to a key, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.clock import ManualClock
from app.security.settings import SecuritySettings

from .proofs import PhoneKey

HERE = "http://testserver"


class Phone:
    """A phone with a key and the token that was given to it."""

    def __init__(self, client: TestClient, clock: ManualClock) -> None:
        self.client, self.clock, self.key = client, clock, PhoneKey()
        answer = client.post("/v1/devices", json={}, headers={"DPoP": self.proof("POST", "/v1/devices", token=None)})
        assert answer.status_code == 201, answer.text
        self.told = answer.json()
        self.token = self.told["token"]

    def proof(self, method: str = "GET", path: str = "/v1/me", *, token: Any = ..., **claims: Any) -> str:
        return self.key.proof(method, HERE + path, self.clock.now().timestamp(), token=self.token if token is ... else token, **claims)

    def me(self, proof: str | None, scheme: str = "DPoP") -> tuple[int, str]:
        headers = {"Authorization": f"{scheme} {self.token}"} | ({"DPoP": proof} if proof is not None else {})
        answer = self.client.get("/v1/me", headers=headers)
        body = answer.json()
        return answer.status_code, body.get("reason", body.get("id", ""))


@pytest.fixture
def phone(client: TestClient, clock: ManualClock) -> Phone:
    return Phone(client, clock)


class TestBoundToken:
    def test_opens_with_a_proof_of_its_key_for_this_request(self, phone: Phone) -> None:
        assert phone.me(phone.proof()) == (200, phone.told["shopper_id"])

    def test_is_worth_nothing_by_itself_in_any_form(self, phone: Phone) -> None:
        """Seen to fail on binding that was checked only where the scheme said DPoP."""
        assert phone.me(None) == (401, "dpop_malformed")
        assert phone.me(None, "Bearer") == (401, "dpop_malformed")
        basic = phone.client.get("/v1/me", auth=(phone.told["device_id"], phone.token))
        assert (basic.status_code, basic.json()["code"]) == (401, "invalid_dpop_proof")
        assert basic.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')

    def test_a_proof_counts_once(self, phone: Phone) -> None:
        proof = phone.proof()
        assert phone.me(proof)[0] == 200
        assert phone.me(proof) == (401, "dpop_seen_before")
        assert phone.me(proof, "Bearer") == (401, "dpop_seen_before")

    def test_not_with_the_key_of_another_phone(self, phone: Phone) -> None:
        phone.key = PhoneKey()
        assert phone.me(phone.proof()) == (401, "dpop_other_key")

    def test_not_with_a_proof_for_another_token_path_or_time(self, phone: Phone, clock: ManualClock) -> None:
        assert phone.me(phone.proof(token="dt_other")) == (401, "dpop_other_token")
        assert phone.me(phone.proof(path="/v1/coupons")) == (401, "dpop_other_request")
        old = phone.proof()
        clock.advance(121)
        assert phone.me(old) == (401, "dpop_too_old")

    def test_two_proofs_are_none(self, phone: Phone) -> None:
        headers = [("Authorization", f"DPoP {phone.token}"), ("DPoP", phone.proof()), ("DPoP", phone.proof())]
        assert phone.client.get("/v1/me", headers=headers).status_code == 401

    def test_its_tracking_key_goes_on_reporting_positions_and_nothing_else(self, phone: Phone) -> None:
        answer = phone.client.get("/v1/me", headers={"Authorization": f"Bearer {phone.told['tracking_key']}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


class TestUnboundToken:
    def test_goes_on_working_and_is_no_dpop_token(self, client: TestClient, clock: ManualClock) -> None:
        made = client.post("/v1/devices", json={}).json()
        assert client.get("/v1/me", headers={"Authorization": f"Bearer {made['token']}"}).status_code == 200
        proof = PhoneKey().proof("GET", f"{HERE}/v1/me", clock.now().timestamp(), token=made["token"])
        answer = client.get("/v1/me", headers={"Authorization": f"DPoP {made['token']}", "DPoP": proof})
        assert (answer.status_code, answer.json()["reason"]) == (401, "dpop_other_key")


class TestNewDevice:
    def test_a_proof_that_does_not_hold_makes_none(self, client: TestClient, clock: ManualClock) -> None:
        proof = PhoneKey().proof("POST", f"{HERE}/v1/other", clock.now().timestamp())
        assert client.post("/v1/devices", json={}, headers={"DPoP": proof}).json()["reason"] == "dpop_other_request"

    def test_a_browser_cannot_be_bound(self, client: TestClient, clock: ManualClock) -> None:
        proof = PhoneKey().proof("POST", f"{HERE}/v1/devices", clock.now().timestamp())
        assert client.post("/v1/devices", json={"web": True}, headers={"DPoP": proof}).status_code == 422

    def test_signing_in_binds_too(self, client: TestClient, clock: ManualClock) -> None:
        account = {"email": "jane@example.org", "password": "correct horse battery"}
        old = client.post("/v1/devices", json={}).json()["token"]
        assert client.post("/v1/account", json=account, headers={"Authorization": f"Bearer {old}"}).status_code == 200
        proof = PhoneKey().proof("POST", f"{HERE}/v1/sessions", clock.now().timestamp())
        token = client.post("/v1/sessions", json=account, headers={"DPoP": proof}).json()["token"]
        assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


class TestNonce:
    def test_is_asked_for_and_then_enough(self, app: FastAPI, phone: Phone, clock: ManualClock) -> None:
        app.state.house.settings.security = SecuritySettings(dpop_nonce=True)
        headers = {"Authorization": f"DPoP {phone.token}"}
        asked = phone.client.get("/v1/me", headers=headers | {"DPoP": phone.proof()})
        assert (asked.status_code, asked.json()["code"]) == (401, "use_dpop_nonce")
        nonce = asked.headers["dpop-nonce"]
        assert phone.me(phone.proof(nonce=nonce))[0] == 200
        clock.advance(600)
        assert phone.me(phone.proof(nonce=nonce)) == (401, "dpop_nonce_needed")
