from __future__ import annotations

from datetime import timedelta

from app.kernel.db import Database
from app.kernel.verdict import PASS, Fail
from app.privacy.consents import grant, withdraw
from app.privacy.gate import may, may_many
from app.privacy.models import ConsentStateRow
from app.privacy.purposes import Purpose


class TestMay:
    def test_nothing_by_default(self, database: Database) -> None:
        with database.reading() as session:
            for purpose in Purpose:
                assert may(session, "shp_1", purpose, database.clock.now()) == Fail(f"no_consent_{purpose.value}", {"why": "never_granted"})

    def test_a_withdrawal_is_seen_by_the_next_read_of_another_process(self, database: Database) -> None:
        """Seen to fail with verdicts kept in the process."""
        other = type(database)(database.url.render_as_string(hide_password=False), clock=database.clock)
        now = database.clock.now()
        with database.transaction() as session:
            grant(session, "shp_1", Purpose.LOCATION, source="app", at=now)
        with other.transaction() as session:
            assert may(session, "shp_1", Purpose.LOCATION, now) is PASS
        with database.transaction() as session:
            withdraw(session, "shp_1", Purpose.LOCATION, source="app", at=now)
        with other.reading() as session:
            assert may(session, "shp_1", Purpose.LOCATION, now) == Fail("no_consent_location", {"why": "withdrawn"})
        other.close()

    def test_a_rolled_back_grant_opens_nothing(self, database: Database) -> None:
        with database.reading() as session:  # whatever is written here is thrown away
            session.add(ConsentStateRow(shopper_id="shp_1", purpose="location", sequence=1, granted=True, notice_version=1, source="app", at=database.clock.now()))
            session.flush()
            assert may(session, "shp_1", Purpose.LOCATION, database.clock.now()).ok
        with database.reading() as session:
            assert not may(session, "shp_1", Purpose.LOCATION, database.clock.now()).ok

    def test_a_grant_does_not_reach_back(self, database: Database) -> None:
        now = database.clock.now()
        with database.transaction() as session:
            grant(session, "shp_1", Purpose.LOCATION, source="app", at=now)
        with database.reading() as session:
            assert not may(session, "shp_1", Purpose.LOCATION, now - timedelta(seconds=1)).ok


class TestMayMany:
    def test_answers_for_each_of_a_thousand(self, database: Database) -> None:
        now = database.clock.now()
        ids = [f"shp_{i}" for i in range(1001)]
        with database.transaction() as session:
            for shopper_id in ids[::100]:
                grant(session, shopper_id, Purpose.ANALYTICS, source="app", at=now)
            grant(session, ids[1], Purpose.LOCATION, source="app", at=now)
        with database.reading() as session:
            verdicts = may_many(session, [*ids, *ids], Purpose.ANALYTICS, now)
            assert may_many(session, [], Purpose.ANALYTICS, now) == {}
        assert set(verdicts) == set(ids)
        assert [i for i in ids if verdicts[i].ok] == ids[::100]
