from __future__ import annotations

from app.kernel.db import Database
from app.security.once import first_time
from tests.conftest import START

from .racing import race


class TestFirstTime:
    def test_of_sixteen_at_once_one_is_first(self, database: Database) -> None:
        """Seen to fail on PostgreSQL with looking for the row before inserting it (SQLite lets one writer in at a time)."""

        def come(_: int) -> bool:
            with database.transaction() as session:
                return first_time(session, "dpop", "key", "jti", until=START)

        assert sorted(map(bool, race(16, come))) == [False] * 15 + [True]

    def test_kinds_and_parts_of_a_name_stay_apart(self, database: Database) -> None:
        with database.transaction() as session:
            names = [("a", "x", "yz"), ("a", "xy", "z"), ("b", "x", "yz"), ("a", "x", "yz")]
            assert [first_time(session, kind, *name, until=START) for kind, *name in names] == [True, True, True, False]
