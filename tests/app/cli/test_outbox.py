"""Dead letters on the command line: listed, retried, and an unknown one is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.kernel.db import Database
from app.kernel.outbox import OutboxDelivery, OutboxEvent
from tests.app.cli.conftest import Moments


@pytest.fixture
def dead(migrated: Moments, data_dir: Path) -> str:
    database = Database(f"sqlite:///{data_dir / 'moments.sqlite3'}")
    now = database.clock.now()
    with database.transaction() as session:
        session.add(OutboxEvent(id="evt_1", type="moment.detected", subject="shp_1", payload={}, created_at=now))
        session.flush()
        for consumer in ("offers.decide", "analytics.count"):
            session.add(OutboxDelivery(event_id="evt_1", consumer=consumer, state="dead", attempts=8, next_attempt_at=now, last_error="LookupError"))
    database.close()
    return "evt_1"


class TestList:
    def test_nothing(self, migrated: Moments) -> None:
        assert migrated("outbox", "list").out == "No dead letters: everything was delivered.\n"
        assert json.loads(migrated("outbox", "list", "--json").out) == []

    def test_says_what_and_why(self, migrated: Moments, dead: str) -> None:
        ran = migrated("outbox", "list")
        assert all(word in ran.out for word in (dead, "moment.detected", "offers.decide", "LookupError"))
        assert {row["consumer"] for row in json.loads(migrated("outbox", "list", "--json").out)} == {"analytics.count", "offers.decide"}


class TestRetry:
    def test_one_consumer(self, migrated: Moments, dead: str) -> None:
        assert migrated("outbox", "retry", dead, "--consumer", "offers.decide").out == "1 due again\n"
        assert [row["consumer"] for row in json.loads(migrated("outbox", "list", "--json").out)] == ["analytics.count"]

    def test_all(self, migrated: Moments, dead: str) -> None:
        assert migrated("outbox", "retry", "all").out == "2 due again\n"
        assert migrated("outbox", "retry", "all").out == "0 due again\n"

    def test_an_unknown_event(self, migrated: Moments) -> None:
        ran = migrated("outbox", "retry", "evt_none")
        assert (ran.code, ran.out) == (1, "")
        assert "evt_none" in ran.err
        assert "moments outbox list" in ran.err
