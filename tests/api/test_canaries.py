"""Two hundred canaries go in at every door, and none comes out: not in a log line or its traceback, not in a refusal, not in an event
or a dead letter, not in the metrics.

The look-outs are those of the whole suite (tests/canaries.py); what they see fails the test. Planted bugs this was seen to fail on:
the scrubber taken out of the chain of the logs; `UnknownCode` raised with the code in its detail; the parameters of a statement shown in
its error; an event with the address in it.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.bootstrap import House
from app.kernel.clock import ManualClock
from app.kernel.logs import get_logger
from app.kernel.outbox import OutboxDelivery, OutboxEvent, emit
from app.kernel.relay import Relay
from app.security.contacts import facade as contacts
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.contracts import ContactVerified
from app.security.models import LimitRow
from app.security.principals import Role
from offers import facade as offers
from tests import canaries
from tests.api.callers import role_for
from tests.api.test_naughty import body_schema, operations, text_parameters


class Sender:
    """Fills whatever can be filled, and remembers which canary went in where."""

    def __init__(self) -> None:
        self._next = {slot: itertools.cycle(canaries.canaries()) for slot in ("path", "query", "body")}
        self._next["number"] = itertools.cycle((*canaries.LATITUDES, *canaries.LONGITUDES))
        self.sent: defaultdict[str, set[str]] = defaultdict(set)

    def one(self, slot: str) -> str:
        canary = next(self._next[slot])
        self.sent[slot].add(canary)
        return canary

    def lacks(self, slot: str) -> bool:
        return len(self.sent[slot]) < 200

    def filled(self, schema: dict[str, Any], defs: dict[str, Any], depth: int = 0) -> Any:
        """A value of the schema with a canary in every text, and a coordinate in every number."""
        if "$ref" in schema:
            schema = defs[schema["$ref"].rsplit("/", 1)[-1]]
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.filled(next(o for o in schema[key] if o.get("type") != "null"), defs, depth)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return {name: self.filled(inner, defs, depth + 1) for name, inner in schema.get("properties", {}).items()} if depth < 6 else {}
        if kind == "array":
            return [self.filled(schema.get("items", {}), defs, depth + 1)]
        if kind in ("integer", "number"):
            return float(self.one("number"))
        return kind == "boolean" or self.one("body")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What the fixtures have sent does not count here; and all lines are written, whatever level another test's house has left behind."""
    root = logging.getLogger()
    level = root.level
    root.setLevel("INFO")
    canaries.taken()
    yield
    root.setLevel(level)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestEveryDoor:
    def test_in_paths_queries_bodies_and_proofs_of_every_route(self, app: FastAPI, client: TestClient, headers: dict[Role, dict[str, str]]) -> None:
        sender = Sender()
        for method, path, operation, defs in operations(app):
            self._send(sender, app, client, headers, method, path, operation, defs)
        while sender.lacks("path") or sender.lacks("query"):
            client.get(f"/v1/explain/{quote(sender.one('path'), safe='')}?q={quote(sender.one('query'), safe='')}", headers=headers[Role.SHOPPER])
        while sender.lacks("body"):
            client.post("/v1/cart/lines", json={sender.one("body"): sender.one("body")}, headers=headers[Role.SHOPPER])
        for n, one in enumerate(canaries.canaries()):
            ways = ({"Authorization": f"Bearer {one}"}, {"Authorization": f"DPoP {one}"}, {"Cookie": f"moments_shopper={quote(one)}"}, {"Authorization": f"Basic {one}"})
            client.post("/v1/cart/quote", headers={**ways[n % 4], "Idempotency-Key": one})
        client.get("/metrics", headers=headers[Role.OPERATOR])
        assert canaries.taken() == []
        assert [len(sender.sent[slot]) for slot in ("path", "query", "body")] == [200] * 3

    @staticmethod
    def _send(sender: Sender, app: FastAPI, client: TestClient, headers: dict[Role, dict[str, str]], method: str, path: str, operation: dict[str, Any], defs: dict[str, Any]) -> None:
        role = role_for(app, method, path)
        url = path
        for name in text_parameters(operation, "path"):
            url = url.replace("{" + name + "}", quote(sender.one("path"), safe=""))
        query = "&".join(f"{name}={quote(sender.one('query'), safe='')}" for name in text_parameters(operation, "query"))
        schema = body_schema(operation)
        wrong = {"content": json.dumps({sender.one("body"): [sender.one("body"), {"lat": sender.one("body")}]}), "headers": {"content-type": "application/json"}}
        for given in ({"json": sender.filled(schema, defs)}, wrong) if schema is not None else ({},):
            mine = {**given.get("headers", {}), **(headers[role] if role else {})}
            client.request(method, f"{url}?{query}", follow_redirects=False, **{**given, "headers": mine})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestWhatIsTaken:
    """The same as things that are in order: they are stored, told of and answered."""

    def test_positions(self, house: House, client: TestClient, headers: dict[Role, dict[str, str]], clock: ManualClock) -> None:
        shopper, at = headers[Role.SHOPPER], int(clock.now().timestamp())
        pairs = list(zip(canaries.LATITUDES, canaries.LONGITUDES, strict=True))
        fixes = [{"ts": at - 100 + n, "lat": float(lat), "lon": float(lon), "accuracy_m": 10} for n, (lat, lon) in enumerate(pairs)]
        assert client.post("/v1/fixes", json={"fixes": fixes}, headers=shopper).status_code in (200, 202)
        for lat, lon in pairs[:5]:
            client.get("/v1/osmand", params={"id": "x", "lat": lat, "lon": lon, "timestamp": at, "batt": 9})
            client.post("/v1/owntracks", json={"_type": "location", "lat": float(lat), "lon": float(lon), "tst": at}, headers=shopper)
        clock.advance(10)
        while house.runner.run_once():
            pass
        Relay(house.database, house.subscriptions).run_until_idle()
        self._look_at_rows(house)
        assert canaries.taken() == []

    def test_addresses_numbers_and_passwords(self, house: House, client: TestClient, headers: dict[Role, dict[str, str]]) -> None:
        house.contact_gateway = gateway = MemoryContactGateway()
        shopper = headers[Role.SHOPPER]
        for kind, values in (("email", canaries.EMAILS), ("phone", canaries.PHONES)):
            for value in values[:4]:
                assert client.post("/v1/contacts", json={"kind": kind, "value": value}, headers=shopper).status_code == 202
                contacts.send_due(house.database, gateway, house.settings.contacts)
                digits = gateway.letters_to(value)[-1].text[:6]
                assert client.post(f"/v1/contacts/{kind}/code", json={"code": digits}, headers=shopper).status_code == 200
        contacts.send_due(house.database, gateway, house.settings.contacts)
        Relay(house.database, house.subscriptions).run_until_idle()
        client.post("/v1/account", json={"email": canaries.EMAILS[0], "password": canaries.TOKENS[-1]}, headers=shopper)
        for email in canaries.EMAILS[:3]:
            client.post("/v1/sessions", json={"email": email, "password": canaries.TOKENS[-2]})
        self._look_at_rows(house)
        assert canaries.taken() == []

    @staticmethod
    def _look_at_rows(house: House) -> None:
        with house.database.reading() as session:
            for table in (OutboxEvent, OutboxDelivery):
                for row in session.execute(select(table.__table__)):
                    canaries.look(f"a row of {table.__tablename__}", str(tuple(row)))


class TestWhatBreaks:
    def test_a_crash(self, client: TestClient, headers: dict[Role, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
        """A bug whose error quotes everything, with another error behind it."""

        def crash(*_: object, **__: object) -> None:
            raise RuntimeError(f"while looking at {canaries.canaries()}") from ValueError(" ".join(canaries.canaries()))

        monkeypatch.setattr(offers, "wallet", crash)
        assert client.get("/v1/coupons", headers=headers[Role.SHOPPER]).status_code == 500
        assert canaries.taken() == []

    def test_a_dead_letter(self, house: House, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object, **__: object) -> str:
            raise ValueError(f"cannot use {canaries.canaries()}")

        monkeypatch.setattr(contacts, "contact_of", broken)
        with house.database.transaction() as session:
            emit(session, ContactVerified("shp_1", "email", clock.now()), subject="shp_1")
        relay = Relay(house.database, house.subscriptions)
        for _ in range(10):
            relay.run_until_idle()
            clock.advance(400)
        with house.database.reading() as session:
            assert session.scalars(select(OutboxDelivery.last_error).where(OutboxDelivery.state == "dead")).all() == ["ValueError"]
        assert canaries.taken() == []

    def test_a_statement_that_fails(self, house: House) -> None:
        for one in (canaries.TOKENS[-1], canaries.PHONES[0], canaries.EMAILS[0], canaries.codes()[0], canaries.LATITUDES[0]):
            values = {"rule": "x", "identity_hash": one, "times_ms": [1], "updated_at": house.clock.now()}
            with pytest.raises(IntegrityError) as failure, house.database.transaction() as session:
                session.execute(insert(LimitRow), [values, values])
            get_logger("t").error("failed", exc_info=failure.value)
            assert "hide_parameters" in str(failure.value)
        assert canaries.taken() == []


class TestLines:
    @pytest.mark.parametrize("one", ["text", "nested", "named", "url", "number", "library"])
    def test_however_it_is_written(self, one: str) -> None:
        log = get_logger("t")
        for canary in canaries.canaries():
            if one == "text":
                log.info("happened", note=f"it was {canary}, there; '{canary}' ({canary})")
            elif one == "nested":
                log.info("happened", a={"b": [{canary: (canary, {canary})}]}, c=canary.encode())
            elif one == "named":
                log.info(f"about {canary}", value=canary, phone_number=canary, user_email=canary)  # noqa: G004 - so it must not come out even then
            elif one == "url":
                log.info("happened", at=f"GET /v1/osmand?id={quote(canary, safe='')}&x={canary}#{canary} HTTP/1.1")
            elif one == "number" and canary.replace(".", "").isdigit():
                log.info("happened", value=float(canary), values=[float(canary)])
            elif one == "library":
                logging.getLogger("uvicorn.error").warning("%s - %r", canary, {"x": canary})
        assert canaries.taken() == []


class TestSeen:
    """The look-outs do see: what a bug would let out is told."""

    def test_a_line_without_the_scrubber(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.kernel.logs._SHAPES", ())
        get_logger("t").info("happened", where=f"{canaries.LATITUDES[3]},{canaries.LONGITUDES[3]}")
        assert len(canaries.taken()) == 2

    def test_an_answer_that_quotes_what_it_was_sent(self, client: TestClient, monkeypatch: pytest.MonkeyPatch, headers: dict[Role, dict[str, str]]) -> None:
        from app.kernel.errors import Invalid

        def quoting(*_: object, code: str, **__: object) -> None:
            raise Invalid.field("code", f"{code} is unknown")

        monkeypatch.setattr(offers, "quote", quoting)
        client.put("/v1/cart/coupon", json={"code": canaries.codes()[0]}, headers=headers[Role.SHOPPER])
        seen = canaries.taken()
        assert len(seen) == 1
        assert "the answer to PUT /v1/cart/coupon" in seen[0]

    def test_an_event_with_an_address_in_it(self, house: House) -> None:
        with house.database.transaction() as session:
            emit(session, ContactVerified("shp_1", canaries.EMAILS[0], house.clock.now()), subject="shp_1")
        assert "the outbox" in canaries.taken()[0]

    def test_in_any_form(self) -> None:
        code = canaries.codes()[0]
        shown = "-".join(code[k : k + 4] for k in (0, 4, 8, 12))
        for text in (code.lower(), shown, shown.replace("-", " "), canaries.PHONES[0][1:], quote(canaries.EMAILS[0]), f"x{canaries.LATITUDES[0]}9"):
            assert len(canaries.seen_in(text)) == 1, text
