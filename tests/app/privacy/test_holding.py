"""Whoever acts on a consent commits before whoever withdraws it, on both engines."""

from __future__ import annotations

import threading

from app.kernel.db import Database
from app.privacy.consents import grant, withdraw
from app.privacy.gate import may
from app.privacy.holding import TURNS, hold, turn_of
from app.privacy.purposes import Purpose


class TestHold:
    def test_a_withdrawal_waits_for_whoever_acts(self, database: Database) -> None:
        """Seen to fail on PostgreSQL with `alone` left out of `set_consent`: the withdrawal commits in between."""
        order: list[str] = []
        asked, held = threading.Event(), threading.Event()
        now = database.clock.now()
        with database.transaction() as session:
            grant(session, "shp_1", Purpose.MARKETING_PUSH, source="app", at=now)

        def act() -> None:
            with database.transaction() as session:
                hold(session, ["shp_1"])
                assert may(session, "shp_1", Purpose.MARKETING_PUSH, now).ok
                held.set()
                assert not asked.wait(0.3)  # the withdrawal is on its way and does not get through
                order.append("acted")

        actor = threading.Thread(target=act)
        actor.start()
        assert held.wait(60)
        with database.transaction() as session:
            withdraw(session, "shp_1", Purpose.MARKETING_PUSH, source="app", at=now)
            asked.set()
            order.append("withdrawn")
        actor.join(60)
        assert order == ["acted", "withdrawn"]

    def test_others_are_not_held_up(self, database: Database) -> None:
        if database.dialect == "sqlite":
            return  # one writer at a time in any case
        other = next(f"shp_{i}" for i in range(2, 99) if turn_of(f"shp_{i}") != turn_of("shp_1"))
        done = threading.Event()

        def say() -> None:
            with database.transaction() as session:
                grant(session, other, Purpose.ANALYTICS, source="app", at=database.clock.now())
            done.set()

        with database.transaction() as session:
            hold(session, ["shp_1"])
            thread = threading.Thread(target=say)
            thread.start()
            assert done.wait(60)
        thread.join(60)

    def test_thousands_take_every_turn_once(self, database: Database) -> None:
        with database.transaction() as session:
            hold(session, [f"shp_{i}" for i in range(5000)])
            hold(session, [])


class TestTurnOf:
    def test_is_the_same_everywhere(self) -> None:
        assert [turn_of(f"shp_{i}") for i in range(3)] == [turn_of(f"shp_{i}") for i in range(3)]
        assert {turn_of(f"shp_{i}") for i in range(2000)} == set(range(TURNS))
