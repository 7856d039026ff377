"""A browser's session that is bound to a key, over HTTP: with the key as before, and what a copied cookie gets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security import stepup
from app.security.key_endpoints import router as keys
from app.security.levels import Acr
from app.security.models import SessionRow, ShopperRow
from app.security.passkeys.endpoints import router as passkeys
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings

from .proofs import PhoneKey

HERE = "http://testserver"
KEY, MAKING = "/v1/sessions/key", "/v1/passkeys/making"


class Browser:
    """The phone page's browser: a session cookie, and a key that it may use."""

    def __init__(self, client: TestClient, clock: ManualClock) -> None:
        self.client, self.clock, self.key = client, clock, PhoneKey()
        self.shopper_id = client.post("/v1/devices", json={"web": True}).json()["shopper_id"]
        self.token = client.cookies["moments_shopper"]

    def proof(self, method: str, path: str, key: PhoneKey | None = None, **claims: object) -> str:
        return (key or self.key).proof(method, HERE + path, self.clock.now().timestamp(), token=self.token, **claims)  # type: ignore[arg-type]

    def bind(self, key: PhoneKey | None = None) -> tuple[int, str]:
        answer = self.client.post(KEY, headers={"DPoP": self.proof("POST", KEY, key)})
        return answer.status_code, answer.json()["code"] if answer.content else ""

    def makes_a_passkey(self, proof: str | None = None, *, by_form: bool = False) -> tuple[int, str]:
        """Begins to: the thing a thief would do first. (status, the first reason)."""
        headers = {} if proof is None else {"Cookie": f"moments_shopper={self.token}; moments_proof={proof}"} if by_form else {"DPoP": proof}
        answer = self.client.post(MAKING, headers=headers)
        return answer.status_code, (answer.json().get("reasons") or [answer.json().get("code", "")])[0]


@pytest.fixture
def browser(app: FastAPI, client: TestClient, clock: ManualClock) -> Browser:
    app.include_router(keys)
    app.include_router(passkeys)
    return Browser(client, clock)


@pytest.fixture
def bound(browser: Browser) -> Browser:
    assert browser.bind() == (204, "")
    return browser


class TestBind:
    def test_a_session_without_a_key_works_as_it_did(self, browser: Browser) -> None:
        assert browser.makes_a_passkey()[0] == 200

    def test_again_with_the_same_key(self, bound: Browser) -> None:
        assert bound.bind() == (204, "")

    def test_not_with_another_while_the_first_is_in_use(self, bound: Browser, clock: ManualClock) -> None:
        thief = PhoneKey()
        assert bound.bind(thief) == (409, "another_key_held")
        clock.advance(7 * 86_400 - 1)
        assert bound.bind(thief) == (409, "another_key_held")
        assert bound.makes_a_passkey() == (403, "key_not_shown")

    def test_with_another_when_the_first_was_not_seen_for_a_week(self, bound: Browser, clock: ManualClock) -> None:
        """Browsers throw it away after that long, and she has done nothing wrong."""
        clock.advance(7 * 86_400)
        assert bound.bind(PhoneKey()) == (204, "")
        assert bound.makes_a_passkey(bound.proof("POST", MAKING)) == (403, "key_not_shown")

    def test_use_keeps_it(self, bound: Browser, clock: ManualClock) -> None:
        for _ in range(2):
            clock.advance(4 * 86_400)
            assert bound.client.get("/v1/me", headers={"DPoP": bound.proof("GET", "/v1/me")}).status_code == 200
        assert bound.bind(PhoneKey()) == (409, "another_key_held")

    def test_with_another_after_a_passkey(self, bound: Browser, database: Database, clock: ManualClock) -> None:
        clock.advance(1)
        with database.transaction() as session:
            session_id = session.scalars(select(SessionRow.id)).one()
            stepup.note(session, Principal(Role.SHOPPER, bound.shopper_id, session_id=session_id), Acr.PASSKEY, clock.now())
        assert bound.bind(PhoneKey()) == (204, "")

    def test_not_after_a_passkey_that_was_shown_with_the_first(self, bound: Browser, database: Database, clock: ManualClock) -> None:
        """A copy of her cookie lives on nothing she proves. Seen to fail where any passkey within five minutes made room."""
        clock.advance(1)
        with database.transaction() as session:
            session_id = session.scalars(select(SessionRow.id)).one()
            hers = Principal(Role.SHOPPER, bound.shopper_id, session_id=session_id, browser_key=bound.key.thumbprint, key_shown=True)
            stepup.note(session, hers, Acr.PASSKEY, clock.now())
            assert stepup.satisfied(session, hers, Acr.PASSKEY, 300, clock.now())
            assert not stepup.satisfied(session, replace(hers, key_shown=False), Acr.PASSKEY, 300, clock.now())
        assert bound.bind(PhoneKey()) == (409, "another_key_held")

    def test_a_proof_that_does_not_hold_binds_nothing(self, browser: Browser) -> None:
        for proof in (browser.proof("POST", "/v1/other"), browser.proof("POST", KEY, ath="of another token"), ""):
            assert browser.client.post(KEY, headers={"DPoP": proof}).status_code == 401
        assert browser.bind(PhoneKey()) == (204, "")

    def test_a_phone_brings_its_key_otherwise(self, browser: Browser, client: TestClient, clock: ManualClock) -> None:
        client.cookies.clear()
        token = client.post("/v1/devices", json={}).json()["token"]
        proof = PhoneKey().proof("POST", HERE + KEY, clock.now().timestamp(), token=token)
        assert client.post(KEY, headers={"Authorization": f"Bearer {token}", "DPoP": proof}).status_code == 422


class TestShownBy:
    def test_a_copied_cookie_looks_around_and_lays_no_stone(self, bound: Browser) -> None:
        assert bound.client.get("/v1/me").json()["id"] == bound.shopper_id
        assert bound.makes_a_passkey() == (403, "key_not_shown")
        assert bound.client.post("/v1/account", json={"email": "thief@example.org", "password": "correct horse battery"}).status_code == 403

    def test_nor_makes_her_somebody_elses(self, bound: Browser, database: Database) -> None:
        """A thief who signs in as himself with her cookie gets a session of his own. Seen to fail where the sign-in joined whatever device called."""
        theirs = {"email": "thief@example.org", "password": "correct horse battery"}
        other = TestClient(bound.client.app)
        assert other.post("/v1/devices", json={"web": True}).status_code == 201
        assert other.post("/v1/account", json=theirs).status_code in (200, 201)
        answer = other.post("/v1/sessions", json={**theirs, "web": True}, headers={"Cookie": f"moments_shopper={bound.token}"})
        assert answer.status_code in (200, 201)
        with database.reading() as session:
            assert session.get_one(ShopperRow, bound.shopper_id).joined_into_shopper_id is None
        assert bound.client.get("/v1/me", headers={"Cookie": f"moments_shopper={bound.token}"}).json()["id"] == bound.shopper_id

    def test_nor_as_a_bearer_token(self, bound: Browser) -> None:
        bound.client.cookies.clear()
        answer = bound.client.post(MAKING, headers={"Authorization": f"Bearer {bound.token}"})
        assert (answer.status_code, answer.json()["reasons"]) == (403, ["key_not_shown"])

    @pytest.mark.parametrize("by_form", [False, True])
    def test_with_a_proof_once(self, bound: Browser, by_form: bool) -> None:
        """In the header, or in the cookie of a form."""
        proof = bound.proof("POST", MAKING)
        assert bound.makes_a_passkey(proof, by_form=by_form)[1] != "key_not_shown"
        assert bound.makes_a_passkey(proof, by_form=by_form) == (403, "key_not_shown")

    def test_the_proof_of_the_form_before_comes_along(self, bound: Browser) -> None:
        """Its address lies above this one. Seen to fail where the last cookie of the name was taken."""
        before, now = bound.proof("POST", "/v1"), bound.proof("POST", MAKING)
        assert bound.makes_a_passkey(f"{now}; moments_proof={before}", by_form=True)[1] != "key_not_shown"

    def test_not_with_one_for_another_request_or_key(self, bound: Browser) -> None:
        assert bound.makes_a_passkey(bound.proof("POST", "/v1/account")) == (403, "key_not_shown")
        assert bound.makes_a_passkey(bound.proof("POST", MAKING, PhoneKey())) == (403, "key_not_shown")

    def test_a_nonce_is_asked_for_where_the_house_wants_one(self, app: FastAPI, bound: Browser) -> None:
        app.state.house.settings.security = SecuritySettings(dpop_nonce=True)  # type: ignore[call-arg]
        asked = bound.client.post(MAKING, headers={"DPoP": bound.proof("POST", MAKING)})
        assert (asked.status_code, asked.json()["code"]) == (401, "use_dpop_nonce")
        proof = bound.proof("POST", MAKING, nonce=asked.headers["dpop-nonce"])
        assert bound.makes_a_passkey(proof)[1] != "key_not_shown"
        assert bound.makes_a_passkey(bound.proof("POST", MAKING), by_form=True) == (403, "key_not_shown")  # nobody would send a form again
