"""Where a trace goes on in another transaction: what is left, found, linked and forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from app.kernel import trace_steps, tracing
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.kernel.trace_steps import KEEP, TraceStep
from tests.app.kernel.test_outbox import Ear, _ring, _wire
from tests.spans import ids, told


def _rows(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(TraceStep)) or 0


class TestLeave:
    def test_is_found_again_the_first_counts_and_then_forgotten(self, database: Database, clock: ManualClock) -> None:
        with told():
            for _ in range(2):
                with tracing.root("begins"), database.transaction() as session:
                    trace_steps.leave(session, "msg_one", "msg_two")
                    here = tracing.current()
            with database.reading() as session:
                found = trace_steps.found(session, ["msg_one", "msg_two", "msg_three"])
            assert found.keys() == {"msg_one", "msg_two"}
            assert here not in found.values()
            for early_s, left in ((1, 2), (0, 0)):
                with database.transaction() as session:
                    trace_steps.sweep(session, clock.now() + KEEP - timedelta(seconds=early_s))
                assert _rows(database) == left

    def test_nothing_is_written_where_nothing_is_told(self, database: Database) -> None:
        """Seen to fail with a row for each event whatever is under way."""
        _wire(database, ear=Ear())
        _ring(database)
        with told(ratio=0.0), tracing.root("begins"):
            _ring(database)
            with database.transaction() as session:
                trace_steps.leave(session, "msg_one")
        assert _rows(database) == 0


class TestLink:
    def test_names_the_span_that_left_it(self, database: Database) -> None:
        with told() as found:
            with tracing.root("issued"), database.transaction() as session:
                trace_steps.leave(session, "cpn_one")
            with tracing.root("redeemed"), database.transaction() as session:
                trace_steps.link(session, "cpn_one")
                trace_steps.link(session, "cpn_two")
            assert [ids(link) for link in found.one("redeemed").links] == [ids(found.one("issued"))]


class TestRelay:
    def test_a_delivery_goes_on_where_the_event_was_told(self, database: Database) -> None:
        """Also in another process: all that is known is what stands in the row. Seen to fail without the row beside the event."""
        ear = Ear()
        relay = _wire(database, ear=ear)
        with told() as found:
            with tracing.root("begins"):
                _ring(database)
            relay.run_until_idle()
            begun, delivered = found.one("begins"), next(span for span in found.spans() if span.parent is not None)
            assert ids(delivered.parent) == ids(begun)
            with database.reading() as session:
                kind = session.scalar(select(OutboxEvent.type))
            assert (delivered.attributes or {})["moments.event_type"] == kind
            assert [(event.name, dict(event.attributes or {})) for event in begun.events] == [("emitted", {"moments.event_type": kind})]
        assert len(ear.heard) == 1

    def test_an_event_that_was_told_by_nobody_begins_nothing(self, database: Database) -> None:
        relay = _wire(database, ear=Ear())
        _ring(database)
        with told() as found:
            assert relay.run_until_idle() == 1
            assert found.spans() == []
