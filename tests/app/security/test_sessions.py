from __future__ import annotations

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.credentials import Shown, resolve
from app.security.links import staff
from app.security.principals import Role
from app.security.sessions import NewSession, end_session, open_session, revoke_device, revoke_person, revoke_shopper
from app.security.shoppers import register_device


def _live(database: Database, token: str) -> bool:
    with database.reading() as session:
        return resolve(session, Shown(bearer=token), at=database.clock.now()) is not None


def _shopper(database: Database) -> tuple[str, str, str, NewSession]:
    with database.transaction() as session:
        at = database.clock.now()
        made = register_device(session, "Browser", "web", at)
        opened = open_session(session, Role.SHOPPER, at=at, ttl_s=60, shopper_id=made.shopper_id, device_id=made.device_id)
    return made.shopper_id, made.device_id, made.token, opened


def _clerk(database: Database) -> tuple[str, NewSession]:
    with database.transaction() as session:
        at = database.clock.now()
        person_id = staff(session, Role.CLERK, "Kim", at=at)
        return person_id, open_session(session, Role.CLERK, at=at, ttl_s=60, person_id=person_id)


class TestOpenSession:
    def test_lives_until_the_instant_it_expires(self, database: Database, clock: ManualClock) -> None:
        _, _, _, opened = _shopper(database)
        clock.advance(59.999)
        assert _live(database, opened.token)
        clock.advance(0.001)
        assert not _live(database, opened.token)

    @pytest.mark.parametrize(("role", "facts"), [(Role.SHOPPER, {}), (Role.SHOPPER, {"person_id": "per_1"}), (Role.CLERK, {"shopper_id": "shp_1"}), (Role.CLERK, {})])
    def test_refuses_a_session_of_nobody_or_of_the_wrong_kind(self, database: Database, role: Role, facts: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="names a shopper"), database.transaction() as session:
            open_session(session, role, at=database.clock.now(), ttl_s=60, **facts)  # type: ignore[arg-type]


class TestEnding:
    def test_end_session_is_effective_at_once_and_once(self, database: Database) -> None:
        _, _, _, opened = _shopper(database)
        with database.transaction() as session:
            assert end_session(session, opened.id, at=database.clock.now())
        assert not _live(database, opened.token)
        with database.transaction() as session:
            assert not end_session(session, opened.id, at=database.clock.now())

    def test_revoke_device_ends_its_sessions(self, database: Database) -> None:
        _, device_id, token, opened = _shopper(database)
        with database.transaction() as session:
            assert revoke_device(session, device_id, at=database.clock.now())
        assert not _live(database, opened.token)
        assert not _live(database, token)

    def test_revoke_shopper_ends_hers_alone(self, database: Database) -> None:
        shopper_id, _, token, opened = _shopper(database)
        _, _, other_token, other = _shopper(database)
        with database.transaction() as session:
            revoke_shopper(session, shopper_id, at=database.clock.now())
        assert [_live(database, t) for t in (token, opened.token, other_token, other.token)] == [False, False, True, True]

    def test_revoke_person_ends_a_clerks_sessions(self, database: Database) -> None:
        person_id, opened = _clerk(database)
        assert _live(database, opened.token)
        with database.transaction() as session:
            revoke_person(session, person_id, at=database.clock.now())
        assert not _live(database, opened.token)
