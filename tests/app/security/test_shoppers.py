from __future__ import annotations

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.accounts import claim_account
from app.security.models import DeviceRow
from app.security.principals import Principal, Role
from app.security.sessions import revoke_device
from app.security.shoppers import (
    NAME_SEALED_AS,
    NewDevice,
    device,
    device_by_credentials,
    device_by_token,
    device_by_tracking_key,
    devices_of,
    ids_and_owner,
    join,
    known_as,
    register_device,
    same_person,
    seen,
    shopper_exists,
)
from app.security.vault import open_for


def _register(database: Database, shopper_id: str | None = None) -> NewDevice:
    with database.transaction() as session:
        return register_device(session, "Phone", "ios", database.clock.now(), shopper_id=shopper_id)


class TestRegisterDevice:
    def test_makes_an_anonymous_shopper_and_keeps_only_hashes(self, database: Database) -> None:
        made = _register(database)
        with database.reading() as session:
            row = session.scalars(select(DeviceRow)).one()
            assert shopper_exists(session, made.shopper_id)
            assert (row.id, row.shopper_id, open_for(NAME_SEALED_AS, row.name_sealed or b"", row.id.encode()), row.platform, row.created_at) == (made.device_id, made.shopper_id, b"Phone", "ios", database.clock.now())
            stored = {str(getattr(row, c.name)) for c in DeviceRow.__table__.columns}
        assert not stored & {made.token, made.tracking_key}

    def test_a_second_device_of_a_known_shopper(self, database: Database) -> None:
        jane = _register(database)
        tablet = _register(database, jane.shopper_id)
        with database.reading() as session:
            assert [d.device_id for d in devices_of(session, jane.shopper_id)] == [jane.device_id, tablet.device_id]


class TestFinding:
    def test_each_secret_opens_its_own_door_only(self, database: Database) -> None:
        jane, other = _register(database), _register(database)
        with database.reading() as session:
            for found in (
                device_by_token(session, jane.token),
                device_by_tracking_key(session, jane.tracking_key),
                device_by_credentials(session, jane.device_id, jane.tracking_key),
                device_by_credentials(session, jane.device_id, jane.token),
                device(session, jane.device_id),
            ):
                assert found is not None
                assert (found.device_id, found.shopper_id) == (jane.device_id, jane.shopper_id)
            assert device_by_token(session, jane.tracking_key) is None
            assert device_by_tracking_key(session, jane.token) is None
            assert device_by_credentials(session, other.device_id, jane.tracking_key) is None
            assert device_by_credentials(session, jane.device_id, "") is None
            assert device_by_credentials(session, "\x00", jane.token) is None
            assert device_by_tracking_key(session, jane.device_id) is None

    def test_a_revoked_device_is_unknown(self, database: Database) -> None:
        jane = _register(database)
        with database.transaction() as session:
            assert revoke_device(session, jane.device_id, at=database.clock.now())
        with database.reading() as session:
            assert device_by_token(session, jane.token) is None
            assert device_by_tracking_key(session, jane.tracking_key) is None
            assert device(session, jane.device_id) is None
            assert devices_of(session, jane.shopper_id) == []


class TestSeen:
    def test_is_written_at_most_every_six_hours(self, database: Database, clock: ManualClock) -> None:
        jane = _register(database)
        for advance_s, written in ((6 * 3600 - 1, False), (1, True), (0, False)):
            clock.advance(advance_s)
            with database.transaction() as session:
                assert seen(session, jane.device_id, at=clock.now()) is written


class TestJoin:
    def test_the_left_shopper_is_remembered_as_the_same_person(self, database: Database) -> None:
        account, phone = _register(database), _register(database)
        with database.transaction() as session:
            join(session, phone.device_id, account.shopper_id)
        with database.reading() as session:
            assert same_person(session, account.shopper_id) == (account.shopper_id, phone.shopper_id)
            assert known_as(session, [phone.shopper_id, "shp_x"]) == {phone.shopper_id: account.shopper_id, "shp_x": "shp_x"}
            assert same_person(session, phone.shopper_id) == (phone.shopper_id,)
            assert ids_and_owner(session, account.shopper_id) == ((account.shopper_id, phone.shopper_id), account.shopper_id)
            assert ids_and_owner(session, phone.shopper_id) == ((phone.shopper_id,), account.shopper_id)
            assert ids_and_owner(session, "shp_x") == (("shp_x",), "shp_x")
            found = device_by_token(session, phone.token)
            assert found is not None
            assert found.shopper_id == account.shopper_id

    def test_chains_are_flattened(self, database: Database) -> None:
        """Seen to fail without moving those who had joined before: the first shopper's data would have been out of reach."""
        first, second, third = _register(database), _register(database), _register(database)
        for device_id, into in ((first.device_id, second), (first.device_id, third), (second.device_id, third)):
            with database.transaction() as session:
                join(session, device_id, into.shopper_id)
        with database.reading() as session:
            assert same_person(session, third.shopper_id) == (third.shopper_id, first.shopper_id, second.shopper_id)

    def test_a_shopper_with_another_device_stays_herself(self, database: Database) -> None:
        account, phone = _register(database), _register(database)
        _register(database, phone.shopper_id)
        with database.transaction() as session:
            join(session, phone.device_id, account.shopper_id)
        with database.reading() as session:
            assert same_person(session, account.shopper_id) == (account.shopper_id,)

    def test_on_a_shared_phone_the_next_to_sign_in_gets_nothing_of_the_first(self, database: Database) -> None:
        """Seen to fail without asking for an account: Bob could export what was Alice's."""
        alice, bob = _register(database), _register(database)
        with database.transaction() as session:
            claim_account(session, Principal(Role.SHOPPER, alice.shopper_id), "alice@example.org", "hash", at=database.clock.now())
            join(session, alice.device_id, bob.shopper_id)
        with database.reading() as session:
            assert same_person(session, bob.shopper_id) == (bob.shopper_id,)
            assert known_as(session, [alice.shopper_id]) == {alice.shopper_id: alice.shopper_id}

    def test_joining_oneself_changes_nothing(self, database: Database) -> None:
        jane = _register(database)
        with database.transaction() as session:
            join(session, jane.device_id, jane.shopper_id)
        with database.reading() as session:
            assert same_person(session, jane.shopper_id) == (jane.shopper_id,)
