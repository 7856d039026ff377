"""One campaign, many transactions at once: nobody waits for a row that another holds, never one too many, and nothing is left over.

There are no chunks on SQLite, where one writer is let in at a time.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Row, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.db import Database
from app.kernel.errors import AppError
from offers import chunks, facade, jobs, repository
from offers.chunks import Counted, Given, Want
from offers.models import Chunk, Counter, CouponRow
from tests.conftest import START
from tests.offers.builders import give, go_live, moment, weigh
from tests.offers.test_proofs import in_order

ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
IT = "cam_bonbon"
FACE_MINOR = 500
WITHIN_S = 20.0


def live(database: Database, **changes: Any) -> None:
    with database.transaction() as session:
        go_live(session, **{"caps": {"per_shopper": None}, **changes})


def offered(database: Database, number: int) -> bool:
    """Whether somebody new is given a coupon."""
    with database.transaction() as session:
        weigh(session, moment(f"mom_{number}", f"shp_{number}"), START)
        return session.scalar(select(CouponRow.id).where(CouponRow.moment_id == f"mom_{number}")) is not None


def given(database: Database) -> Given:
    with database.reading() as session:
        found = repository.given(session, IT)
    assert found is not None
    return found


def chunks_of(database: Database) -> list[Row[Any]]:
    return list(database.glance(select(Chunk.__table__).order_by(Chunk.id), {}))


def counter_of(database: Database) -> Row[Any]:
    return database.glance(select(Counter.__table__).where(Counter.campaign_id == IT), {})[0]


@contextlib.contextmanager
def somebody_at(database: Database, table: str) -> Iterator[int]:
    """Holds the rows of it until the end; the number of her connection at the server."""
    with database.engine.connect() as connection:
        connection.execute(text(f"SELECT 1 FROM {table} FOR UPDATE"))
        yield connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with contextlib.suppress(SQLAlchemyError):  # she may have been ended
            connection.rollback()


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)


def somebody_waits(database: Database) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.engine.connect() as connection:
        return connection.execute(text(waiting)).scalar_one() > 0


def leased(database: Database, number: int = 0) -> None:
    """One coupon is given to somebody who had to wait for the counter, and so has leased a chunk."""
    taker = threading.Thread(target=offered, args=(database, number))
    with somebody_at(database, "offers_counter"):
        taker.start()
        wait_for(lambda: somebody_waits(database))
    taker.join()
    assert len(chunks_of(database)) == 1


@ON_SQLITE
class TestOnSqlite:
    def test_there_are_none(self, database: Database) -> None:
        live(database, caps={"per_shopper": None, "total": 2})
        assert [offered(database, n) for n in range(3)] == [True, True, False]
        with database.transaction() as session:
            assert not chunks.bring_home(session, IT)
        assert (counter_of(database).issued, chunks_of(database)) == (2, [])


@ON_POSTGRESQL
class TestTake:
    def test_nobody_about_it_is_the_counter_alone(self, database: Database) -> None:
        live(database)
        assert all(offered(database, n) for n in range(5))
        assert (counter_of(database).issued, chunks_of(database)) == (5, [])

    def test_who_has_waited_leases_and_the_next_does_not_wait(self, database: Database) -> None:
        """Seen to fail with a chunk that is looked for only where the counter is free: it waits, and is refused after twenty seconds."""
        live(database, budget_minor=1_000 * FACE_MINOR)
        leased(database)
        assert chunks_of(database)[0].room == 62  # a sixteenth of what is left
        with somebody_at(database, "offers_counter"):
            assert offered(database, 1)
            assert chunks_of(database)[0].room == 61
            assert chunks_of(database)[0].room_minor == 61 * FACE_MINOR
        assert (counter_of(database).issued, given(database).issued) == (63, 2)
        in_order(database)

    def test_marketers_see_what_is_given_not_what_is_leased(self, database: Database) -> None:
        """Seen to fail with figures read from the counter alone."""
        live(database, budget_minor=1_000 * FACE_MINOR)
        leased(database)
        with database.reading() as session:
            figures = facade.campaigns(session)[0].figures
        assert (figures.issued, figures.budget_reserved_minor, figures.budget_spent_minor) == (1, FACE_MINOR, 0)

    def test_the_decision_says_what_was_given(self, database: Database) -> None:
        live(database, caps={"per_shopper": None, "total": 32})
        leased(database)
        offered(database, 1)
        with database.reading() as session:
            why = facade.explain(session, facade.decisions(session, moment_id="mom_1")[0].id)
        assert [r.facts for r in why.reasons if r.code == "under_total_cap"] == [{"issued": 1, "cap": 32}]

    def test_what_is_in_chunks_is_given_to_the_last(self, database: Database) -> None:
        """Seen to fail with decisions that take what is leased for given."""
        live(database, caps={"per_shopper": None, "total": 32})
        leased(database)
        room = chunks_of(database)[0].room
        assert room == 1
        assert [offered(database, n) for n in range(1, 33)] == [True] * 31 + [False]
        assert given(database).issued == 32
        in_order(database)

    def test_the_last_ones_are_not_leased(self, database: Database) -> None:
        live(database, caps={"per_shopper": None, "total": 16})
        taker = threading.Thread(target=offered, args=(database, 0))
        with somebody_at(database, "offers_counter"):
            taker.start()
            wait_for(lambda: somebody_waits(database))
        taker.join()
        assert (counter_of(database).issued, chunks_of(database)) == (1, [])

    def test_what_came_back_in_a_chunk_can_be_given_again(self, database: Database) -> None:
        """Seen to fail with a claim that does not bring chunks home: it is lost every time."""
        live(database, budget_minor=32 * FACE_MINOR)
        leased(database)
        assert [offered(database, n) for n in range(1, 33)] == [True] * 31 + [False]
        with somebody_at(database, "offers_counter"), database.transaction() as session:
            facade.retract(session, moment_id="mom_7", shopper_id="shp_7", at=START)
        assert sum(row.reserved_minor for row in chunks_of(database)) == -FACE_MINOR
        assert counter_of(database).budget_reserved_minor == 32 * FACE_MINOR
        assert [offered(database, n) for n in (33, 34)] == [True, False]
        in_order(database)

    def test_a_cap_that_was_lowered_counts_at_once(self, database: Database) -> None:
        """What was leased under a higher one is not taken, but brought home. Seen to fail with a claim that does not bring chunks home."""
        live(database, caps={"per_shopper": None, "total": 1_000})
        leased(database)
        assert chunks_of(database)[0].room > 1
        with database.transaction() as session:
            facade.revise_campaign(session, IT, {"caps": {"per_shopper": None, "total": 2}}, by="psn_marketer", at=START)
        assert [offered(database, n) for n in range(1, 4)] == [True, False, False]
        in_order(database)

    def test_two_who_decided_on_the_same_lower_cap(self, database: Database) -> None:
        """Both saw one given of two, and the chunk has room for both: one takes it. Seen to fail with a chunk that does not ask under
        which limits it was leased: both do."""
        live(database, caps={"per_shopper": None, "total": 1_000})
        leased(database)
        took: list[bool] = []

        def take() -> None:
            with database.transaction() as session:
                took.append(chunks.take(session, IT, Want(1, 0, cap=2), alone=False))

        takers = [threading.Thread(target=take) for _ in range(2)]
        with somebody_at(database, "offers_counter"):
            for taker in takers:
                taker.start()
            wait_for(lambda: somebody_waits(database) or len(took) == 2)
        for taker in takers:
            taker.join()
        assert sorted(took) == [False, True]

    def test_alone_holds_the_counter(self, database: Database) -> None:
        live(database)
        leased(database)
        with database.transaction() as session:
            assert chunks.take(session, IT, Want(1, 0), alone=True)
            other = threading.Thread(target=lambda: offered(database, 1))
            other.start()
            other.join()  # it has taken from the chunk
            assert chunks_of(database)[0].room == 63
            session.rollback()


@ON_POSTGRESQL
class TestWhoHangs:
    def test_a_chunk_somebody_is_at_is_not_sold_out(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """She holds the last of it and goes no further. Nobody is told that nothing is left; when she is ended, all of it is given.
        Seen to fail with decisions that take what is leased for given."""
        monkeypatch.setattr(chunks, "WAIT_MS", 2)
        live(database, caps={"per_shopper": None, "total": 32})
        leased(database)
        with somebody_at(database, "offers_chunk") as hers:
            assert all(offered(database, n) for n in range(1, 31))
            with pytest.raises(RuntimeError, match="the claim was lost every time"):
                offered(database, 31)
            with database.engine.connect() as connection:
                assert connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": hers}).scalar_one()
            wait_for(lambda: not _lives(database, hers))
        assert [offered(database, n) for n in (31, 32)] == [True, False]
        in_order(database)

    def test_who_takes_a_little_longer_is_waited_for(self, database: Database) -> None:
        """Seen to fail with a claim that passes over her chunk each time: it is lost before she has done."""
        live(database, caps={"per_shopper": None, "total": 32})
        leased(database)
        told: list[bool] = []
        with somebody_at(database, "offers_chunk"):
            assert all(offered(database, n) for n in range(1, 31))  # the last of 32 is in her chunk
            taker = threading.Thread(target=lambda: told.append(offered(database, 31)))
            taker.start()
            wait_for(lambda: somebody_waits(database))
        taker.join()
        assert told == [True]

    def test_who_was_ended_between_taking_and_giving_has_taken_nothing(self, database: Database) -> None:
        """Her late commit is refused by the server, and what she took is where it was."""
        live(database, caps={"per_shopper": None, "total": 32})
        leased(database)
        before = counter_of(database).issued, chunks_of(database)[0].room

        def late() -> None:
            with database.transaction() as session:
                assert chunks.take(session, IT, Want(1, FACE_MINOR, cap=32), alone=False)
                assert chunks.take(session, IT, Want(1, FACE_MINOR, cap=32), alone=False)
                hers = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
                with database.engine.connect() as connection:
                    connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": hers})
                wait_for(lambda: not _lives(database, hers))

        with pytest.raises(SQLAlchemyError):
            late()
        assert (counter_of(database).issued, chunks_of(database)[0].room) == before


def _lives(database: Database, pid: int) -> bool:
    with database.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid}).scalar_one() > 0


@ON_POSTGRESQL
class TestCount:
    def test_a_use_does_not_wait_either_and_its_rest_comes_back(self, database: Database) -> None:
        """Seen to fail with moves that count at the counter alone."""
        live(database, budget_minor=1_000 * FACE_MINOR)
        coupon = give(database)
        leased(database, 2)
        with somebody_at(database, "offers_counter"), database.transaction() as session:
            facade.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id="psn_1", at=START, discount_minor=200)
        assert [(c.redeemed, c.reserved_minor, c.spent_minor) for c in chunks_of(database)] == [(1, -FACE_MINOR, 200)]
        assert given(database) == Given(2, 0, 1, FACE_MINOR, 200)
        in_order(database)
        assert jobs.bring_home_all(database) == 1
        assert given(database) == Given(2, 0, 1, FACE_MINOR, 200)
        assert (counter_of(database).budget_spent_minor, chunks_of(database)) == (200, [])

    def test_what_was_counted_in_a_chunk_is_taken_back_at_the_counter(self, database: Database) -> None:
        """The counter never falls below nothing: what it has never heard of comes off in a chunk. Seen to fail with an UPDATE that does
        not ask whether it fits: the counter's CHECK refuses the move."""
        live(database, budget_minor=1_000 * FACE_MINOR)
        coupon = give(database)
        leased(database, 2)
        with somebody_at(database, "offers_counter"), database.transaction() as session:
            use = facade.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id="psn_1", at=START)
        with somebody_at(database, "offers_chunk"), database.transaction() as session:
            facade.undo_at_till(session, redemption_id=use.redemption_id, clerk_id="psn_1", at=START, undo_s=60)
        assert given(database) == Given(2, 0, 0, 2 * FACE_MINOR, 0)
        in_order(database)
        assert jobs.bring_home_all(database) == 1
        assert given(database) == Given(2, 0, 0, 2 * FACE_MINOR, 0)
        assert chunks_of(database) == []

    def test_what_nobody_has_counted_is_refused(self, database: Database) -> None:
        live(database)
        with pytest.raises(SQLAlchemyError, match="ck_offers_counter_counts"), database.transaction() as session:
            chunks.count(session, IT, Counted(redeemed=-1))

    def test_an_unknown_campaign(self, database: Database) -> None:
        with pytest.raises(RuntimeError, match="cam_none has no counter"), database.transaction() as session:
            chunks.count(session, "cam_none", Counted(redeemed=1))


@ON_POSTGRESQL
class TestBringHome:
    def test_passes_over_what_somebody_is_at(self, database: Database) -> None:
        live(database, budget_minor=1_000 * FACE_MINOR)
        leased(database)
        with somebody_at(database, "offers_chunk"):
            assert jobs.bring_home_all(database) == 0
        assert len(chunks_of(database)) == 1
        assert jobs.bring_home_all(database) == 1
        counter = counter_of(database)
        assert (counter.issued, counter.budget_reserved_minor, chunks_of(database)) == (1, FACE_MINOR, [])


# --- everything at once -----------------------------------------------------------------------------------------------

CAP = 150
OWNERS = 6
TURNS = 40


class Owner:
    """One process's worth: gives, uses, takes back, withdraws and brings home, and is now and then ended in the middle of it."""

    def __init__(self, url: str, number: int) -> None:
        self._database = Database(url, pool_size=4)
        chunks.lease_by(self._database, 6)
        self._chance, self._number, self._count = random.Random(number), number, 0
        self._hers: list[str] = []
        self._used: list[str] = []
        self.most, self.most_minor, self.chunks_seen = 0, 0, 0

    def go(self) -> None:
        for _ in range(TURNS):
            turn = self._chance.choice([self._be_offered] * 6 + [self._use] * 2 + [self._take_back, self._withdraw, self._tidy])
            with contextlib.suppress(AppError, SQLAlchemyError, RuntimeError):  # ended, or to come again: nothing was answered
                turn()
            with contextlib.suppress(AppError, SQLAlchemyError):
                self._look()

    def _be_offered(self) -> None:
        self._count += 1
        name = f"{self._number}_{self._count}"
        with self._database.transaction() as session:
            weigh(session, moment(f"mom_{name}", f"shp_{name}"), START)
            found = session.scalar(select(CouponRow.id).where(CouponRow.moment_id == f"mom_{name}"))
        self._hers += [found] if found else []

    def _use(self) -> None:
        with self._database.transaction() as session:
            coupon = facade.coupon(session, self._hers.pop()) if self._hers else None
            if coupon is not None:
                least = self._chance.choice([None, 0, 1, 499])
                use = facade.redeem_at_till(session, code=coupon.code, place_id="plc_kluuvi", clerk_id="psn", at=START, discount_minor=least)
                self._used.append(use.redemption_id)

    def _take_back(self) -> None:
        with self._database.transaction() as session:
            if self._used:
                facade.undo_at_till(session, redemption_id=self._used.pop(), clerk_id="psn", at=START, undo_s=60)

    def _withdraw(self) -> None:
        with self._database.transaction() as session:
            coupon = facade.coupon(session, self._hers.pop()) if self._hers else None
            if coupon is not None:
                facade.retract(session, moment_id=coupon.moment_id, shopper_id=coupon.shopper_id, at=START)

    def _tidy(self) -> None:
        jobs.bring_home_all(self._database)

    def _look(self) -> None:
        with self._database.reading() as session:
            found = repository.given(session, IT)
            self.chunks_seen += session.scalar(select(func.count()).select_from(Chunk)) or 0
        assert found is not None
        self.most = max(self.most, found.issued - found.revoked)
        self.most_minor = max(self.most_minor, found.budget_reserved_minor + found.budget_spent_minor)


def _ended_now_and_then(database: Database, done: threading.Event) -> None:
    """Ends connections that are in the middle of a transaction, as a killed process's are."""
    busy = "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL ORDER BY random() LIMIT 1) AS one"
    while not done.wait(0.05):
        with contextlib.suppress(SQLAlchemyError), database.engine.connect() as connection:
            connection.execute(text(busy))


@ON_POSTGRESQL
class TestEverythingAtOnce:
    @pytest.mark.parametrize("limit", [{"caps": {"per_shopper": None, "total": CAP}}, {"budget_minor": CAP * FACE_MINOR}])
    def test_never_over_and_in_the_end_everything_can_be_given(self, database: Database, limit: dict[str, Any]) -> None:
        """Seen to fail with a chunk that is leased without being counted, one that comes home and stays, one that comes home without what
        came back in it, a claim of a chunk that does not look at its room (which its CHECK refuses), and decisions that take what
        is leased for given."""
        live(database, **limit)
        url, done = database.url.render_as_string(hide_password=False), threading.Event()
        owners = [Owner(url, n) for n in range(OWNERS)]
        threads = [threading.Thread(target=owner.go) for owner in owners]
        killer = threading.Thread(target=_ended_now_and_then, args=(database, done))
        for thread in (killer, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        killer.join()
        assert sum(owner.chunks_seen for owner in owners) > 0, "nobody met anybody"
        in_order(database)
        until = 2 * CAP * OWNERS  # uses below the face leave money for more coupons than CAP
        number = next((n for n in range(until) if not offered(database, n)), until)
        assert number < until
        told = given(database)
        in_order(database)
        if "caps" in limit:
            assert told.issued - told.revoked == CAP
            assert max(owner.most for owner in owners) <= CAP
        else:
            assert CAP * FACE_MINOR - FACE_MINOR < told.budget_reserved_minor + told.budget_spent_minor <= CAP * FACE_MINOR
            assert max(owner.most_minor for owner in owners) <= CAP * FACE_MINOR

