from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, select, text

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.privacy import consents as module
from app.privacy.consents import (
    chain_fault,
    consents,
    grant,
    rebuild_state,
    receipt,
    records,
    set_consent,
    shoppers_with_records,
    state_at,
    withdraw,
)
from app.privacy.gate import may
from app.privacy.models import ConsentRow, ConsentStateRow, StandingRow
from app.privacy.purposes import NOTICES, Purpose
from app.privacy.records import canonical, hash_of
from tests.app.security.racing import race


def _set(database: Database, granted: bool, purpose: Purpose = Purpose.LOCATION) -> bool:
    with database.transaction() as session:
        return set_consent(session, "shp_1", purpose, granted=granted, source="app", at=database.clock.now())


class TestSetConsent:
    def test_every_change_is_a_record_and_an_event(self, database: Database, clock: ManualClock) -> None:
        for granted in (True, False, True):
            assert _set(database, granted)
            clock.advance(1)
        with database.reading() as session:
            assert [(r.granted, r.sequence, r.notice_version, r.source) for r in records(session, "shp_1")] == [(True, 1, 1, "app"), (False, 2, 1, "app"), (True, 3, 1, "app")]
            events = session.execute(select(OutboxEvent.type, OutboxEvent.subject, OutboxEvent.payload).order_by(OutboxEvent.id)).all()
        assert [(e.type, e.subject, e.payload["granted"]) for e in events] == [("consent.changed", "shp_1", g) for g in (True, False, True)]

    def test_what_is_so_already_is_not_said_again(self, database: Database) -> None:
        assert [_set(database, True), _set(database, True), _set(database, False), _set(database, False)] == [True, False, True, False]
        with database.reading() as session:
            assert len(records(session, "shp_1")) == 2

    def test_a_first_word_may_be_a_refusal(self, database: Database) -> None:
        assert _set(database, False)
        with database.reading() as session:
            assert not may(session, "shp_1", Purpose.LOCATION, database.clock.now()).ok
            assert [r.granted for r in records(session, "shp_1")] == [False]

    def test_agreeing_to_a_new_notice_is_a_change(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        _set(database, True)
        monkeypatch.setattr(module, "NOTICES", {**NOTICES, Purpose.LOCATION: replace(NOTICES[Purpose.LOCATION], version=2)})
        assert _set(database, True)
        with database.reading() as session:
            assert [r.notice_version for r in records(session, "shp_1")] == [1, 2]

    def test_raced_switches_leave_records_and_state_in_one_story(self, database: Database) -> None:
        """Seen to fail with the sequence read first and written after: two records with one number, or a lost word."""
        results = race(16, lambda i: _set(database, i % 2 == 0))
        assert all(isinstance(r, bool) for r in results), results
        with database.reading() as session:
            said = records(session, "shp_1")
            state = session.execute(select(ConsentStateRow.sequence, ConsentStateRow.granted)).one()
        assert [r.sequence for r in said] == list(range(1, len(said) + 1))
        assert all(a.granted != b.granted for a, b in pairwise(said))
        assert (state.sequence, state.granted) == (said[-1].sequence, said[-1].granted)
        assert sum(r is True for r in results) == len(said)

    def test_grant_and_withdraw(self, database: Database) -> None:
        with database.transaction() as session:
            assert grant(session, "shp_1", Purpose.ANALYTICS, source="demo", at=database.clock.now())
            assert may(session, "shp_1", Purpose.ANALYTICS, database.clock.now()).ok
            assert withdraw(session, "shp_1", Purpose.ANALYTICS, source="demo", at=database.clock.now())
            assert not may(session, "shp_1", Purpose.ANALYTICS, database.clock.now()).ok


class TestConsents:
    def test_shows_every_purpose_in_words(self, database: Database) -> None:
        _set(database, True)
        _set(database, True, Purpose.ANALYTICS)
        _set(database, False, Purpose.ANALYTICS)
        with database.reading() as session:
            views = consents(session, "shp_1", database.clock.now())
        assert [(v.purpose, v.live, v.granted, v.agreed_version) for v in views] == [
            ("location", True, True, 1),
            ("personalisation", False, False, None),
            ("marketing_push", False, False, None),
            ("marketing_email", False, False, None),
            ("marketing_sms", False, False, None),
            ("marketing_whatsapp", False, False, None),
            ("analytics", False, False, None),
            ("assistant", False, False, None),
            ("aftercare", False, False, None),
            ("order_news", False, False, None),
            ("loyalty", False, False, None),
        ]
        assert [v.at for v in views] == [database.clock.now(), *[None] * 5, database.clock.now(), None, None, None, None]
        assert views[0].text == NOTICES[Purpose.LOCATION].text


class TestChain:
    def test_every_word_of_hers_is_a_link(self, database: Database, clock: ManualClock) -> None:
        for granted in (True, False):
            _set(database, granted)
            _set(database, granted, Purpose.ANALYTICS)
            clock.advance(1)
        with database.reading() as session:
            assert chain_fault(session, "shp_1") is None
            assert list(session.scalars(select(ConsentRow.position).order_by(ConsentRow.position))) == [1, 2, 3, 4]
            assert shoppers_with_records(session) == ["shp_1"]

    @pytest.mark.parametrize(
        ("planted", "fault"),
        [
            ("UPDATE privacy_consent SET granted = NOT granted WHERE position = 2", "record 2 says something else than its columns"),
            ("UPDATE privacy_consent SET record = replace(record, 'phone', 'fone') WHERE position = 2", "record 2 was changed"),
            ("DELETE FROM privacy_consent WHERE position = 2", "record 2 is missing"),
            ("DELETE FROM privacy_consent WHERE position = 3", "the chain should end with record 3, and ends with 2"),
            ("DELETE FROM privacy_standing", "the chain should end with record 0, and ends with 3"),
        ],
    )
    def test_whoever_changes_one_is_found_out(self, database: Database, planted: str, fault: str) -> None:
        for granted in (True, False, True):
            _set(database, granted)
        with database.transaction() as session:
            session.execute(text(planted))
        with database.reading() as session:
            assert chain_fault(session, "shp_1") == fault

    def test_raced_words_about_everything_make_one_chain(self, database: Database) -> None:
        results = race(2 * len(Purpose), lambda i: _set(database, True, list(Purpose)[i % len(Purpose)]))
        assert sorted(results, key=str) == [False] * len(Purpose) + [True] * len(Purpose)
        with database.reading() as session:
            assert chain_fault(session, "shp_1") is None
            assert session.scalar(select(StandingRow.position)) == len(Purpose)


class TestStateAt:
    def test_is_what_was_in_force_then(self, database: Database, clock: ManualClock) -> None:
        before = clock.now()
        clock.advance(10)
        for granted in (True, False, True):
            _set(database, granted)
            clock.advance(10)
        with database.reading() as session:
            told = [state_at(session, "shp_1", before + timedelta(seconds=s)).get(Purpose.LOCATION) for s in (0, 9, 10, 19, 20, 30, 99)]
        assert [record.granted if record else None for record in told] == [None, None, True, True, False, True, True]


class TestReceipt:
    def test_holds_the_words_she_agreed_to_also_after_they_have_changed(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        _set(database, True)
        monkeypatch.setattr(module, "NOTICES", {**NOTICES, Purpose.LOCATION: replace(NOTICES[Purpose.LOCATION], version=2, text="Other words.")})
        with database.reading() as session:
            found = receipt(session, "shp_1", Purpose.LOCATION)
            assert receipt(session, "shp_1", Purpose.ANALYTICS) is None
        assert found is not None
        assert found["record"]["processing"][0]["privacy_notice"] == {"version": 1, "title": "Where you are", "text": NOTICES[Purpose.LOCATION].text, "url": "/m/me"}
        assert hash_of(canonical(found["record"])) == found["hash"]


class TestRebuildState:
    def test_gives_the_same_state_from_the_records_alone(self, database: Database, clock: ManualClock) -> None:
        for granted in (True, False, True):
            _set(database, granted)
            _set(database, not granted, Purpose.MARKETING_PUSH)
            clock.advance(1)
        columns = list(ConsentStateRow.__table__.columns)
        with database.reading() as session:
            before = session.execute(select(*columns).order_by(ConsentStateRow.purpose)).all()
        with database.transaction() as session:
            session.execute(delete(ConsentStateRow))
            assert rebuild_state(session, "shp_1") == 2
        with database.reading() as session:
            assert session.execute(select(*columns).order_by(ConsentStateRow.purpose)).all() == before
