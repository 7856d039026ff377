from __future__ import annotations

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security import challenges
from app.security.models import ChallengeRow
from app.security.principals import Principal, Role

from .racing import race


def _issued(database: Database, bound_to: str = "ses_1") -> bytes:
    with database.transaction() as session:
        return challenges.issue(session, "x", bound_to, at=database.clock.now(), ttl_s=120)


def _used(database: Database, challenge: bytes, bound_to: str = "ses_1", purpose: str = "x") -> bool:
    with database.transaction() as session:
        return challenges.use(session, purpose, challenge, bound_to, at=database.clock.now())


class TestUse:
    def test_of_sixteen_at_once_one_uses_it(self, database: Database) -> None:
        """Seen to fail on PostgreSQL with reading `used_at` first and updating by the hash alone (SQLite lets one writer in at a time)."""
        challenge = _issued(database)
        assert sorted(map(bool, race(16, lambda _: _used(database, challenge)))) == [False] * 15 + [True]

    def test_only_by_whom_it_was_given_to_and_for_what(self, database: Database) -> None:
        challenge = _issued(database)
        assert not _used(database, challenge, "ses_2")
        assert not _used(database, challenge, purpose="y")
        assert not _used(database, b"another")
        assert _used(database, challenge)

    def test_not_when_it_is_too_old(self, database: Database, clock: ManualClock) -> None:
        first, second = _issued(database), _issued(database)
        clock.advance(119)
        assert _used(database, first)
        clock.advance(1)
        assert not _used(database, second)

    def test_nothing_that_could_be_signed_or_names_anybody_is_stored(self, database: Database) -> None:
        challenge = _issued(database)
        with database.reading() as session:
            row = session.scalars(select(ChallengeRow)).one()
            assert challenge.hex() not in row.challenge_hash
            assert (len(row.challenge_hash), len(row.bound_to)) == (64, 64)


class TestAsker:
    def test_is_the_session_else_the_device_else_the_visit(self) -> None:
        assert challenges.asker(Principal(Role.SHOPPER, "shp_1", "dev_1", session_id="ses_1")) == "ses_1"
        assert challenges.asker(Principal(Role.SHOPPER, "shp_1", "dev_1")) == "dev_1"
        assert challenges.asker(Principal(None, ""), "abc") == "visit:abc"
