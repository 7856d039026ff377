"""No push begins after a withdrawal has committed, in any order of grant, withdraw, enqueue, relay, claim, send, retry, death and restart.

A push begins with the last look at the consent, right before the network is called (notifications/dispatch.py). Planted bugs this fails
on (planted below, every time): that look left out; a claim that remembers what the gate said when the message was queued.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.verdict import PASS
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from notifications import dispatch
from tests.proofs.pushing import World
from tests.proofs.rig import Told

FULL = [pytest.mark.full, pytest.mark.timeout(14_400)]


@pytest.fixture
def world(database: Database, clock: ManualClock) -> Iterator[World]:
    use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32))
    if database.dialect == "sqlite":  # nobody pulls the plug here; what is committed is the question, not what is on the disk
        event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    made = World(database, clock)
    yield made
    made.stop()


def prove(world: World, count: int) -> str:
    """Plays until there were `count` different interleavings; fails at the first push that should not have begun."""
    played: set[tuple[str, ...]] = set()
    for seed in itertools.count():
        steps, wrong = world.play(seed)
        assert wrong == [], f"seed {seed}: {' | '.join(steps)}"
        played.add(steps)
        if len(played) == count:
            break
    assert world.network.sent > count / 4  # there was something to stop
    return f"{count} different interleavings, {world.network.sent} pushes begun, none after a withdrawal"


class TestWithdrawal:
    @pytest.mark.parametrize("count", [40, pytest.param(100_000, marks=FULL)])
    def test_no_push_begins_after_it(self, world: World, count: int, record_property: Told) -> None:
        record_property("proved", prove(world, count))


class TestPlanted:
    def test_without_the_last_look_a_push_begins_too_late(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch, "last_look", lambda _database, _claimed: None)
        with pytest.raises(AssertionError, match="seed "):
            prove(world, 400)

    def test_with_a_remembered_consent_a_push_begins_too_late(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch.gate, "may_many", lambda _session, ids, _purpose, _at: dict.fromkeys(ids, PASS))
        monkeypatch.setattr(dispatch, "last_look", lambda _database, _claimed: None)
        with pytest.raises(AssertionError, match="seed "):
            prove(world, 400)
