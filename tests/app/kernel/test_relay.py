"""The relay: to each consumer once; failures wait and do not stop others; what is alike goes together."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Connection, func, select, update
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from app.kernel.clock import ManualClock
from app.kernel.db import Database, moved
from app.kernel.outbox import (
    Envelope,
    InboxRow,
    OutboxDelivery,
    Subscriptions,
    dead_letters,
    emit,
    handled_before,
    retry_dead,
)
from app.kernel.relay import ALIKE_MOST, BACKOFF_MOST_S, LEASE_S, MAX_ATTEMPTS, Relay, RelayLoop
from tests.app.kernel.test_outbox import Ear, Rang, _ring, _wire
from tests.conftest import START


@dataclasses.dataclass(frozen=True, slots=True)
class Stopped:
    TYPE: ClassVar[str] = "bell.stopped"
    bell_id: str


class TestRelay:
    def test_a_failure_waits_and_does_not_stop_others(self, database: Database, clock: ManualClock) -> None:
        bad, good = Ear(failures=1), Ear()
        relay = _wire(database, bad=bad, good=good)
        event = _ring(database)
        relay.run_until_idle()
        assert (bad.heard, good.heard) == ([], [event])
        clock.advance(0.4)
        assert relay.run_until_idle() == 0
        clock.advance(0.2)
        assert relay.run_until_idle() == 1
        assert bad.heard == [event]

    def test_gives_up_visibly_and_can_be_retried(self, database: Database, clock: ManualClock) -> None:
        bad = Ear(failures=MAX_ATTEMPTS)
        relay = _wire(database, bad=bad)
        event = _ring(database)
        for _ in range(MAX_ATTEMPTS):
            assert relay.run_once() == 1
            clock.advance(BACKOFF_MOST_S + 1)
        assert relay.run_once() == 0
        with database.reading() as session:
            (letter,) = dead_letters(session)
        assert (letter.consumer, letter.type, letter.attempts, letter.last_error) == ("bad", "bell.rang", MAX_ATTEMPTS, "OSError")
        with database.transaction() as session:
            assert retry_dead(session, letter.event_id) == 1
            assert retry_dead(session, letter.event_id) == 0
        assert relay.run_once() == 1
        assert bad.heard == [event]

    def test_a_crash_after_the_handler_repeats_without_effect(self, database: Database, clock: ManualClock) -> None:
        """The delivery row is lost but the inbox row stayed. Planted bug: without the inbox check the ear hears it twice."""
        ear = Ear()
        relay = _wire(database, ear=ear)
        event = _ring(database)
        relay.run_until_idle()
        with database.transaction() as session:
            session.execute(update(OutboxDelivery).values(state="pending"))
        assert relay.run_until_idle() == 1
        assert ear.heard == [event]

    def test_a_dead_relays_lease_runs_out(self, database: Database, clock: ManualClock) -> None:
        ear = Ear()
        relay = _wire(database, ear=ear)
        _ring(database)
        relay._claim()  # and then the process dies
        assert relay.run_once() == 0
        clock.advance(LEASE_S + 1)
        assert relay.run_once() == 1
        assert len(ear.heard) == 1

    def test_the_next_process_takes_up_at_once_what_a_dead_one_had_claimed(self, database: Database) -> None:
        ear = Ear()
        relay = _wire(database, ear=ear)
        _ring(database)
        relay._claim()  # and then the process dies
        assert relay.resume() == 1
        assert relay.run_until_idle() == 1
        assert (len(ear.heard), relay.resume()) == (1, 0)

    def test_four_relays_deliver_each_event_once(self, database: Database) -> None:
        """Planted bug: claiming by SELECT alone and no inbox row delivers many events several times."""
        ear = Ear()
        relay = _wire(database, ear=ear)
        events = [_ring(database, f"b{i}") for i in range(30)]
        gate = threading.Barrier(4)

        def work() -> None:
            gate.wait()
            relay.run_until_idle()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(e.bell_id for e in ear.heard) == sorted(e.bell_id for e in events)

    def test_an_unknown_consumer_is_kept_not_lost(self, database: Database, clock: ManualClock) -> None:
        _wire(database, old=Ear())
        _ring(database)
        relay = Relay(database, Subscriptions())
        assert relay.run_once() == 1
        with database.reading() as session:
            assert session.execute(select(OutboxDelivery.state, OutboxDelivery.last_error)).one() == ("pending", "LookupError")


def _two_lanes(database: Database) -> tuple[Ear, Ear, Subscriptions]:
    """One whom a shopper waits for, and one who has time."""
    prompt, calm, subscriptions = Ear(), Ear(), Subscriptions()
    subscriptions.on(Rang, consumer="calm", handler=calm)
    subscriptions.on(Rang, consumer="prompt", handler=prompt, prompt=True)
    subscriptions.attach(database)
    return prompt, calm, subscriptions


class TestLanes:
    def test_whom_a_shopper_waits_for_has_a_relay_of_its_own(self, database: Database) -> None:
        prompt, calm, subscriptions = _two_lanes(database)
        event = _ring(database)
        assert Relay(database, subscriptions, prompt=True).run_until_idle() == 1
        assert (prompt.heard, calm.heard) == ([event], [])
        assert Relay(database, subscriptions, prompt=False).run_until_idle() == 1
        assert calm.heard == [event]

    def test_between_them_the_two_lanes_deliver_everything_at_once(self, database: Database) -> None:
        """Planted bug: with one wake-up event for both loops, the one that clears it may leave the other waiting."""
        prompt, calm, subscriptions = _two_lanes(database)
        loops = [RelayLoop(database, Relay(database, subscriptions, prompt=lane), idle_s=30) for lane in (True, False)]
        assert len({id(wake) for wake in database.relay_wakes}) == 2
        for loop in loops:
            loop.start()
        try:
            for number in range(10):
                _ring(database, f"b{number}")
                deadline = time.monotonic() + 25  # less than a loop looks by itself
                while min(len(prompt.heard), len(calm.heard)) <= number and time.monotonic() < deadline:
                    time.sleep(0.005)
            assert (len(prompt.heard), len(calm.heard)) == (10, 10)
        finally:
            for loop in loops:
                loop.stop()
        assert not any(loop.running for loop in loops)


class TestTogether:
    """What is alike shares a transaction; on PostgreSQL only where nobody waits for what is locked."""

    def test_many_are_told_at_once_and_in_order(self, database: Database) -> None:
        heard: list[list[str]] = []
        subscriptions = Subscriptions()
        subscriptions.on_many(Rang, consumer="books", handler=lambda _session, told: heard.append([event.bell_id for event, _ in told]))
        subscriptions.attach(database)
        names = [_ring(database, f"b{i}").bell_id for i in range(12)]
        assert Relay(database, subscriptions).run_until_idle() == 12
        assert heard == [names]
        assert _done(database) == 12

    def test_one_bad_event_undoes_the_whole_and_then_only_itself(self, database: Database, clock: ManualClock) -> None:
        """Planted bug: with the group given up as one, eleven good events waited for the bad one."""
        told_of: list[str] = []

        def write(session: Session, told: Sequence[tuple[Rang, Envelope]]) -> None:
            for event, _ in told:
                told_of.append(event.bell_id)
                handled_before(session, "heard", event.bell_id)
                if event.bell_id == "b5" and len(told_of) < 30:
                    raise OSError

        subscriptions = Subscriptions()
        subscriptions.on_many(Rang, consumer="books", handler=write)
        subscriptions.attach(database)
        relay = Relay(database, subscriptions)
        for i in range(12):
            _ring(database, f"b{i}")
        relay.run_once()
        assert told_of == [*(f"b{i}" for i in range(6)), *(f"b{i}" for i in range(12))]
        with database.reading() as session:
            kept = set(session.scalars(select(InboxRow.event_id).where(InboxRow.consumer == "heard")))
        assert kept == {f"b{i}" for i in range(12)} - {"b5"}
        assert _done(database) == 11
        told_of.extend("x" * 30)
        clock.advance(1)
        assert relay.run_until_idle() == 1
        assert _done(database) == 12

    def test_what_was_handled_before_is_not_told_again(self, database: Database) -> None:
        """Planted bug: without the look at the inbox rows all five were told twice."""
        heard: list[str] = []
        subscriptions = Subscriptions()
        subscriptions.on_many(Rang, consumer="books", handler=lambda _session, told: heard.extend(event.bell_id for event, _ in told))
        subscriptions.attach(database)
        for i in range(4):
            _ring(database, f"b{i}")
        relay = Relay(database, subscriptions)
        relay.run_until_idle()
        with database.transaction() as session:
            session.execute(update(OutboxDelivery).values(state="pending"))
        _ring(database, "b4")
        assert relay.run_until_idle() == 5
        assert heard == ["b0", "b1", "b2", "b3", "b4"]

    def test_about_one_subject_the_order_stays_whoever_is_told(self, database: Database) -> None:
        """Planted bug: with all that is alike put together, `stopped` of b0 came after its second `rang`."""
        heard: list[tuple[str, str]] = []
        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="a", handler=lambda _session, event, _: heard.append(("rang", event.bell_id)))
        subscriptions.on(Stopped, consumer="b", handler=lambda _session, event, _: heard.append(("stopped", event.bell_id)))
        subscriptions.attach(database)
        with database.transaction() as session:
            for event in (Rang("b0", START), Stopped("b0"), Rang("b1", START), Rang("b0", START), Stopped("b1")):
                emit(session, event, subject=event.bell_id)
        Relay(database, subscriptions).run_until_idle()
        for bell, kinds in (("b0", ["rang", "stopped", "rang"]), ("b1", ["rang", "stopped"])):
            assert [kind for kind, whose in heard if whose == bell] == kinds

    def test_for_whom_a_shopper_waits_a_few_share_a_turn_and_on_postgresql_none(self, database: Database) -> None:
        sessions: list[int] = []
        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="prompt", handler=lambda session, _event, _: sessions.append(id(session.info)), prompt=True)
        subscriptions.attach(database)
        begun: list[Connection] = []
        listen(database.engine, "begin", begun.append)
        for i in range(ALIKE_MOST + 1):
            _ring(database, f"b{i}")
        relay = Relay(database, subscriptions, prompt=True)
        claimed = relay._claim()
        begun.clear()
        for group in relay._groups(claimed):
            relay._deliver(group)
        assert len(begun) == (2 if database.dialect == "sqlite" else ALIKE_MOST + 1)
        assert len(sessions) == ALIKE_MOST + 1

    def test_who_can_take_a_few_gets_a_tenth_of_what_waits(self, database: Database) -> None:
        """Planted bug: as many as may share, however few wait: who was first then waited for ten."""
        told: list[list[str]] = []
        subscriptions = Subscriptions()
        subscriptions.on_few(Rang, consumer="prompt", handler=lambda _session, some: told.append([event.bell_id for event, _ in some]))
        subscriptions.attach(database)
        for i in range(ALIKE_MOST * 3):
            _ring(database, f"b{i}")
        Relay(database, subscriptions, prompt=True).run_until_idle()
        assert [one for some in told for one in some] == [f"b{i}" for i in range(ALIKE_MOST * 3)]
        assert {len(some) for some in told} == {ALIKE_MOST if database.dialect == "sqlite" else 3}

    def test_the_next_sees_what_the_one_before_has_changed(self, database: Database) -> None:
        """Planted bug: without forgetting the rows in between, the second read what the session remembered of the first."""
        with database.transaction() as session:
            session.add(InboxRow(consumer="count", event_id="n", handled_at=START))
        seen: list[datetime] = []
        held: list[InboxRow] = []  # a session forgets by itself what nobody holds

        def later(session: Session, _event: Rang, _: Envelope) -> None:
            row = session.scalars(select(InboxRow).where(InboxRow.consumer == "count")).one()
            seen.append(row.handled_at)
            held.append(row)
            moved(session, update(InboxRow).where(InboxRow.consumer == "count").values(handled_at=row.handled_at + timedelta(hours=1)))

        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="a", handler=later)
        subscriptions.attach(database)
        for i in range(3):
            _ring(database, f"b{i}")
        Relay(database, subscriptions).run_until_idle()
        assert seen == [START + timedelta(hours=hours) for hours in range(3)]


def _done(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(OutboxDelivery.state == "done")) or 0
