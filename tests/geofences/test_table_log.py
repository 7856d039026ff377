"""The log as a table: order, duplicates, emptied payloads, racing writers."""

from __future__ import annotations

import threading

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from geofences.adapters.table_log import TableLog
from geofences.models import FixLogRow
from geofences.track import Key, Sample

JANE = Key("shp_1", "dev_1")
FIX = Sample(1.0, "a", 60.17, 24.94, 8.0)
LOG = TableLog()


def append(database: Database, key: Key, digest: str) -> int | None:
    with database.transaction() as session:
        return LOG.append(session, key, (FIX,), digest=digest, at=database.clock.now())


class TestTableLog:
    def test_what_is_read_is_what_was_written(self, database: Database) -> None:
        assert [append(database, JANE, d) for d in ("d1", "d2")] == [1, 2]
        with database.reading() as session:
            first, second = LOG.read(session, 0, 0, 10)
            assert LOG.read(session, 0, 1, 10) == [second]
            assert LOG.read(session, 0, 0, 1) == [first]
        assert (first.position, first.key, first.samples) == (1, JANE, (FIX,))

    def test_the_same_batch_again_is_none_but_another_device_may_send_it(self, database: Database) -> None:
        assert append(database, JANE, "d1") == 1
        assert append(database, JANE, "d1") is None
        assert append(database, Key("shp_1", "dev_2"), "d1") == 2

    def test_the_payload_is_sealed_and_goes(self, database: Database) -> None:
        append(database, JANE, "d1")
        with database.transaction() as session:
            (payload,) = session.scalars(select(FixLogRow.payload)).all()
            assert payload is not None
            assert b"lat" not in payload
            LOG.trim(session, 0, 1)
            assert session.scalars(select(FixLogRow.payload)).all() == [None]
            assert LOG.read(session, 0, 0, 10)[0].samples == ()

    def test_racing_writers_leave_no_gap_that_a_reader_could_miss(self, database: Database, clock: ManualClock) -> None:
        """Positions are seen in order: a reader that has seen n will never see a smaller one appear."""
        writers, each = 6, 8
        barrier, seen = threading.Barrier(writers + 1), list[list[int]]()
        done = threading.Event()

        def write(number: int) -> None:
            barrier.wait()
            for i in range(each):
                append(database, Key(f"shp_{number}", f"dev_{number}"), f"d{i}")

        threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]

        def read() -> None:
            barrier.wait()
            while not done.is_set():
                with database.reading() as session:
                    seen.append([b.position for b in LOG.read(session, 0, 0, 1000)])

        reader = threading.Thread(target=read)
        for thread in [*threads, reader]:
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        reader.join()
        with database.reading() as session:
            assert [b.position for b in LOG.read(session, 0, 0, 1000)] == list(range(1, writers * each + 1))
        assert all(found == list(range(1, len(found) + 1)) for found in seen)
