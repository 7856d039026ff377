"""Outbox and inbox: with its change or not at all; to each consumer once; failures wait, die visibly and can be revived."""

from __future__ import annotations

import dataclasses
import threading
from datetime import datetime
from typing import ClassVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import (
    KEEP_HANDLED,
    Envelope,
    InboxRow,
    OutboxDelivery,
    OutboxEvent,
    Subscriptions,
    emit,
    emit_many,
    figures,
    handled_before,
    sweep_handled,
)
from app.kernel.relay import BACKOFF_MOST_S, MAX_ATTEMPTS, Relay


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

    def test_what_a_consumer_is_not_about_is_not_owed_to_it(self, database: Database) -> None:
        """Planted bug: with the question asked of the type alone, the ear heard both bells."""
        ear, other = Ear(), Ear()
        subscriptions = Subscriptions()
        subscriptions.on(Rang, consumer="a", handler=ear, about=lambda event: event.bell_id == "b1")
        subscriptions.on(Rang, consumer="b", handler=other)
        subscriptions.attach(database)
        first, second = _ring(database, "b1"), _ring(database, "b2")
        with database.transaction() as session:
            emit_many(session, [(first, "b1"), (second, "b2")])
        assert Relay(database, subscriptions).run_until_idle() == 6
        assert (ear.heard, other.heard) == ([first, first], [first, second, first, second])

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
