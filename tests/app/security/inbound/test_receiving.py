"""Believed or refused by name; taken once."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.http import install_problems
from app.kernel.verdict import PASS, Fail
from app.security.inbound.receiving import BadSignature, believe, first_time


class TestBelieve:
    def test_refused_as_a_problem(self) -> None:
        app = FastAPI()
        install_problems(app)
        app.get("/")(lambda: believe("meta", Fail("signature_wrong")))
        answer = TestClient(app).get("/")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert (answer.json()["code"], answer.json()["reason"]) == ("bad_signature", "signature_wrong")

    def test_genuine(self) -> None:
        believe("meta", PASS)
        with pytest.raises(BadSignature):
            believe("meta", Fail("signature_missing"))


class TestFirstTime:
    def test_a_repeat_has_no_effect(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            taken = [first_time(session, *name, clock.now()) for name in (("twilio", "SM1"), ("twilio", "SM1"), ("meta", "SM1"), ("twilio", "SM2"))]
        assert taken == [True, False, True, True]
