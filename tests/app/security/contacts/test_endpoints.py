from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.db import Database
from app.kernel.http import install_problems
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.endpoints import router
from app.security.settings import SecuritySettings

from .conftest import ORIGIN, SETTINGS, Person

MINE = "jane@example.org"


@pytest.fixture
def web(database: Database, gateway: MemoryContactGateway) -> TestClient:
    app = FastAPI()
    settings = SimpleNamespace(security=SecuritySettings(contact_sends_per_hour=3), contacts=SETTINGS, base_url=lambda: ORIGIN)  # type: ignore[call-arg]
    app.state.house = SimpleNamespace(database=database, settings=settings, contact_gateway=gateway)
    install_problems(app)
    app.include_router(router)
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def me(jane: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {jane.device.token}"}


class TestContacts:
    def test_add_verify_see_and_remove(self, web: TestClient, jane: Person, me: dict[str, str]) -> None:
        asked = web.post("/v1/contacts", json={"kind": "email", "value": " Jane@Example.org"}, headers=me)
        assert (asked.status_code, asked.json()["shown"], asked.json()["tries_left"]) == (202, "j…@example.org", 5)
        wrong = web.post("/v1/contacts/email/code", json={"code": "0000"}, headers=me)
        assert (wrong.status_code, wrong.json()["code"], wrong.json()["tries_left"]) == (422, "contact_code_wrong", 4)
        right = web.post("/v1/contacts/email/code", json={"code": jane.code(MINE)}, headers=me)
        assert (right.status_code, right.json()["shown"]) == (200, "j…@example.org")
        found = web.get("/v1/contacts", headers=me)
        assert found.headers["cache-control"] == "no-store"
        assert ([c["kind"] for c in found.json()["contacts"]], found.json()["pending"], found.json()["word"]) == (["email"], [], jane.word())
        assert web.delete("/v1/contacts/email", headers=me).status_code == 204
        assert web.delete("/v1/contacts/email", headers=me).json()["code"] == "contact_unknown"

    @pytest.mark.parametrize(
        ("method", "path", "body", "field"),
        [
            ("POST", "/v1/contacts", {"kind": "email", "value": "jane"}, "value"),
            ("POST", "/v1/contacts", {"kind": "phone", "value": "0401234567"}, "value"),
            ("POST", "/v1/contacts", {"kind": "fax", "value": "1"}, "kind"),
            ("POST", "/v1/contacts", {"kind": "email", "value": "x" * 321}, "value"),
            ("POST", "/v1/contacts/email/code", {"code": "abcdef"}, "code"),
            ("PUT", "/v1/familiar-word", {"word": "a\u202eb c"}, "word"),
            ("PUT", "/v1/familiar-word", {"word": 7}, "word"),
        ],
    )
    def test_bad_input_is_named(self, web: TestClient, me: dict[str, str], method: str, path: str, body: dict[str, Any], field: str) -> None:
        answer = web.request(method, path, json=body, headers=me)
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])

    def test_where_nothing_can_be_sent(self, web: TestClient, me: dict[str, str]) -> None:
        web.app.state.house.contact_gateway = None  # type: ignore[attr-defined]
        answer = web.post("/v1/contacts", json={"kind": "email", "value": MINE}, headers=me)
        assert (answer.status_code, answer.json()["code"]) == (409, "contact_unavailable")

    def test_nobody_can_be_flooded_with_codes(self, web: TestClient, me: dict[str, str], database: Database, gateway: MemoryContactGateway) -> None:
        """By one shopper to many, or by many to one."""
        statuses = [web.post("/v1/contacts", json={"kind": "email", "value": f"x{k}@example.org"}, headers=me).status_code for k in range(4)]
        assert statuses == [202] * 3 + [429]
        others = [{"Authorization": f"Bearer {Person(database, gateway).device.token}"} for _ in range(4)]
        answers = [web.post("/v1/contacts", json={"kind": "email", "value": MINE}, headers=one) for one in others]
        assert [a.status_code for a in answers] == [202] * 3 + [429]
        assert answers[-1].json()["limit"] == "contact_send"

    def test_the_same_for_an_address_that_somebody_else_has(self, web: TestClient, me: dict[str, str], database: Database, gateway: MemoryContactGateway) -> None:
        Person(database, gateway).has(MINE)
        answer = web.post("/v1/contacts", json={"kind": "email", "value": MINE}, headers=me)
        assert (answer.status_code, sorted(answer.json())) == (202, ["expires_at", "kind", "shown", "tries_left"])


class TestWord:
    def test_is_set(self, web: TestClient, jane: Person, me: dict[str, str]) -> None:
        assert web.put("/v1/familiar-word", json={"word": "Merry owl"}, headers=me).json() == {"word": "Merry owl"}
        assert jane.word() == "Merry owl"


class TestUndo:
    def test_looking_changes_nothing_the_button_does_once(self, web: TestClient, jane: Person, me: dict[str, str]) -> None:
        jane.has(MINE)
        jane.has("eve@example.org")
        path = f"/not-me/{jane.undo_token(MINE)}"
        looked = [web.get(path) for _ in range(2)]
        assert [(one.status_code, "Put it back" in one.text) for one in looked] == [(200, True)] * 2
        assert jane.reached_at() == {"email": "eve@example.org"}
        done = web.post(path)
        assert (done.status_code, "/enter/lnk_" in done.text) == (200, True)
        assert jane.reached_at() == {"email": MINE}
        assert web.get("/v1/contacts", headers=me).status_code == 401
        assert web.post(path).status_code == web.get(path).status_code == 410
        assert MINE not in done.text + looked[0].text

    def test_another_site_cannot_press_the_button(self, web: TestClient, jane: Person) -> None:
        jane.has(MINE)
        jane.has("eve@example.org")
        assert web.post(f"/not-me/{jane.undo_token(MINE)}", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

    def test_an_unknown_link(self, web: TestClient) -> None:
        assert web.get("/not-me/lnk_nothing").status_code == 404
