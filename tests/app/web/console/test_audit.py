"""The audit page: for operators, filtered, and it says when somebody has been at the log."""

from __future__ import annotations

import re

from sqlalchemy import update

from app.security.audit import journal
from app.security.audit.models import AuditRow
from app.security.principals import Role
from tests.app.web.conftest import Town


def _entries(text: str) -> list[str]:
    return re.findall(r'data-entry="([0-9]+)"', text)


class TestAudit:
    def test_lists_and_filters(self, town: Town) -> None:
        jane, olga = town.browser(Role.SHOPPER), town.browser(Role.OPERATOR)
        with town.house.database.transaction() as session:
            journal.note(session, "link.made", by="cli:olga", at=town.clock.now(), detail={"roles": ["clerk"]})
            journal.note(session, "device.frozen", by="cli:otto", about=jane.id, at=town.clock.now())
        page = olga.get("/console/audit")
        assert page.status_code == 200
        assert "The chain verifies" in page.text
        assert "cli:olga" in page.text
        assert len(_entries(olga.get("/console/audit?kind=device&actor=cli:otto").text)) == 1
        assert len(_entries(olga.get(f"/console/audit?shopper={jane.id}").text)) == 1
        assert jane.id not in olga.get("/console/audit").text
        assert _entries(olga.get("/console/audit?kind=dev").text) == []

    def test_says_when_an_entry_was_changed(self, town: Town) -> None:
        olga = town.browser(Role.OPERATOR)
        with town.house.database.transaction() as session:
            journal.note(session, "link.made", by="cli:olga", at=town.clock.now())
            session.flush()
        with town.house.database.reading() as session:
            seq, actor = journal.entries(session, limit=1)[0].seq, "cli:olga"
        try:
            with town.house.database.transaction() as session:
                session.execute(update(AuditRow).where(AuditRow.seq == seq).values(actor="cli:nobody"))
            assert f"Entry {seq} was changed after it was written." in olga.get("/console/audit").text
        finally:
            with town.house.database.transaction() as session:
                session.execute(update(AuditRow).where(AuditRow.seq == seq).values(actor=actor))

    def test_only_operators_are_shown_the_way(self, town: Town) -> None:
        assert 'href="/console/audit"' in town.browser(Role.OPERATOR).get("/console").text
        marketer = town.browser(Role.MARKETER)
        assert 'href="/console/audit"' not in marketer.get("/console").text
        assert marketer.get("/console/audit").status_code == 403
