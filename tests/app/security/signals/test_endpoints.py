"""Warnings over HTTP: what follows from each, once, and what does not count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.http import install_problems
from app.security import people, stepup
from app.security.devices import freezing, keeping
from app.security.levels import Proven
from app.security.policies.contracts import Acr
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings
from app.security.signals.endpoints import router
from tests.conftest import START

from .test_sets import KEY, token

HEADERS = {"Content-Type": "application/secevent+jwt"}


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    app = FastAPI()
    security = SecuritySettings(set_keys_file=keys, set_issuers=("https://mdm.example",), set_audience="moments")
    app.state.house = SimpleNamespace(database=database, settings=SimpleNamespace(security=security))
    install_problems(app)
    app.include_router(router)
    with TestClient(app) as client:
        yield client


@pytest.fixture
def phone(database: Database) -> people.NewDevice:
    with database.transaction() as session:
        return people.register_device(session, "Phone", "ios", START)


def _told(client: TestClient, phone: people.NewDevice, kind: str, jti: str = "set-1", at_s: int = 0, *, about: str = "device", **said: Any) -> Any:
    subject = phone.device_id if about == "device" else phone.shopper_id
    made_s = int(START.timestamp()) + at_s
    text = token(kind=kind, said=said, jti=jti, iat=made_s, sub_id={"format": "opaque", "id": subject})
    return client.post("/v1/security-events", content=text, headers=HEADERS)


def _now(database: Database, phone: people.NewDevice) -> tuple[str, bool, bool]:
    """(level of the phone, are her coupons frozen, does the token open)."""
    with database.reading() as session:
        level = keeping.standing(session, phone.device_id, database.clock.now(), fresh_s=3600).level
        return str(level), freezing.frozen(session, phone.shopper_id), people.device_by_token(session, phone.token) is not None


class TestPushSecurityEvent:
    def test_a_phone_that_is_not_well_freezes_and_thaws(self, client: TestClient, database: Database, phone: people.NewDevice) -> None:
        answer = _told(client, phone, "device-compliance-change", current_status="not-compliant")
        assert (answer.status_code, answer.content) == (202, b"")
        assert _now(database, phone) == ("revoked", True, True)
        _told(client, phone, "device-compliance-change", "set-2", current_status="compliant")
        assert _now(database, phone) == ("unknown", False, True)

    def test_an_ended_session_ends_here_and_coupons_wait_until_she_comes_in_again(self, client: TestClient, database: Database, phone: people.NewDevice) -> None:
        _told(client, phone, "session-revoked")
        assert _now(database, phone) == ("revoked", True, False)
        with database.transaction() as session:
            freezing.proved_again(session, phone.shopper_id, at=START)
        assert _now(database, phone)[1:] == (False, False)

    @pytest.mark.parametrize(("kind", "said"), [("credential-change", {"change_type": "update"}), ("assurance-level-change", {"change_direction": "decrease"})])
    def test_doubt_about_her_asks_for_a_proof(self, client: TestClient, database: Database, phone: people.NewDevice, kind: str, said: dict[str, str]) -> None:
        her = Principal(Role.SHOPPER, phone.shopper_id, phone.device_id)
        with database.transaction() as session:
            stepup.note(session, her, Acr.PASSKEY, START)
        _told(client, phone, kind, about="shopper", **said)
        assert _now(database, phone) == ("revoked", True, True)
        with database.reading() as session:
            assert stepup.proven(session, her) == Proven(START)

    @pytest.mark.parametrize(("kind", "said"), [("credential-change", {"change_type": "create"}), ("assurance-level-change", {"change_direction": "increase"}), ("token-claims-change", {})])
    def test_what_is_no_warning_changes_nothing(self, client: TestClient, database: Database, phone: people.NewDevice, kind: str, said: dict[str, str]) -> None:
        assert _told(client, phone, kind, about="shopper", **said).status_code == 202
        assert _now(database, phone) == ("unknown", False, True)

    def test_counts_once(self, client: TestClient, database: Database, phone: people.NewDevice) -> None:
        """Seen to fail without remembering `jti`: a warning kept by a thief froze her again for ever."""
        _told(client, phone, "device-compliance-change", current_status="not-compliant")
        with database.transaction() as session:
            freezing.thaw_device(session, phone.device_id, told_at=START)
        again = _told(client, phone, "device-compliance-change", current_status="not-compliant")
        assert again.status_code == 202  # RFC 8935: as if it came for the first time
        assert _now(database, phone) == ("unknown", False, True)

    def test_an_older_one_does_not_undo_a_newer(self, client: TestClient, database: Database, phone: people.NewDevice, clock: ManualClock) -> None:
        clock.advance(60)
        _told(client, phone, "device-compliance-change", "new", 30, current_status="not-compliant")
        _told(client, phone, "device-compliance-change", "old", 10, current_status="compliant")
        assert _now(database, phone)[1] is True

    def test_somebody_we_do_not_know_is_no_fault(self, client: TestClient, phone: people.NewDevice) -> None:
        stranger = people.NewDevice("shp_none", "dev_none", "", "")
        assert _told(client, stranger, "session-revoked").status_code == 202

    @pytest.mark.parametrize(("headers", "err"), [({"Content-Type": "application/json"}, "invalid_request"), (HEADERS, "invalid_key")])
    def test_a_refusal_is_in_the_words_of_rfc_8935(self, client: TestClient, headers: dict[str, str], err: str) -> None:
        answer = client.post("/v1/security-events", content="a.b.c", headers=headers)
        assert (answer.status_code, answer.json()["err"]) == (400, err)

    def test_nobody_may_where_nothing_is_set_up(self, client: TestClient, phone: people.NewDevice, database: Database) -> None:
        client.app.state.house.settings.security = SecuritySettings()  # type: ignore[attr-defined]
        assert _told(client, phone, "session-revoked").json()["err"] == "access_denied"
        assert _now(database, phone)[2] is True
