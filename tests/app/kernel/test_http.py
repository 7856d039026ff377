"""The edge: one transaction per call, answers stored with their effect, every refusal a problem document."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.errors import Conflict
from app.kernel.http import Command, Reading, RequestGuard, Stage, install_problems, no_nul
from app.kernel.idempotency import ATTEMPT_LEASE, KEEP_ANSWER
from app.kernel.outbox import InboxRow


class Note(BaseModel):
    text: str = Field(max_length=50)
    price_minor: int = 0


class Shop:
    """A tiny app over the real kernel: each POST /notes writes one row."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls = 0
        self.charges = 0
        self.crash_at: str | None = None
        app = FastAPI(dependencies=[Depends(no_nul)])
        app.state.house = SimpleNamespace(database=database)
        install_problems(app)
        app.add_middleware(RequestGuard, limits_bytes={"/notes": 200_000})
        app.add_api_route("/notes", self.add, methods=["POST"], response_model=None)
        app.add_api_route("/notes", self.count, methods=["GET"], response_model=None)
        app.add_api_route("/pay", self.pay, methods=["POST"], response_model=None)
        self.client = TestClient(app, raise_server_exceptions=False)

    def _write(self, session: Any, event_id: str) -> None:
        session.add(InboxRow(consumer="notes", event_id=event_id, handled_at=self.database.clock.now()))

    def add(self, note: Note, call: Command) -> Response:
        def work(session: Any) -> dict[str, Any]:
            self.calls += 1
            self._write(session, f"n{self.calls}")
            if self.crash_at == "work":
                self.crash_at = None
                raise OSError("power cut")
            return {"number": self.calls, "text": note.text}

        return call.run(work, status=201)

    def count(self, call: Reading) -> Response:
        return call.run(lambda session: {"notes": session.scalar(select(func.count()).select_from(InboxRow))})

    def pay(self, note: Note, call: Command) -> Response:
        def work(stage: Stage) -> None:
            order_id = f"order-{stage.key[:8]}"
            with stage.database.transaction() as session:
                if session.get(InboxRow, ("notes", order_id)) is None:
                    self._write(session, order_id)
            if self.crash_at == "between":
                self.crash_at = None
                raise OSError("power cut")
            if note.text == "declined":
                raise Conflict("the card was declined")
            self.charges += 1
            with stage.database.transaction() as session:
                stage.finish(session, {"order": order_id, "attempt": stage.attempt}, 201)

        return call.staged(work)

    def rows(self) -> int:
        return self.client.get("/notes").json()["notes"]


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    shop = Shop(database)
    yield shop
    shop.client.close()


KEY = {"Idempotency-Key": "k-1"}


class TestRun:
    def test_same_key_same_body_is_done_once_and_answered_twice(self, shop: Shop) -> None:
        """Planted bug: storing the answer in a second transaction fails `test_a_crash...` below."""
        first = shop.client.post("/notes", json={"text": "a"}, headers=KEY)
        second = shop.client.post("/notes", json={"text": "a"}, headers=KEY)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert second.headers["idempotent-replayed"] == "true"
        assert (shop.calls, shop.rows()) == (1, 1)

    def test_changed_body_is_refused(self, shop: Shop) -> None:
        shop.client.post("/notes", json={"text": "a"}, headers=KEY)
        answer = shop.client.post("/notes", json={"text": "b"}, headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert answer.headers["content-type"] == "application/problem+json"
        assert shop.rows() == 1

    def test_a_crash_leaves_nothing_and_the_retry_finishes(self, shop: Shop) -> None:
        shop.crash_at = "work"
        assert shop.client.post("/notes", json={"text": "a"}, headers=KEY).status_code == 500
        assert shop.rows() == 0
        assert shop.client.post("/notes", json={"text": "a"}, headers=KEY).status_code == 201
        assert shop.rows() == 1

    def test_answers_are_kept_24_hours(self, shop: Shop, clock: ManualClock) -> None:
        shop.client.post("/notes", json={"text": "a"}, headers=KEY)
        clock.advance(KEEP_ANSWER.total_seconds() - 1)
        assert shop.client.post("/notes", json={"text": "a"}, headers=KEY).json()["number"] == 1
        clock.advance(2)
        assert shop.client.post("/notes", json={"text": "a"}, headers=KEY).json()["number"] == 2

    def test_eight_at_once_have_one_effect(self, shop: Shop) -> None:
        gate = threading.Barrier(8)
        answers: list[tuple[int, bytes]] = []

        def send() -> None:
            gate.wait()
            answer = shop.client.post("/notes", json={"text": "a"}, headers=KEY)
            answers.append((answer.status_code, answer.content))

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(answers)) == 1
        assert answers[0][0] == 201
        assert shop.rows() == 1

    def test_a_bad_key_is_named(self, shop: Shop) -> None:
        answer = shop.client.post("/notes", json={"text": "a"}, headers={"Idempotency-Key": "x" * 256})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


class TestStaged:
    def test_an_attempt_that_crashed_half_way_is_finished_by_its_retry(self, shop: Shop, clock: ManualClock) -> None:
        shop.crash_at = "between"
        assert shop.client.post("/pay", json={"text": "a"}, headers=KEY).status_code == 500
        waiting = shop.client.post("/pay", json={"text": "a"}, headers=KEY)
        assert (waiting.status_code, waiting.json()["code"]) == (409, "still_in_progress")
        assert int(waiting.headers["retry-after"]) >= 1
        clock.advance(ATTEMPT_LEASE.total_seconds() + 1)
        done = shop.client.post("/pay", json={"text": "a"}, headers=KEY)
        assert (done.status_code, done.json()["attempt"]) == (201, 2)
        assert (shop.charges, shop.rows()) == (1, 1)
        assert shop.client.post("/pay", json={"text": "a"}, headers=KEY).content == done.content
        assert shop.charges == 1

    def test_a_clear_refusal_frees_the_key_at_once(self, shop: Shop) -> None:
        for _ in range(2):
            answer = shop.client.post("/pay", json={"text": "declined"}, headers=KEY)
            assert (answer.status_code, answer.json()["detail"]) == (409, "the card was declined")


class TestProblems:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"{", "body"),
            (b"[]", "body"),
            (b'{"text": 3}', "text"),
            (b'{"text": "' + b"x" * 51 + b'"}', "text"),
            (b'{"text": "a", "price_minor": 1.5}', "price_minor"),
            (b'{"text": "a\\u0000b"}', "body"),
            (b'{"text": "\\ud800"}', "text"),
            (b"\xff\xfe", "body"),
            (b"[" * 50_000 + b"]" * 50_000, "body"),
        ],
    )
    def test_bad_bodies_name_the_field(self, shop: Shop, body: bytes, field: str) -> None:
        answer = shop.client.post("/notes", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["field"] == field
        assert answer.json()["errors"][0]["remedy"]
        assert shop.rows() == 0

    def test_unknown_address_and_method(self, shop: Shop) -> None:
        assert shop.client.get("/nowhere").json()["code"] == "not_found"
        assert shop.client.delete("/notes").json()["code"] == "method_not_allowed"

    def test_a_crash_tells_nothing_of_the_inside(self, shop: Shop) -> None:
        shop.crash_at = "work"
        answer = shop.client.post("/notes", json={"text": "a"})
        assert answer.status_code == 500
        assert "power cut" not in answer.text


class TestRequestGuard:
    def test_declared_size(self, shop: Shop) -> None:
        answer = shop.client.post("/notes", content=b"x" * 200_001, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["limit_bytes"]) == (413, 200_000)

    def test_chunked_size(self, shop: Shop) -> None:
        def chunks() -> Iterator[bytes]:
            for _ in range(30):
                yield b" " * 10_000

        answer = shop.client.post("/notes", content=chunks(), headers={"content-type": "application/json"})
        assert answer.status_code == 413, answer.text

    def test_nul_in_the_address(self, shop: Shop) -> None:
        assert shop.client.get("/notes?x=%00").status_code == 422
