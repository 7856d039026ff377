"""A phone proves what it is, over HTTP, with evidence under a test root."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.http import install_problems
from app.security.devices.binding import as_text, request_hash
from app.security.devices.endpoints import router
from app.security.devices.privacy import erase_shopper, export_shopper
from app.security.endpoints import router as people
from app.security.settings import SecuritySettings
from tests.app.security.racing import race
from tests.conftest import START

from .vendors import APP, PACKAGE, Apple, Google

GOOGLE, APPLE = Google(), Apple(START)


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    root = tmp_path / "root.pem"
    root.write_bytes(APPLE.root.public_bytes(serialization.Encoding.PEM))
    security = SecuritySettings(
        play_package_names=(PACKAGE,), play_decryption_key=SecretStr(GOOGLE.decryption), play_verification_key=SecretStr(GOOGLE.verification),
        app_attest_apps=(APP,), app_attest_root_file=root, guesses_per_minute=100, attestation_fresh_s=3600,
    )  # fmt: skip
    app = FastAPI()
    app.state.house = SimpleNamespace(database=database, settings=SimpleNamespace(security=security))
    install_problems(app)
    app.include_router(people)
    app.include_router(router)
    return app


@pytest.fixture
def phone(app: FastAPI) -> Iterator[Callable[[], TestClient]]:
    opened: list[TestClient] = []

    def make() -> TestClient:
        client = TestClient(app)
        client.headers["Authorization"] = f"Bearer {client.post('/v1/devices', json={}).json()['token']}"
        opened.append(client)
        return client

    yield make
    for one in opened:
        one.close()


def _challenge(client: TestClient) -> tuple[str, bytes]:
    text = client.post("/v1/devices/me/attestation/challenge").json()["challenge"]
    return text, base64.urlsafe_b64decode(text + "=")


def _sent(client: TestClient, **body: Any) -> tuple[int, str]:
    answer = client.post("/v1/devices/me/attestation", json=body)
    return answer.status_code, answer.json().get("reason") or answer.json().get("level") or answer.json()["code"]


def _play(client: TestClient, *, moment_id: str = "mom_1", coupon_id: str = "cpn_1", said: tuple[str, str] = ("mom_1", "cpn_1")) -> dict[str, Any]:
    text, challenge = _challenge(client)
    return {"kind": "play_integrity", "challenge": text, "token": GOOGLE.token(request_hash(challenge, *said), START), "moment_id": moment_id, "coupon_id": coupon_id}


class TestAttest:
    def test_android_for_this_moment_and_coupon_and_no_other(self, phone: Callable[[], TestClient]) -> None:
        client = phone()
        assert client.get("/v1/devices/me/standing").json()["level"] == "unknown"
        assert _sent(client, **_play(client, said=("mom_1", "cpn_2"))) == (422, "attestation_other_request")
        body = _play(client)
        assert _sent(client, **body) == (200, "attested")
        assert _sent(client, **body) == (422, "attestation_challenge_over")

    def test_a_challenge_of_another_phone_is_none(self, phone: Callable[[], TestClient]) -> None:
        body = _play(phone())
        assert _sent(phone(), **body) == (422, "attestation_challenge_over")

    def test_grows_old(self, phone: Callable[[], TestClient], clock: ManualClock) -> None:
        client = phone()
        _sent(client, **_play(client))
        clock.advance(3600)
        told = client.get("/v1/devices/me/standing").json()
        assert (told["level"], list(told["reasons"])) == ("software", ["device_without_key", "device_attestation_old"])

    def test_apple_a_key_and_then_what_it_signs_each_once(self, phone: Callable[[], TestClient], database: Database) -> None:
        """Seen to fail on a counter that was compared with what had been read before."""
        client, key_id = phone(), as_text(APPLE.key_id)
        text, challenge = _challenge(client)
        made = {"kind": "app_attest_key", "challenge": text, "key_id": key_id, "evidence": as_text(APPLE.attestation(request_hash(challenge)))}
        assert _sent(client, **made) == (200, "strong")
        text, challenge = _challenge(client)
        signed = {"kind": "app_attest", "key_id": key_id, "moment_id": "mom_1"}
        proof = as_text(APPLE.assertion(request_hash(challenge, "mom_1"), counter=7))
        assert _sent(client, **signed, challenge=text, evidence=proof) == (200, "strong")
        bodies = []
        for _ in range(4):
            text, challenge = _challenge(client)
            bodies.append(signed | {"challenge": text, "evidence": as_text(APPLE.assertion(request_hash(challenge, "mom_1"), counter=8))})
        codes = [r[1] for r in race(4, lambda k: _sent(client, **bodies[k]))]  # type: ignore[index]
        assert sorted(codes) == ["attestation_seen_before"] * 3 + ["strong"]
        assert _sent(phone(), **signed, challenge=text, evidence=proof)[0] == 422

    def test_what_was_proved_is_hers_to_see_and_to_delete(self, phone: Callable[[], TestClient], database: Database) -> None:
        client = phone()
        _sent(client, **_play(client))
        shopper_id = client.get("/v1/me").json()["id"]
        with database.transaction() as session:
            [held] = export_shopper(session, shopper_id)["attestations"]
            assert (held["kind"], held["level"], held["facts"]) == ("play_integrity", "attested", {"licence": "LICENSED", "labels": "MEETS_DEVICE_INTEGRITY"})
            assert (erase_shopper(session, shopper_id), erase_shopper(session, shopper_id)) == (1, 0)

    def test_nothing_where_nothing_is_set_up(self, app: FastAPI, phone: Callable[[], TestClient]) -> None:
        client = phone()
        body = _play(client)
        app.state.house.settings.security = SecuritySettings()
        assert _sent(client, **body) == (409, "attestation_not_set_up")
        assert _sent(client, kind="app_attest", challenge="", key_id="AA", evidence="AA") == (409, "attestation_not_set_up")

    @pytest.mark.parametrize("wrong", [{"challenge": "!"}, {"challenge": 7}, {"kind": "other"}, {"moment_id": "../x"}])
    def test_a_wrong_field_is_named(self, phone: Callable[[], TestClient], wrong: dict[str, Any]) -> None:
        answer = phone().post("/v1/devices/me/attestation", json={"kind": "app_attest", "challenge": "", **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(wrong)))
