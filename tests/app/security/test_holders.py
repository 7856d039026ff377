"""One look says of a holder what three say apart, for whoever she was and has become."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.security import people
from app.security.contacts.contracts import RecentChanges
from app.security.contacts.facade import recent_changes
from app.security.contacts.models import ContactChangeRow
from app.security.devices import freezing
from app.security.holders import Holder, holder
from tests.conftest import START

NOTHING = RecentChanges(None, None)
AT = START + timedelta(hours=1)


@pytest.fixture
def phone(database: Database) -> people.NewDevice:
    with database.transaction() as session:
        return people.register_device(session, "Phone", "ios", START)


@pytest.fixture
def owner(database: Database, phone: people.NewDevice) -> str:
    """Whom the phone's shopper has become."""
    with database.transaction() as session:
        found = people.register_device(session, "Laptop", "web", START).shopper_id
        people.join(session, phone.device_id, found)
    return found


def _look(database: Database, shopper_id: str) -> Holder:
    """Also as each of its parts says it."""
    with database.transaction() as session:
        found = holder(session, shopper_id, AT)
        assert found == holder(session, shopper_id, AT, locked=True)
        assert found.id == people.known_as(session, [shopper_id])[shopper_id]
        assert found.frozen == freezing.frozen(session, shopper_id)
        assert found.lately == recent_changes(session, found.id, AT)
    return found


def _changed(database: Database, shopper_id: str, ago_s: int, change: str, *, cooling: bool) -> None:
    with database.transaction() as session:
        row = {"shopper_id": shopper_id, "kind": "email", "change": change, "cooling": cooling}
        session.add(ContactChangeRow(id=new_id("cch"), at=AT - timedelta(seconds=ago_s), **row))


class TestHolder:
    def test_is_herself_with_nothing_known(self, database: Database, phone: people.NewDevice) -> None:
        for shopper_id in (phone.shopper_id, "shp_nobody"):
            assert _look(database, shopper_id) == Holder(shopper_id, False, NOTHING)

    def test_is_whom_she_has_become(self, database: Database, phone: people.NewDevice, owner: str) -> None:
        assert _look(database, phone.shopper_id) == Holder(owner, False, NOTHING)
        assert _look(database, owner) == Holder(owner, False, NOTHING)

    def test_is_frozen_under_either_name(self, database: Database, phone: people.NewDevice, owner: str) -> None:
        """Planted bug: only the row of the id that was asked was looked at, and what she was given before she signed in stayed good."""
        with database.transaction() as session:
            freezing.freeze_shopper(session, owner, "session_ended", told_at=START)
        assert _look(database, phone.shopper_id).frozen
        with database.transaction() as session:
            freezing.proved_again(session, owner, at=AT)
            freezing.freeze_shopper(session, phone.shopper_id, "session_ended", told_at=START)
        assert _look(database, phone.shopper_id).frozen
        assert not _look(database, owner).frozen

    def test_contacts_are_those_of_whom_she_has_become(self, database: Database, phone: people.NewDevice, owner: str) -> None:
        """Planted bugs: what is still to come counted, and a contact that was taken away counted as a first one."""
        _changed(database, phone.shopper_id, 10, "changed", cooling=True)
        for ago_s, change, cooling in ((900, "added", False), (500, "lost", False), (300, "changed", True), (200, "added", True), (-5, "changed", True)):
            _changed(database, owner, ago_s, change, cooling=cooling)
        assert _look(database, phone.shopper_id) == Holder(owner, False, RecentChanges(200, 900))
