from __future__ import annotations

from sqlalchemy import func, select

from app.kernel.db import Database
from app.security.contacts.privacy import MODELS, erase_contacts, export_contacts
from app.security.contacts.values import ContactKind

from .conftest import Person


class TestExportAndErase:
    def test_everything_in_plain_words_but_no_digits_and_then_nothing(self, jane: Person, database: Database) -> None:
        jane.has("jane@example.org")
        jane.has("jane@new.example")
        jane.ask("+358401234567", ContactKind.PHONE)
        digits = jane.code("+358401234567")
        with database.reading() as session:
            held = export_contacts(session, jane.id)
        assert [c["value"] for c in held["contacts"]] == ["jane@new.example"]
        assert [(c["change"], c["before"]) for c in held["changes"]] == [("added", None), ("changed", "jane@example.org")]
        assert [c["value"] for c in held["codes"]] == ["jane@new.example", "+358401234567"]
        assert [one["about"] for one in held["letters"]] == ["code", "code", "changed", "code"]
        assert digits not in str(held)
        with database.transaction() as session:
            assert erase_contacts(session, jane.id) == 9
            assert erase_contacts(session, jane.id) == 0
            assert [session.scalar(select(func.count()).select_from(m)) for m in MODELS] == [0] * len(MODELS)
