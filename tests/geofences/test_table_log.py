"""The log as a table: order, duplicates, emptied payloads, racing writers."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select, update

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.sealing import CannotOpen, seal
from app.security.vault import seal_each
from geofences.adapters.table_log import TableLog
from geofences.columns import fix_id, of_samples, to_bytes
from geofences.models import FixLogRow
from geofences.ports import LogBatch
from geofences.track import Key, Sample

JANE = Key("shp_1", "dev_1")
JOHN = Key("shp_2", "dev_2")
FIX = Sample(1.0, fix_id(1.0, 60.17, 24.94), 60.17, 24.94, 8.0)
LATER = timedelta(seconds=1)
LOG = TableLog()


def append(database: Database, *keys: Key, digest: str) -> int | None:
    columns = of_samples({key: [FIX] for key in keys})
    with database.transaction() as session:
        return LOG.append(session, columns, digest=digest, at=database.clock.now())


def held(database: Database) -> list[list[Key]]:
    with database.reading() as session:
        return [list(batch.columns.keys) for batch in LOG.read(session, {0: 0}, 100)[0]]


class TestTableLog:
    def test_what_is_read_is_what_was_written(self, database: Database) -> None:
        assert [append(database, JANE, digest=d) for d in ("d1", "d2")] == [1, 2]
        with database.reading() as session:
            first, second = LOG.read(session, {0: 0}, 10)[0]
            assert [b.position for b in LOG.read(session, {0: 1}, 10)[0]] == [second.position] == [2]
            assert [b.position for b in LOG.read(session, {0: 0}, 1)[0]] == [1]
        assert (first.position, first.columns.keys, first.columns.samples()) == (1, (JANE,), [FIX])

    def test_the_same_batch_again_is_none_but_another_device_may_send_it(self, database: Database) -> None:
        assert append(database, JANE, digest="d1") == 1
        assert append(database, JANE, digest="d1") is None
        assert append(database, Key("shp_1", "dev_2"), digest="d1") == 2

    def test_the_payload_is_sealed_and_goes(self, database: Database) -> None:
        append(database, JANE, digest="d1")
        with database.transaction() as session:
            (payload,) = session.scalars(select(FixLogRow.payload)).all()
            assert payload is not None
            assert b"lat" not in payload
            now = database.clock.now()
            LOG.trim(session, {0: 1}, now)  # received now is not before now
            LOG.trim(session, {0: 0}, now + LATER)  # not processed yet
            assert session.scalars(select(FixLogRow.payload)).all() == [payload]
            LOG.trim(session, {0: 1}, now + LATER)
            assert session.scalars(select(FixLogRow.payload)).all() == [None]
            assert len(LOG.read(session, {0: 0}, 10)[0][0].columns) == 0

    def test_read_back_gives_what_was_received_since(self, database: Database, clock: ManualClock) -> None:
        append(database, JANE, digest="d1")
        clock.advance(60)
        append(database, JANE, digest="d2")
        append(database, JANE, digest="d3")
        with database.reading() as session:
            now = clock.now()
            assert [b.position for b in LOG.read_back(session, {0: 2}, now, 100).batches] == [2]
            ago = now - timedelta(seconds=60)
            assert [b.position for b in LOG.read_back(session, {0: 3}, ago, 100).batches] == [1, 2, 3]
            assert [b.position for b in LOG.read_back(session, {0: 3}, ago, 2).batches] == [2, 3]

    def test_what_release_0_1_wrote_is_read(self, database: Database) -> None:
        append(database, JANE, digest="d1")
        old = seal("fix_log", msgspec.msgpack.encode((Sample(1.0, "1.000,60.1700000,24.9400000", 60.17, 24.94, 8.0),)), JANE.text().encode())
        with database.transaction() as session:
            session.execute(update(FixLogRow).values(payload=old))
            (batch,) = LOG.read(session, {0: 0}, 10)[0]
        assert (batch.columns.keys, batch.columns.samples()) == ((JANE,), [FIX])
        with database.transaction() as session:
            session.execute(update(FixLogRow).values(payload=seal("fix_log", b"\xc1", JANE.text().encode())))
            assert len(LOG.read(session, {0: 0}, 10)[0][0].columns) == 0

    def test_what_this_process_wrote_is_read_once_without_opening_it(self, database: Database) -> None:
        assert held(database) == []  # who reads here is known from the first time on
        append(database, JANE, digest="d1")
        append(database, JANE, digest="d2")
        other = Database(database.url.render_as_string(hide_password=False), clock=database.clock)
        sealed_otherwise = seal("fix_log", b"", b"somebody else's")
        with database.transaction() as session:
            session.execute(update(FixLogRow).where(FixLogRow.position == 1).values(payload=sealed_otherwise))
            assert [b.columns.samples() for b in LOG.read(session, {0: 0}, 10)[0]] == [[FIX], [FIX]]
        for again in (database, other):
            with again.reading() as session, pytest.raises(CannotOpen):
                LOG.read(session, {0: 0}, 10)[0]
            with again.reading() as session:
                assert [b.columns.samples() for b in LOG.read(session, {0: 1}, 10)[0]] == [[FIX]]
        other.close()

    def test_a_process_that_does_not_read_keeps_nothing(self, database: Database) -> None:
        """Of a partition that another process reads, what was appended here is not remembered. Seen to fail when it was kept all the same."""
        append(database, JANE, digest="d1")
        with database.transaction() as session:
            assert LOG.read(session, {1: 0}, 10) == ([], False)
        append(database, JANE, digest="d2")
        with database.transaction() as session:
            session.execute(update(FixLogRow).values(payload=seal("fix_log", b"", b"somebody else's")))
            with pytest.raises(CannotOpen):
                LOG.read(session, {0: 0}, 10)

    def test_what_this_process_has_read_is_coarsened_without_opening_it(self, database: Database) -> None:
        """Until it is trimmed, and unless somebody was taken out of it since."""
        assert held(database) == []
        for digest in ("d1", "d2", "d3"):
            append(database, JANE, JOHN, digest=digest)
        other = Database(database.url.render_as_string(hide_password=False), clock=database.clock)
        sealed_otherwise = seal("fix_log", b"", b"somebody else's")
        with database.transaction() as session:
            assert len(LOG.read(session, {0: 0}, 10)[0]) == 3
            LOG.forget(session, ["shp_1"])
            session.execute(update(FixLogRow).where(FixLogRow.position == 2).values(payload=sealed_otherwise, fixes=2))
        with database.transaction() as session:
            assert [batch.columns.keys for batch in LOG.whole(session, {0: (0, 3)})] == [(JOHN,), (JANE, JOHN), (JOHN,)]
        for again in (database, other):
            with again.reading() as session, pytest.raises(CannotOpen):
                LOG.whole(session, {0: (0, 3)})
        other.close()

    def test_what_is_trimmed_is_not_remembered(self, database: Database) -> None:
        append(database, JANE, digest="d1")
        with database.transaction() as session:
            assert len(LOG.read(session, {0: 0}, 10)[0]) == 1
            LOG.trim(session, {0: 1}, database.clock.now())
            session.execute(update(FixLogRow).values(payload=seal("fix_log", b"", b"somebody else's")))
            with pytest.raises(CannotOpen):
                LOG.whole(session, {0: (0, 1)})

    def test_parts_are_read_as_this_release_and_the_one_before_wrote_them(self, database: Database) -> None:
        append(database, JANE, JOHN, digest="d1")
        both = of_samples({JANE: [FIX], JOHN: [FIX]})
        with database.transaction() as session:
            LOG.coarsen(session, [(LogBatch(1, both), database.clock.now())])
            (payload,) = session.scalars(select(FixLogRow.payload)).all()
            assert payload is not None
            assert (payload[:1], b"shp_" in payload) == (b"\x04", False)
        bound = [(key.shopper_id, to_bytes(of_samples({key: [FIX]})), b"/") for key in (JANE, JOHN)]
        before = b"\x03" + msgspec.msgpack.encode(seal_each("fix_log", bound))
        for written in (payload, before):
            with database.transaction() as session:
                session.execute(update(FixLogRow).values(payload=written, coarse=True))
                (batch,) = LOG.read_back(session, {0: 1}, database.clock.now(), 10).batches
                assert (batch.columns.keys, batch.columns.samples()) == ((JANE, JOHN), [FIX, FIX])
                LOG.forget(session, ["shp_1"])
                (batch,) = LOG.read_back(session, {0: 1}, database.clock.now(), 10).batches
                assert (batch.columns.keys, batch.columns.samples()) == ((JOHN,), [FIX])

    def test_what_was_rolled_back_is_not_read(self, database: Database) -> None:
        """Seen to fail with what is appended put aside before the commit."""
        with suppress(ZeroDivisionError), database.transaction() as session:
            LOG.append(session, of_samples({JANE: [FIX]}), digest="d1", at=database.clock.now())
            raise ZeroDivisionError
        other = Database(database.url.render_as_string(hide_password=False), clock=database.clock)
        append(other, JOHN, digest="d2")  # at the position that was not taken
        other.close()
        assert held(database) == [[JOHN]]

    def test_a_shopper_is_forgotten_also_where_she_stands_among_others(self, database: Database) -> None:
        """Seen to fail with the batches of servers left alone, and with what this process remembers of them believed."""
        for digest, keys in (("d1", [JANE]), ("d2", [JANE, JOHN]), ("d3", [JOHN]), ("d4", [JANE, Key("shp_1", "dev_3")])):
            append(database, *keys, digest=digest)
        with database.transaction() as session:
            LOG.forget(session, ["shp_1"])
        assert held(database) == [[], [JOHN], [JOHN], []]
        with database.reading() as session:
            assert b"shp_" not in b"".join(p for p in session.scalars(select(FixLogRow.payload)) if p is not None)

    def test_racing_writers_leave_no_gap_that_a_reader_could_miss(self, database: Database, clock: ManualClock) -> None:
        """Positions are seen in order: a reader that has seen n will never see a smaller one appear."""
        writers, each = 6, 8
        barrier, seen = threading.Barrier(writers + 1), list[list[int]]()
        done = threading.Event()

        def write(number: int) -> None:
            barrier.wait()
            for i in range(each):
                append(database, Key(f"shp_{number}", f"dev_{number}"), digest=f"d{i}")

        threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]

        def read() -> None:
            barrier.wait()
            while not done.is_set():
                with database.reading() as session:
                    seen.append([b.position for b in LOG.read(session, {0: 0}, 1000)[0]])

        reader = threading.Thread(target=read)
        for thread in [*threads, reader]:
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        reader.join()
        with database.reading() as session:
            assert [b.position for b in LOG.read(session, {0: 0}, 1000)[0]] == list(range(1, writers * each + 1))
        assert all(found == list(range(1, len(found) + 1)) for found in seen)
