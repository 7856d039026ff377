from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.http import install_problems
from app.security import stepup
from app.security.contact_endpoints import router
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.models import ContactCodeRow
from app.security.contacts.values import ContactKind
from app.security.passkeys import keeping
from app.security.passkeys.ceremonies import MadePasskey
from app.security.policies.contracts import Acr, SimSwap
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings
from app.security.sim_swap.adapters.memory_gateway import MemorySimSwapGateway
from app.security.sim_swap.operator import Operator

from .contacts.conftest import ORIGIN, SETTINGS, Person, gateway, jane

__all__ = ["gateway", "jane"]

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


def _with_passkey(database: Database, jane: Person, *, shown: bool = False) -> None:
    """A passkey of hers; `shown`: just now, on this phone."""
    holder = Principal(Role.SHOPPER, jane.id, jane.device.device_id)
    with database.transaction() as session:
        if shown:
            stepup.note(session, holder, Acr.PASSKEY, database.clock.now())
        else:
            keeping.add(session, holder, MadePasskey(jane.id.encode(), b"public key", 0, "", synced=True, transports=()), "Phone", at=database.clock.now())


def _code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "") if answer.content else ""


ASKED = (401, "insufficient_user_authentication")


class TestAsked:
    """Seen to fail with the question left out of each of the four in turn, and with the first contact let through unasked."""

    def test_the_first_contact_is_asked_for_like_any_other(self, web: TestClient, database: Database, jane: Person, me: dict[str, str]) -> None:
        """Whoever stole her session would lay one, and there would be no old one to tell."""
        _with_passkey(database, jane)
        assert _code(web.post("/v1/contacts", json={"kind": "email", "value": "eve@example.org"}, headers=me)) == ASKED
        assert _code(web.put("/v1/familiar-word", json={"word": "Merry owl"}, headers=me)) == ASKED
        assert (jane.reached_at(), web.get("/v1/contacts", headers=me).json()["pending"]) == ({}, [])
        _with_passkey(database, jane, shown=True)
        assert web.put("/v1/familiar-word", json={"word": "Merry owl"}, headers=me).status_code == 200
        assert web.post("/v1/contacts", json={"kind": "email", "value": MINE}, headers=me).status_code == 202
        assert web.post("/v1/contacts/email/code", json={"code": jane.code(MINE)}, headers=me).status_code == 200
        assert jane.reached_at() == {"email": MINE}

    def test_who_has_nothing_to_show_is_not_asked(self, web: TestClient, jane: Person, me: dict[str, str]) -> None:
        jane.has(MINE)
        assert web.post("/v1/contacts", json={"kind": "email", "value": "new@example.org"}, headers=me).status_code == 202
        assert web.delete("/v1/contacts/email", headers=me).status_code == 204

    def test_every_later_change_asks_and_goes_on_with_the_proof(self, web: TestClient, database: Database, jane: Person, me: dict[str, str]) -> None:
        jane.has(MINE)
        _with_passkey(database, jane)
        changes = (("POST", "/v1/contacts", {"kind": "email", "value": "new@example.org"}), ("PUT", "/v1/familiar-word", {"word": "Merry owl"}), ("DELETE", "/v1/contacts/email", None))
        before = jane.word()
        for method, path, body in changes:
            answer = web.request(method, path, json=body, headers=me)
            assert _code(answer) == ASKED
            assert answer.headers["www-authenticate"].endswith('acr_values="passkey", max_age="300"')
            assert answer.json()["reasons"] == ["confirm_it_is_you"]
        assert (jane.reached_at(), jane.word()) == ({"email": MINE}, before)
        _with_passkey(database, jane, shown=True)
        assert [web.request(method, path, json=body, headers=me).status_code for method, path, body in changes] == [202, 200, 204]

    def test_a_code_named_before_there_was_a_contact_is_asked_when_it_comes(self, web: TestClient, database: Database, jane: Person, me: dict[str, str]) -> None:
        """A thief names his address while she has none, and types his code in once she has one."""
        web.post("/v1/contacts", json={"kind": "email", "value": "eve@example.org"}, headers=me)
        jane.has("+358401234567", ContactKind.PHONE)
        _with_passkey(database, jane)
        digits = jane.code("eve@example.org")
        assert _code(web.post("/v1/contacts/email/code", json={"code": digits}, headers=me)) == ASKED
        assert jane.reached_at() == {"phone": "+358401234567"}
        _with_passkey(database, jane, shown=True)
        assert web.post("/v1/contacts/email/code", json={"code": digits}, headers=me).status_code == 200
        assert web.post("/v1/contacts/email/code", json={"code": digits}, headers=me).status_code == 200

    def test_who_took_the_last_one_away_is_asked_for_the_next(self, web: TestClient, database: Database, jane: Person, me: dict[str, str]) -> None:
        jane.has(MINE)
        jane.remove()
        _with_passkey(database, jane)
        assert _code(web.post("/v1/contacts", json={"kind": "email", "value": "eve@example.org"}, headers=me)) == ASKED


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


class TestTheOperator:
    def test_is_asked_once_for_a_change_and_no_try_of_the_code_is_lost(self, web: TestClient, database: Database, jane: Person, me: dict[str, str]) -> None:
        number, gateway = "+358401234567", MemorySimSwapGateway()
        jane.has(number, ContactKind.PHONE)
        web.app.state.house.operator = Operator(database, gateway)  # type: ignore[attr-defined]
        assert web.post("/v1/contacts", json={"kind": "email", "value": MINE}, headers=me).status_code == 202
        code = jane.code(MINE)
        gateway.told[number] = SimSwap.YES
        refused = web.post("/v1/contacts/email/code", json={"code": code}, headers=me)
        assert (refused.status_code, refused.json()["reasons"]) == (401, ["sim_swapped"])
        gateway.told[number] = SimSwap.UNKNOWN
        assert web.post("/v1/contacts/email/code", json={"code": code}, headers=me).status_code == 200
        with database.reading() as session:
            assert session.scalars(select(ContactCodeRow.tries_left).where(ContactCodeRow.kind == "email")).one() == SETTINGS.code_tries - 2
        assert gateway.asked == [number] * 3
