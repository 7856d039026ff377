"""Every route x every caller x own and other.

`WHO_MAY` (who_may.py) is the specification: it says for each route who may call it, by hand. The first test compares it with what the
routes declare, so a new or changed route must be written here; the others call every route as every caller and look at
what really happens. Seen to fail on: a route without `allow`, an extra role in `allow`, a gate that only looked at the
token and not at its role, and an order read by its id alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.bootstrap import House
from app.kernel.ids import new_id
from app.security import people
from app.security.access import ANYONE, Role, declared_routes
from app.security.api_keys import SCOPES
from tests.architecture.belongings import ADDRESS, ADDRESS_FORM, Belongings, new_shopper
from tests.architecture.who_may import ANY, CLERK, LIMITED, PEOPLE, SERVER, SHOPPER, WHO_MAY
from tests.conftest import START

NOT_OURS = {"/openapi.json"}
"""Routes FastAPI adds by itself: the public description of the API."""

STREAMS = {"GET /v1/inbox/stream"}
"""Answers that do not end; who may open one is asked, the stream is not read."""

SIGNED = {"POST /v1/inbound/twilio", "POST /v1/inbound/twilio/status", "GET /v1/inbound/meta", "POST /v1/inbound/meta", "POST /v1/inbound/mail", "POST /v1/inbound/support-mail"}
"""Anybody may call; what is believed is the signature of the request, and whoever the caller is, one without is refused for that alone."""

BURNS_THE_CALLER = {"DELETE /v1/sessions/current", "POST /v1/me/erase", "POST /m/me/delete"}
"""After these the credentials are gone: each cell gets its own."""

NOT_SOMEBODYS = {"{purpose}", "{kind}", "{product_id}", "{place_id}", "{campaign_id}", "{review_id}", "{share_token}", "{line_no}", "{survey_id}", "{placement_id}"}
"""Ids in a path that name something of the house, the same for every shopper; lines of an order, which is hers; and a review or a link, which everybody may read: hers is named by its product."""


def _caller(house: House, who: str) -> dict[str, str]:
    """Fresh credentials of one kind of caller; `server` holds every scope."""
    if who == "nobody":
        return {}
    if who == SHOPPER:
        return new_shopper(house)[1]
    with house.database.transaction() as session:
        if who == SERVER:
            return {"Authorization": f"Bearer {people.make_api_key(session, 'x', tuple(SCOPES), made_by='test', at=START).key}"}
        person_id = people.staff(session, Role(who), new_id("name"), at=START, place_ids=("plc_kluuvi",) if who == CLERK else ())
        return {"Authorization": f"Bearer {people.open_session(session, Role(who), at=START, ttl_s=86_400, person_id=person_id).token}"}


def _call(client: TestClient, route: str, headers: dict[str, str], ids: dict[str, str] | None = None) -> Any:
    method, template = route.split(" ", 1)
    parts = [_id(part, ids or {}) if part.startswith("{") else part for part in template.split("/")]
    json = {} if method in ("POST", "PUT", "PATCH") else None
    return client.request(method, "/".join(parts), headers=headers, json=json)


def _id(part: str, ids: dict[str, str]) -> str:
    name, rest = part[1:].split("}", 1)
    return ids.get(name.split(":")[0], "1" if name == "line_no" else "unknown") + rest


def _code(answer: Any) -> str:
    kind = answer.headers.get("content-type", "")
    return str(answer.json().get("code", "")) if kind.startswith("application/problem+json") else ""


class TestDeclarations:
    def test_every_route_declares_who_may_call_it(self, app: FastAPI) -> None:
        assert [f"{r.method} {r.path}" for r in declared_routes(app) if r.allow is None and r.path not in NOT_OURS] == []

    def test_and_declares_what_is_written_here(self, app: FastAPI) -> None:
        declared = {
            f"{r.method} {r.path}": ANY if ANYONE in r.allow.roles else tuple(sorted(str(role) for role in r.allow.roles))
            for r in declared_routes(app)
            if r.allow is not None and r.method != "HEAD"
        }
        assert declared == {route: tuple(sorted(roles)) for route, roles in WHO_MAY.items()}

    def test_whatever_could_be_guessed_is_limited(self, app: FastAPI) -> None:
        assert {f"{r.method} {r.path}": r.allow.limit for r in declared_routes(app) if r.allow is not None and r.allow.limit is not None} == LIMITED

    def test_what_is_counted_with_its_work_goes_through_a_command(self, app: FastAPI) -> None:
        """`allow` leaves the counting of these to `Command.run`: whoever adds one looks that it begins with it."""
        assert {f"{r.method} {r.path}" for r in declared_routes(app) if r.allow is not None and r.allow.limit_with_work} == {"POST /v1/till/redemptions"}

    def test_every_scope_that_is_asked_for_can_be_given(self, app: FastAPI) -> None:
        asked = {r.allow.scope for r in declared_routes(app) if r.allow is not None and r.allow.scope is not None}
        assert asked - set(SCOPES) == set()
        assert set(SCOPES) - asked == set()


class TestCells:
    @pytest.mark.parametrize("who", ["nobody", *PEOPLE, SERVER])
    def test_each_caller_on_each_route(self, house: House, client: TestClient, who: str) -> None:
        """401 for nobody, 403 for another role; never so, and never a 500, for a role that may."""
        shared = _caller(house, who)
        wrong: list[str] = []
        # streams last, and not at all once something is wrong: let in by mistake, one would never end
        for route, roles in sorted(WHO_MAY.items(), key=lambda item: item[0] in STREAMS):
            may = roles == ANY or who in roles
            if route in STREAMS and (may or wrong):
                continue
            answer = _call(client, route, _caller(house, who) if route in BURNS_THE_CALLER else shared)
            got = (answer.status_code, _code(answer))
            if route in SIGNED:
                right = got == (401, "bad_signature")
            elif may:
                right = answer.status_code < 500 and answer.status_code != 401 and got[1] not in ("role_not_allowed", "scope_missing")
            else:
                right = got == ((401, "unauthenticated") if who == "nobody" else (403, "role_not_allowed"))
            if not right:
                wrong.append(f"{route} as {who}: {got}, expected {'to be let in' if may else 'to be refused'}")
        assert wrong == []

    def test_a_key_without_the_scope_is_refused_everywhere(self, house: House, app: FastAPI, client: TestClient) -> None:
        wrong: list[str] = []
        for route in declared_routes(app):
            if route.allow is None or Role.SERVER not in route.allow.roles:
                continue
            others = tuple(s for s in SCOPES if s != route.allow.scope)
            with house.database.transaction() as session:
                key = people.make_api_key(session, "x", others, made_by="test", at=START).key
            answer = _call(client, f"{route.method} {route.path}", {"Authorization": f"Bearer {key}"})
            if (answer.status_code, _code(answer)) != (403, "scope_missing"):
                wrong.append(f"{route.method} {route.path}: {answer.status_code}")
        assert wrong == []

    @pytest.mark.parametrize("who", PEOPLE)
    def test_ended_credentials_open_nothing(self, house: House, client: TestClient, who: str) -> None:
        headers = _caller(house, who)
        assert client.delete("/v1/sessions/current", headers=headers).status_code == 204
        answers = {route: _call(client, route, headers).status_code for route, roles in WHO_MAY.items() if who in roles}
        assert set(answers.values()) == {401}


OWN: dict[str, Callable[[Belongings], dict[str, str]]] = {
    "{coupon_id}": lambda b: {"coupon_id": b.coupon.id},
    "{decision_id}": lambda b: {"decision_id": b.coupon.decision_id},
    "{any_id}": lambda b: {"any_id": b.coupon.decision_id},
    "{order_id}": lambda b: {"order_id": b.order_id},
    "{number}": lambda b: {"order_id": b.order_id, "number": b.paper_number},
    "{paper_number}": lambda b: {"paper_number": b.receipt_number},
    "{line_id}": lambda b: {"line_id": b.line_id},
    "{message_id}": lambda b: {"message_id": b.message_id},
    "{passkey_id}": lambda b: {"passkey_id": b.passkey_id},
    "{thread_id}": lambda b: {"thread_id": b.thread_id},
    "{case_id}": lambda b: {"case_id": b.case_id},
    "{address_id}": lambda b: {"address_id": b.address_id},
    "{method_id}": lambda b: {"method_id": b.method_id},
    "{shipment_id}": lambda b: {"shipment_id": b.parcel_id},
}
"""For each id in a path that belongs to a shopper: where to get one."""


def _named(route: str) -> list[str]:
    return [part for part in route.split(" ", 1)[1].split("/") if part.startswith("{")]


SHOPPERS_OWN = [route for route, roles in WHO_MAY.items() if SHOPPER in roles and _named(route) and not set(_named(route)) <= NOT_SOMEBODYS]


class TestOwnAndOther:
    def test_every_id_a_shopper_can_name_is_accounted_for(self) -> None:
        assert {part for route in SHOPPERS_OWN for part in _named(route)} - NOT_SOMEBODYS == set(OWN)

    def test_anothers_thing_is_answered_as_if_it_did_not_exist(self, house: House, client: TestClient, owned: Callable[[], Belongings]) -> None:
        """404 for another's id, with the same words as for no id at all, and another's thing is as it was."""
        jane, john = owned(), owned()
        before = _rows(house, john.shopper_id)
        wrong: list[str] = []
        for route in SHOPPERS_OWN:
            ids = {name: value for part in _named(route) if part in OWN for name, value in OWN[part](john).items()}
            other = _call_well(client, route, jane.headers, ids)
            nothing = _call_well(client, route, jane.headers, {name: value[:4] + "0" * 26 for name, value in ids.items()})
            if other.status_code != 404 or (other.status_code, _code(other)) != (nothing.status_code, _code(nothing)):
                wrong.append(f"{route}: another's {other.status_code} {_code(other)}, none {nothing.status_code} {_code(nothing)}")
        assert wrong == []
        assert _rows(house, john.shopper_id) == before

    def test_ones_own_is_found(self, client: TestClient, owned: Callable[[], Belongings]) -> None:
        """The other half: the 404 above is for whose it is, not for how it was asked."""
        wrong: list[str] = []
        for route in SHOPPERS_OWN:
            mine = owned()
            ids = {name: value for part in _named(route) if part in OWN for name, value in OWN[part](mine).items()}
            answer = _call_well(client, route, mine.headers, ids)
            if answer.status_code in (401, 403, 404) or answer.status_code >= 500:
                wrong.append(f"{route}: {answer.status_code} {answer.text[:200]}")
        assert wrong == []

    def test_a_clerk_acts_only_where_she_works(self, house: House, client: TestClient, owned: Callable[[], Belongings]) -> None:
        """Another store's scan is refused and nothing is redeemed; another clerk's redemption cannot be undone."""
        code = owned().coupon.code
        kluuvi, other = _caller(house, CLERK), _caller(house, CLERK)
        elsewhere = client.post("/v1/till/redemptions", headers=kluuvi, json={"code": code, "place_id": "plc_kamppi"})
        assert elsewhere.status_code == 403
        here = client.post("/v1/till/redemptions", headers=kluuvi, json={"code": code})
        assert here.status_code == 201, here.text
        undo = f"/v1/till/redemptions/{here.json()['redemption_id']}/undo"
        assert client.post(undo, headers=other).status_code in (403, 404)
        assert client.post(undo, headers=kluuvi).status_code < 300

    def test_a_coupon_of_another_cannot_be_laid_into_the_cart(self, client: TestClient, owned: Callable[[], Belongings]) -> None:
        jane, john = owned(), owned()
        answer = client.put("/v1/cart/coupon", headers=jane.headers, json={"code": john.coupon.code})
        assert answer.status_code in (404, 409, 422)
        assert john.coupon.id not in client.get("/v1/cart", headers=jane.headers).text


def _call_well(client: TestClient, route: str, headers: dict[str, str], ids: dict[str, str]) -> Any:
    """The call with a body that the route would take, so that a refusal is about whose it is."""
    method, template = route.split(" ", 1)
    parts = [_id(part, ids) if part.startswith("{") else part for part in template.split("/")]
    if template.startswith("/m/"):
        form = {"quantity": "1", "payment_method": "pm_card_visa", "slot_id": "none"} | ADDRESS_FORM if method == "POST" else None
        return client.request(method, "/".join(parts), headers=headers, data=form)
    if "/support/cases/" in template and method == "POST":
        return client.request(method, "/".join(parts), headers=headers, json={"stars": 4} if template.endswith("/rating") else {"text": "Hello?"})
    if template.endswith("/slot"):
        return client.request(method, "/".join(parts), headers=headers, json={"slot_id": "bike.20261121.1800"})
    if template.endswith(("/return", "/return/quote")) and method == "POST":
        body = {"lines": [{"line_no": 1, "quantity": 1}], "reason": "damaged"} | ({} if template.endswith("/quote") else {"expected_minor": 450})
        return client.request(method, "/".join(parts), headers=headers, json=body)
    json = ADDRESS if "/addresses/" in template and method == "PUT" else {"quantity": 1} if method == "PUT" else {"name": "x"} if method == "PATCH" else {} if template.endswith("/confirm") else None
    return client.request(method, "/".join(parts), headers=headers, json=json)


def _rows(house: House, shopper_id: str) -> dict[str, int]:
    from app.migrations import metadata
    from app.privacy.subjects import rows_about

    with house.database.reading() as session:
        return dict(rows_about(session, metadata(), shopper_id))
