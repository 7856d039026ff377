from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.db import Database
from app.security import people
from app.security.devices import freezing, keeping
from app.security.devices.standing import Level
from tests.conftest import START

LATER = START + timedelta(seconds=1)


@pytest.fixture
def phone(database: Database) -> people.NewDevice:
    with database.transaction() as session:
        return people.register_device(session, "Phone", "ios", START)


def _frozen(database: Database, shopper_id: str) -> bool:
    with database.reading() as session:
        return freezing.frozen(session, shopper_id)


class TestFreezeAndThaw:
    def test_a_device_takes_its_shopper_along_and_gives_her_back(self, database: Database, phone: people.NewDevice) -> None:
        with database.transaction() as session:
            assert freezing.freeze_device(session, phone.device_id, "not_compliant", told_at=START)
            assert keeping.standing(session, phone.device_id, START, fresh_s=3600).reasons == ("device_not_compliant",)
        assert _frozen(database, phone.shopper_id)
        with database.transaction() as session:
            assert freezing.thaw_device(session, phone.device_id, told_at=LATER)
            assert keeping.standing(session, phone.device_id, LATER, fresh_s=3600).level is Level.UNKNOWN
        assert not _frozen(database, phone.shopper_id)

    def test_what_was_told_earlier_does_not_undo_what_was_told_later(self, database: Database, phone: people.NewDevice) -> None:
        with database.transaction() as session:
            freezing.freeze_device(session, phone.device_id, "not_compliant", told_at=LATER)
            assert not freezing.thaw_device(session, phone.device_id, told_at=START)
        assert _frozen(database, phone.shopper_id)

    def test_the_other_phone_keeps_her_frozen(self, database: Database, phone: people.NewDevice) -> None:
        with database.transaction() as session:
            other = people.register_device(session, "Tablet", "ios", START, shopper_id=phone.shopper_id)
            for device_id in (phone.device_id, other.device_id):
                freezing.freeze_device(session, device_id, "not_compliant", told_at=START)
            freezing.thaw_device(session, phone.device_id, told_at=LATER)
        assert _frozen(database, phone.shopper_id)
        with database.transaction() as session:
            freezing.thaw_device(session, other.device_id, told_at=LATER)
        assert not _frozen(database, phone.shopper_id)

    def test_proving_that_it_is_she_clears_what_was_hers_and_not_what_is_wrong_with_a_phone(self, database: Database, phone: people.NewDevice) -> None:
        with database.transaction() as session:
            freezing.freeze_shopper(session, phone.shopper_id, "session_ended", told_at=START)
            assert freezing.proved_again(session, phone.shopper_id, at=LATER)
            assert not freezing.frozen(session, phone.shopper_id)
            freezing.freeze_device(session, phone.device_id, "not_compliant", told_at=START)
            assert not freezing.proved_again(session, phone.shopper_id, at=LATER)
            freezing.freeze_shopper(session, phone.shopper_id, "session_ended", told_at=START)
            assert freezing.proved_again(session, phone.shopper_id, at=LATER)
        assert _frozen(database, phone.shopper_id)

    def test_counts_for_what_was_given_to_her_before_she_signed_in(self, database: Database, phone: people.NewDevice) -> None:
        with database.transaction() as session:
            owner = people.register_device(session, "Laptop", "web", START)
            people.join(session, phone.device_id, owner.shopper_id)
            freezing.freeze_shopper(session, owner.shopper_id, "session_ended", told_at=START)
        assert _frozen(database, phone.shopper_id)
        assert not _frozen(database, "shp_nobody")
