from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import event

from app.kernel.db import Database
from app.kernel.verdict import PASS, Fail
from app.privacy.consents import grant, withdraw
from app.privacy.gate import agreed_to, may, may_many, refused_of
from app.privacy.models import ConsentStateRow
from app.privacy.privacy import HOLDERS
from app.privacy.purposes import NOTICES, Purpose


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


class TestRefusedOf:
    """Seen to fail with the version of the notice left out of the statement."""

    def test_says_what_may_says(self, database: Database) -> None:
        now = database.clock.now()
        records = {
            "shp_yes": (True, NOTICES[Purpose.LOCATION].version, now),
            "shp_no": (False, NOTICES[Purpose.LOCATION].version, now),
            "shp_old": (True, NOTICES[Purpose.LOCATION].version - 1, now),
            "shp_later": (True, NOTICES[Purpose.LOCATION].version, now + timedelta(seconds=1)),
        }
        with database.transaction() as session:
            for purpose in ("location", "analytics"):
                for shopper_id, (granted, version, at) in records.items():
                    if purpose == "location" or shopper_id != "shp_yes":
                        session.add(ConsentStateRow(shopper_id=shopper_id, purpose=purpose, sequence=1, granted=granted, notice_version=version, source="app", at=at))
            session.flush()
            ids = {*records, "shp_never"}
            for purpose in Purpose:
                wanted = {i for i, verdict in may_many(session, ids, purpose, now).items() if not verdict.ok}
                assert refused_of(session, ids, purpose, now) == wanted
                assert agreed_to(session, purpose, now) == ids - wanted
            assert refused_of(session, {"shp_yes"}, Purpose.LOCATION, now) == refused_of(session, set(), Purpose.LOCATION, now) == frozenset()

    def test_thousands_at_once(self, database: Database) -> None:
        now = database.clock.now()
        with database.transaction() as session:
            for i in range(40):
                grant(session, f"shp_{i}", Purpose.LOCATION, source="app", at=now)
            assert len(refused_of(session, {f"shp_{i}" for i in range(5000)}, Purpose.LOCATION, now)) == 4960

    def test_who_has_agreed_is_asked_once(self, database: Database) -> None:
        now, ids = database.clock.now(), {f"shp_{i}" for i in range(50)}
        with database.transaction() as session:
            for shopper_id in ids:
                grant(session, shopper_id, Purpose.LOCATION, source="app", at=now)
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        for _ in range(3):
            with database.reading() as session:
                assert refused_of(session, ids, Purpose.LOCATION, now) == frozenset()
        assert sum("privacy_consent_state" in statement for statement in asked) == 1
        assert sum("privacy_consent_head" in statement for statement in asked) == 3

    def test_a_withdrawal_in_another_process_ends_what_was_remembered(self, database: Database) -> None:
        """Seen to fail with the stamp not compared, and with `stamp_change` left out of a withdrawal and of an erasure."""
        other = type(database)(database.url.render_as_string(hide_password=False), clock=database.clock)
        now, ids = database.clock.now(), {"shp_1", "shp_2", "shp_3"}
        with database.transaction() as session:
            for shopper_id in ids:
                grant(session, shopper_id, Purpose.LOCATION, source="app", at=now)
        with database.transaction() as session:
            assert refused_of(session, ids, Purpose.LOCATION, now) == frozenset()
        with other.transaction() as session:
            withdraw(session, "shp_2", Purpose.LOCATION, source="app", at=now)
        with database.transaction() as session:
            assert refused_of(session, ids, Purpose.LOCATION, now) == {"shp_2"}
        with other.transaction() as session:
            consents_of = next(holder for holder in HOLDERS if holder.name == "privacy.consents")
            consents_of.erase(session, "shp_3")
        with database.transaction() as session:
            assert refused_of(session, ids, Purpose.LOCATION, now) == {"shp_2", "shp_3"}
        other.close()

    def test_what_was_rolled_back_is_not_remembered(self, database: Database) -> None:
        """Seen to fail with a stamp that counts: the next change then comes to the same count."""
        now = database.clock.now()
        with database.transaction() as session:
            grant(session, "shp_1", Purpose.LOCATION, source="app", at=now)
        with suppress(ZeroDivisionError), database.transaction() as session:
            grant(session, "shp_2", Purpose.LOCATION, source="app", at=now)
            assert refused_of(session, {"shp_1", "shp_2"}, Purpose.LOCATION, now) == frozenset()
            raise ZeroDivisionError
        with database.transaction() as session:
            grant(session, "shp_3", Purpose.LOCATION, source="app", at=now)
        with database.reading() as session:
            assert refused_of(session, {"shp_1", "shp_2", "shp_3"}, Purpose.LOCATION, now) == {"shp_2"}

    def test_what_is_remembered_does_not_reach_back(self, database: Database) -> None:
        """Seen to fail with the time of the newest agreement not kept."""
        now = database.clock.now()
        with database.transaction() as session:
            grant(session, "shp_1", Purpose.LOCATION, source="app", at=now)
        with database.reading() as session:
            assert refused_of(session, {"shp_1"}, Purpose.LOCATION, now) == frozenset()
            assert refused_of(session, {"shp_1"}, Purpose.LOCATION, now - timedelta(seconds=1)) == {"shp_1"}
            assert refused_of(session, {"shp_1"}, Purpose.LOCATION, now) == frozenset()
