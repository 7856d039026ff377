from __future__ import annotations

import pytest
from sqlalchemy import Column, MetaData, String, Table, select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.migrations import metadata
from app.privacy.consents import grant
from app.privacy.models import ErasureRow
from app.privacy.purposes import Purpose
from app.privacy.subjects import (
    DataHolder,
    erase,
    export,
    register_holders,
    registered_holders,
    rows_about,
    tables_with_people,
)
from app.security.shoppers import NewDevice, device_by_token, join


def _grant_all(database: Database, shopper_id: str) -> None:
    with database.transaction() as session:
        for purpose in Purpose:
            grant(session, shopper_id, purpose, source="app", at=database.clock.now())


def _about(database: Database, shopper_id: str) -> dict[str, int]:
    with database.reading() as session:
        return dict(rows_about(session, metadata(), shopper_id))


class TestExport:
    def test_has_every_holder(self, database: Database, jane: NewDevice) -> None:
        _grant_all(database, jane.shopper_id)
        with database.reading() as session:
            held = export(session, jane.shopper_id, at=database.clock.now())
        assert held.shopper_id == jane.shopper_id
        assert list(held.holders) == [h.name for h in registered_holders()]
        assert len(held.holders["privacy.consents"]["records"]) == len(Purpose)
        assert len(held.holders["events"]["events"]) == len(Purpose)
        assert held.holders["security.people"]["devices"][0]["id"] == jane.device_id

    def test_includes_what_was_gathered_before_she_signed_in(self, database: Database, jane: NewDevice, john: NewDevice) -> None:
        _grant_all(database, john.shopper_id)
        with database.transaction() as session:
            join(session, john.device_id, jane.shopper_id)
        with database.reading() as session:
            held = export(session, jane.shopper_id, at=database.clock.now())
        assert held.also_known_as == (john.shopper_id,)
        assert len(held.holders["privacy.consents"][john.shopper_id]["records"]) == len(Purpose)


class TestErase:
    def test_leaves_no_row_anywhere_and_touches_nobody_else(self, database: Database, jane: NewDevice, john: NewDevice) -> None:
        """Seen to fail with the outbox holder left out: four events still named her."""
        for one in (jane, john):
            _grant_all(database, one.shopper_id)
        before = _about(database, john.shopper_id)
        with database.transaction() as session:
            receipt = erase(session, jane.shopper_id, database.clock.now())
        assert receipt.erased == {"events": len(Purpose), "privacy.consents": 2 * len(Purpose) + 1, "security.passkeys": 0, "security.contacts": 0, "security.devices": 0, "security.people": 2}
        assert _about(database, jane.shopper_id) == {}
        assert _about(database, john.shopper_id) == before
        with database.reading() as session:
            assert device_by_token(session, jane.token) is None
            for table in metadata().sorted_tables:
                for row in session.execute(select(table)):
                    assert jane.shopper_id not in str(row), table.name

    def test_again_returns_the_first_receipt(self, database: Database, jane: NewDevice) -> None:
        with database.transaction() as session:
            first = erase(session, jane.shopper_id, database.clock.now())
        with database.transaction() as session:
            second = erase(session, jane.shopper_id, database.clock.now())
        assert (second.id, second.erased, second.already, first.already) == (first.id, first.erased, True, False)
        with database.reading() as session:
            assert session.scalars(select(ErasureRow.id)).all() == [first.id]

    def test_reaches_the_shopper_she_was_before(self, database: Database, jane: NewDevice, john: NewDevice) -> None:
        _grant_all(database, john.shopper_id)
        with database.transaction() as session:
            join(session, john.device_id, jane.shopper_id)
        with database.transaction() as session:
            erase(session, jane.shopper_id, database.clock.now())
        assert _about(database, john.shopper_id) == {}
        assert _about(database, jane.shopper_id) == {}

    def test_a_holder_that_fails_leaves_everything(self, database: Database, jane: NewDevice) -> None:
        def broken(session: Session, shopper_id: str) -> int:
            raise RuntimeError("disk full")

        _grant_all(database, jane.shopper_id)
        before = _about(database, jane.shopper_id)
        register_holders(DataHolder("zz", (), lambda s, i: {}, broken))
        with pytest.raises(RuntimeError, match="disk full"), database.transaction() as session:
            erase(session, jane.shopper_id, database.clock.now())
        assert _about(database, jane.shopper_id) == before

    def test_says_what_is_kept_and_why(self, database: Database, jane: NewDevice) -> None:
        register_holders(DataHolder("orders", ("storefront_order",), lambda s, i: {}, lambda s, i: 0, books={"storefront_order": "tax law"}))
        with database.transaction() as session:
            assert erase(session, jane.shopper_id, database.clock.now()).kept == {"storefront_order": "tax law"}


class TestRegisterHolders:
    def test_books_must_be_among_its_tables(self) -> None:
        with pytest.raises(ValueError, match="not among its tables"):
            register_holders(DataHolder("x", ("a",), lambda s, i: {}, lambda s, i: 0, books={"b": "why"}))

    def test_the_same_name_replaces(self) -> None:
        count = len(registered_holders())
        register_holders(*registered_holders())
        assert len(registered_holders()) == count


class TestTablesWithPeople:
    def test_finds_columns_by_name_and_by_mark(self) -> None:
        tables = MetaData()
        Table("a", tables, Column("id", String), Column("shopper_id", String))
        Table("b", tables, Column("id", String, info={"person": True}))
        Table("c", tables, Column("from_shopper_id", String), Column("to_shopper_id", String))
        Table("d", tables, Column("shopper", String))
        assert tables_with_people(tables) == {"a": ("shopper_id",), "b": ("id",), "c": ("from_shopper_id", "to_shopper_id")}

    def test_every_table_of_the_cellar_is_held_and_has_a_rule(self) -> None:
        from app.privacy.retention import registered_rules

        held = {t for h in registered_holders() for t in h.tables}
        ruled = {r.table for r in registered_rules()}
        mine = {t for t in tables_with_people(metadata()) if t.startswith(("security_", "privacy_", "kernel_"))}
        assert mine == {"security_shopper", "security_person", "security_device", "security_session", "security_login_link", "security_join", "security_passkey", "security_policy_decision", "security_letter", "security_contact_code", "security_contact", "security_contact_change", "security_familiar_word", "security_unknown_code", "privacy_consent", "privacy_consent_state", "privacy_standing", "privacy_permission"}
        assert mine <= held
        assert mine <= ruled


