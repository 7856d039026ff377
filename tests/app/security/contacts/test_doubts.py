"""She asked by a code that we never sent: one more question where something is worth it, never a refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.security import holders
from app.security.asking import Asker
from app.security.audit import journal
from app.security.audit.models import AuditRow
from app.security.contacts import facade as contacts
from app.security.contacts.models import UnknownCodeRow
from app.security.contacts.privacy import erase_contacts, export_contacts
from app.security.errors import StepUpNeeded
from app.security.policies import decision_log
from app.security.policies.contracts import Action, Context, VisitLevel
from app.security.principals import Principal, Role
from app.security.settings import SecuritySettings
from app.security.shoppers import register_device
from tests.conftest import START

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def jane(database: Database) -> Principal:
    with database.transaction() as session:
        made = register_device(session, "Phone", "ios", START - 10 * DAY)
    return Principal(Role.SHOPPER, made.shopper_id, made.device_id)


def _asked(database: Database, jane: Principal, times: int = 1) -> None:
    for _ in range(times):
        with database.transaction() as session:
            contacts.note_unknown_code(session, jane.id, by="page", at=START)


def _reserves(database: Database, jane: Principal, amount_minor: int, at=START) -> StepUpNeeded | None:
    context = Context(visit_level=VisitLevel.VERIFIED, amount_minor=amount_minor)
    try:
        with database.transaction() as session:
            Asker(jane, SecuritySettings()).allow(session, Action.RESERVE, context, currency="EUR", at=at)  # type: ignore[call-arg]
    except StepUpNeeded as wanted:
        return wanted
    return None


class TestNoteUnknownCode:
    def test_more_than_little_is_confirmed_for_a_day(self, database: Database, jane: Principal) -> None:
        """Planted bugs: with the fact not handed to the rules nothing was asked; with the reading `<=` for `<` of the day, for a second too long."""
        assert _reserves(database, jane, 2501) is None
        _asked(database, jane)
        assert _reserves(database, jane, 2500) is None
        for at in (START, START + DAY - SECOND):
            wanted = _reserves(database, jane, 2501, at)
            assert wanted is not None
            assert (wanted.status, wanted.acr, wanted.extra["reasons"]) == (401, "passkey", ["unknown_code_asked"])
        assert _reserves(database, jane, 2501, START + DAY) is None
        with database.reading() as session:
            newest, *_ = decision_log.newest(session, outcome="step_up", limit=5)
        assert (newest.reasons, newest.policy_ids) == (("unknown_code_asked",), ("value_after_unknown_code",))

    def test_a_till_knows_it_of_whoever_she_was_before(self, database: Database, jane: Principal) -> None:
        _asked(database, jane)
        with database.reading() as session:
            at = START + timedelta(seconds=90)
            assert holders.holder(session, jane.id, at).lately == contacts.recent_changes(session, jane.id, at)
            assert holders.holder(session, jane.id, at).lately.unknown_code_s == 90
            assert holders.to_be_careful_with(session, at, 10) == [jane.id]
            assert holders.to_be_careful_with(session, START + DAY, 10) == []

    def test_it_is_counted_audited_shown_to_her_and_forgotten_with_her(self, database: Database, jane: Principal) -> None:
        _asked(database, jane, 3)
        with database.reading() as session:
            kinds = session.scalars(select(AuditRow.kind).where(AuditRow.subject_hash == journal.pseudonym(jane.id))).all()
            assert kinds.count("code.unknown") == 3
            assert export_contacts(session, jane.id)["unknown_codes"] == [{"times": 3, "at": START}]
        with database.transaction() as session:
            assert erase_contacts(session, jane.id) == 1
            assert session.scalars(select(UnknownCodeRow)).all() == []
