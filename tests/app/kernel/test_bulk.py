"""Many rows in one statement say the same as one row at a time, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from app.kernel.bulk import RowsIf, delete_many, insert_many, insert_together, listed
from app.kernel.db import Database
from app.kernel.idempotency import IdempotencyRow
from app.kernel.outbox import OutboxDelivery, OutboxEvent

AT = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
COLUMNS = ("id", "type", "subject", "payload", "created_at")
KEPT = ("key_hash", "request_hash", "status", "body", "attempt", "created_at")


def events(*ids: str, **payload: Any) -> list[tuple[Any, ...]]:
    return [(i, "t", "s", {"n": 1, "text": "é\"'", **payload}, AT) for i in ids]


class TestInsertMany:
    def test_rows_read_back_as_they_were(self, database: Database) -> None:
        with database.transaction() as session:
            insert_many(session, OutboxEvent, COLUMNS, events("a", "b"))
            insert_many(session, OutboxEvent, COLUMNS, [])
            rows = session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)).all()
            assert [(r.id, r.payload, r.created_at) for r in rows] == [(i, {"n": 1, "text": "é\"'"}, AT) for i in ("a", "b")]
            insert_many(session, OutboxDelivery, ("event_id", "consumer", "state", "attempts", "next_attempt_at"), [("a", "c", "pending", 2, AT)])
            delivery = session.scalars(select(OutboxDelivery)).one()
            assert (delivery.attempts, delivery.lease_until, delivery.next_attempt_at) == (2, None, AT)

    def test_an_instant_is_the_same_instant_as_the_other_way_in(self, database: Database) -> None:
        """Texts of instants must be equal, or comparisons on SQLite go wrong."""
        at = AT.astimezone(timezone(timedelta(hours=2)))
        with database.transaction() as session:
            insert_many(session, OutboxEvent, COLUMNS, [("a", "t", "s", {}, at)])
            session.add(OutboxEvent(id="b", type="t", subject="s", payload={}, created_at=AT))
            session.flush()
            assert session.scalar(select(func.count()).where(OutboxEvent.created_at == AT)) == 2

    def test_a_time_without_zone_is_refused(self, database: Database) -> None:
        naive = [("c", "t", "s", {}, AT.replace(tzinfo=None))]
        with database.transaction() as session, pytest.raises(ValueError, match="aware"):
            insert_many(session, OutboxEvent, COLUMNS, naive)

    def test_bytes_and_null(self, database: Database) -> None:
        columns = ("key_hash", "request_hash", "status", "body", "attempt", "created_at")
        with database.transaction() as session:
            insert_many(session, IdempotencyRow, columns, [("k", "r", None, b"\x00\xff", 1, AT), ("l", "r", 200, None, 1, AT)])
            assert session.execute(select(IdempotencyRow.status, IdempotencyRow.body).order_by(IdempotencyRow.key_hash)).all() == [(None, b"\x00\xff"), (200, None)]

    def test_what_is_there_stays_or_is_replaced(self, database: Database) -> None:
        with database.transaction() as session:
            insert_many(session, OutboxEvent, COLUMNS, events("a"))
            insert_many(session, OutboxEvent, COLUMNS, events("a", "b", n=2), unique=["id"])
            assert session.scalars(select(OutboxEvent.payload["n"].as_integer()).order_by(OutboxEvent.id)).all() == [1, 2]
            insert_many(session, OutboxEvent, COLUMNS, events("a", n=3), unique=["id"], replace=["payload"])
            assert session.scalars(select(OutboxEvent.payload["n"].as_integer()).order_by(OutboxEvent.id)).all() == [3, 2]

    def test_unless_a_column_is_set(self, database: Database) -> None:
        columns = ("key_hash", "request_hash", "status", "attempt", "created_at")
        with database.transaction() as session:
            insert_many(session, IdempotencyRow, columns, [("k", "r", None, 1, AT), ("l", "r", 200, 1, AT)])
            insert_many(session, IdempotencyRow, columns, [("k", "r", 201, 5, AT), ("l", "r", 201, 5, AT)], unique=["key_hash"], replace=["attempt", "status"], unless="status")
            assert session.execute(select(IdempotencyRow.status, IdempotencyRow.attempt).order_by(IdempotencyRow.key_hash)).all() == [(201, 5), (200, 1)]


class TestInsertTogether:
    def test_a_few_rows_of_several_tables_in_one_journey(self, database: Database) -> None:
        """Planted bug: the rows of a table went into the columns of the next."""
        owed = (OutboxDelivery, ("event_id", "consumer", "state", "attempts", "next_attempt_at"), [("a", "c", "pending", 2, AT), ("a", "d", "done", 0, AT)])
        told, kept = (OutboxEvent, COLUMNS, events("a")), (IdempotencyRow, KEPT, [("k", "r", None, b"\x00\xff", 1, AT)])
        journeys: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            journeys.append(statement)

        with database.transaction() as session:
            session.connection()  # SQLite says BEGIN as a statement
            event.listen(database.engine, "before_cursor_execute", note)
            insert_together(session, kept, told, owed, (OutboxEvent, COLUMNS, []))
            insert_together(session, (OutboxEvent, COLUMNS, []))
            event.remove(database.engine, "before_cursor_execute", note)
            assert len(journeys) == (3 if database.dialect == "sqlite" else 1)
            (row,) = session.scalars(select(OutboxEvent)).all()
            assert (row.id, row.payload, row.created_at) == ("a", {"n": 1, "text": "é\"'"}, AT)
            found = session.execute(select(OutboxDelivery.consumer, OutboxDelivery.attempts, OutboxDelivery.next_attempt_at).order_by(OutboxDelivery.consumer))
            assert found.all() == [("c", 2, AT), ("d", 0, AT)]
            assert session.execute(select(IdempotencyRow.status, IdempotencyRow.body)).all() == [(None, b"\x00\xff")]

    def test_what_is_owed_only_if_something_is_found(self, database: Database) -> None:
        """Planted bug: the look of the first of two taken for the second's."""
        columns = ("event_id", "consumer", "state", "attempts", "next_attempt_at")
        there, nowhere = (select(IdempotencyRow.key_hash).where(IdempotencyRow.key_hash == key).limit(1) for key in ("k", "none"))
        with database.transaction() as session:
            insert_together(session, (IdempotencyRow, KEPT, [("k", "r", None, b"", 1, AT)]))
            perhaps = [RowsIf(OutboxDelivery, columns, [("a", name, "pending", 0, AT)], look) for name, look in (("never", nowhere), ("owed", there), ("nor", nowhere))]
            insert_together(session, (OutboxEvent, COLUMNS, events("a")), *perhaps)
            assert session.scalars(select(OutboxDelivery.consumer)).all() == ["owed"]

    def test_what_belongs_to_nothing_is_refused_and_nothing_kept(self, database: Database) -> None:
        owed = (OutboxDelivery, ("event_id", "consumer", "state", "attempts", "next_attempt_at"), [("nobody", "c", "pending", 0, AT)])
        with pytest.raises(IntegrityError), database.transaction() as session:
            insert_together(session, (OutboxEvent, COLUMNS, events("a")), owed)
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(OutboxEvent)) == 0

    def test_a_time_without_zone_is_refused(self, database: Database) -> None:
        with database.transaction() as session, pytest.raises(ValueError, match="aware"):
            insert_together(session, (OutboxEvent, COLUMNS, [("c", "t", "s", {}, AT.replace(tzinfo=None))]))


class TestAsking:
    def test_listed(self, database: Database) -> None:
        with database.transaction() as session:
            insert_many(session, OutboxEvent, COLUMNS, events("a", "b", "c"))
            ids = ["a", "c", 'x"\'%s', *(f"n{i}" for i in range(40_000))]
            assert sorted(session.scalars(select(OutboxEvent.id).where(OutboxEvent.id.in_(listed(session, ids))))) == ["a", "c"]
            assert session.scalars(select(OutboxEvent.id).where(OutboxEvent.id.in_(listed(session, [])))).all() == []


class TestDeleteMany:
    def test_by_two_columns(self, database: Database) -> None:
        columns = ("event_id", "consumer", "state", "attempts", "next_attempt_at")
        with database.transaction() as session:
            insert_many(session, OutboxEvent, COLUMNS, events("a", "b"))
            rows = [(event, consumer, "pending", 0, AT) for event in ("a", "b") for consumer in ("x", "y")]
            insert_many(session, OutboxDelivery, columns, rows)
            delete_many(session, OutboxDelivery, ("event_id", "consumer"), [("a", "y"), ("b", "x"), ("b", "z")])
            delete_many(session, OutboxDelivery, ("event_id", "consumer"), [])
            left = select(OutboxDelivery.event_id, OutboxDelivery.consumer).order_by(OutboxDelivery.event_id)
            assert session.execute(left).all() == [("a", "x"), ("b", "y")]
