"""Outbox and inbox: with its change or not at all; to each consumer once; failures wait, die visibly and can be revived."""

from __future__ import annotations

import dataclasses
import threading
import time
from datetime import datetime
from typing import ClassVar

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import (
    BACKOFF_MOST_S,
    KEEP_HANDLED,
    LEASE_S,
    MAX_ATTEMPTS,
    Envelope,
    InboxRow,
    OutboxDelivery,
    OutboxEvent,
    Relay,
    RelayLoop,
    Subscriptions,
    dead_letters,
    emit,
    emit_many,
    figures,
    handled_before,
    retry_dead,
    sweep_handled,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Rang:
    TYPE: ClassVar[str] = "bell.rang"
    bell_id: str
    rang_at: datetime
    reasons: tuple[str, ...] = ()


class Ear:
    """A consumer that notes what it heard, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[Rang] = []
        self.failures = failures

    def __call__(self, session: Session, event: Rang, envelope: Envelope) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("ear plug")
        self.heard.append(event)


def _wire(database: Database, **ears: Ear) -> Relay:
    subscriptions = Subscriptions()
    for name, ear in ears.items():
        subscriptions.on(Rang, consumer=name, handler=ear)
    subscriptions.attach(database)
    return Relay(database, subscriptions)


def _ring(database: Database, bell_id: str = "b1") -> Rang:
    event = Rang(bell_id, database.clock.now(), ("noon", "wind"))
    with database.transaction() as session:
        emit(session, event, subject=bell_id)
    return event


class TestEmit:
    def test_what_is_rolled_back_never_happened(self, database: Database) -> None:
        ear, woken = Ear(), threading.Event()
        database.relay_wakes.append(woken)
        relay = _wire(database, ear=ear)

        def work() -> None:
            with database.transaction() as session:
                emit(session, Rang("b", database.clock.now()), subject="b")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            work()
        assert relay.run_until_idle() == 0
        assert ear.heard == []
        assert not woken.is_set()

    def test_the_event_arrives_equal_with_types(self, database: Database) -> None:
        ear, other, woken = Ear(), Ear(), threading.Event()
        database.relay_wakes.append(woken)
        relay = _wire(database, ear=ear, other=other)
        event = _ring(database)
        assert woken.is_set()
        assert relay.run_until_idle() == 2
        assert ear.heard == [event]
        assert other.heard == [event]
        assert relay.run_until_idle() == 0


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


class TestLanes:
    def test_whom_a_shopper_waits_for_has_a_relay_of_its_own(self, database: Database) -> None:
        prompt, calm = Ear(), Ear()
        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="calm", handler=calm)
        subscriptions.on(Rang, consumer="prompt", handler=prompt, prompt=True)
        subscriptions.attach(database)
        event = _ring(database)
        assert Relay(database, subscriptions, prompt=True).run_until_idle() == 1
        assert (prompt.heard, calm.heard) == ([event], [])
        assert Relay(database, subscriptions, prompt=False).run_until_idle() == 1
        assert calm.heard == [event]

    def test_between_them_the_two_lanes_deliver_everything_at_once(self, database: Database) -> None:
        """Planted bug: with one wake-up event for both loops, the one that clears it may leave the other waiting."""
        prompt, calm = Ear(), Ear()
        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="calm", handler=calm)
        subscriptions.on(Rang, consumer="prompt", handler=prompt, prompt=True)
        subscriptions.attach(database)
        loops = [RelayLoop(database, Relay(database, subscriptions, prompt=lane), idle_s=30) for lane in (True, False)]
        assert len({id(wake) for wake in database.relay_wakes}) == 2
        for loop in loops:
            loop.start()
        try:
            for number in range(10):
                _ring(database, f"b{number}")
                deadline = time.monotonic() + 10
                while min(len(prompt.heard), len(calm.heard)) <= number and time.monotonic() < deadline:
                    time.sleep(0.005)
            assert (len(prompt.heard), len(calm.heard)) == (10, 10)
        finally:
            for loop in loops:
                loop.stop()
        assert not any(loop.running for loop in loops)


class TestHandledBefore:
    def test_first_no_then_yes(self, database: Database) -> None:
        with database.transaction() as session:
            assert handled_before(session, "stripe", "evt_1") is False
            assert handled_before(session, "stripe", "evt_1") is True
            assert handled_before(session, "other", "evt_1") is False
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(InboxRow)) == 2


class TestSubscriptions:
    def test_one_consumer_once(self) -> None:
        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="a", handler=Ear())
        with pytest.raises(ValueError, match="already handles"):
            subscriptions.on(Rang, consumer="a", handler=Ear())

    def test_nobody_listens_nothing_is_due(self, database: Database) -> None:
        _ring(database)
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(OutboxEvent)) == 1
            assert session.scalar(select(func.count()).select_from(OutboxDelivery)) == 0


class TestSweepHandled:
    def test_forgets_done_deliveries_and_keeps_dead_ones(self, database: Database, clock: ManualClock) -> None:
        bad, good = Ear(failures=MAX_ATTEMPTS), Ear()
        relay = _wire(database, bad=bad, good=good)
        _ring(database)
        for _ in range(MAX_ATTEMPTS):
            relay.run_once()
            clock.advance(BACKOFF_MOST_S + 1)
        clock.advance(KEEP_HANDLED.total_seconds())
        with database.transaction() as session:
            assert sweep_handled(session, clock.now()) == 1
            assert sweep_handled(session, clock.now()) == 0
        with database.reading() as session:
            assert session.scalars(select(OutboxDelivery.consumer)).all() == ["bad"]
            assert session.scalars(select(InboxRow.consumer)).all() == ["good"]


class TestFigures:
    def test_counts_what_waits_and_how_long(self, database: Database, clock: ManualClock) -> None:
        _wire(database, ear=Ear())
        _ring(database)
        clock.advance(3)
        with database.transaction() as session:
            found = {name: value for name, (_, value) in figures(session).items()}
        assert found == {"moments_outbox_pending": 1, "moments_outbox_dead": 0, "moments_outbox_late_seconds": 3.0}


class TestEmitMany:
    def test_as_if_each_were_emitted(self, database: Database) -> None:
        ears = {name: Ear() for name in ("left", "right")}
        relay, woken = _wire(database, **ears), threading.Event()
        database.relay_wakes.append(woken)
        rung = [Rang(f"b{i}", database.clock.now(), ("noon",)) for i in range(3)]
        with database.transaction() as session:
            emit_many(session, [(event, event.bell_id) for event in rung])
            emit_many(session, [])
        assert woken.is_set()
        assert relay.run_until_idle() == 6
        assert [sorted(ear.heard, key=lambda e: e.bell_id) for ear in ears.values()] == [rung, rung]
