from __future__ import annotations

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security import people, stepup
from app.security.errors import StepUpNeeded
from app.security.levels import Proven
from app.security.policies.contracts import Acr
from app.security.principals import Principal, Role
from tests.conftest import START


@pytest.fixture
def caller(database: Database) -> Principal:
    with database.transaction() as session:
        made = people.register_device(session, "Phone", "ios", START)
        opened = people.open_session(session, Role.SHOPPER, at=START, ttl_s=3600, shopper_id=made.shopper_id, device_id=made.device_id)
    return Principal(Role.SHOPPER, made.shopper_id, made.device_id, session_id=opened.id, via="cookie")


def _holds(database: Database, principal: Principal, acr: Acr, max_age_s: int | None = None) -> bool:
    with database.reading() as session:
        return stepup.satisfied(session, principal, acr, max_age_s, database.clock.now())


class TestSatisfied:
    def test_what_is_proved_in_a_session_counts_there_and_not_with_the_device_token(self, database: Database, caller: Principal) -> None:
        token = Principal(Role.SHOPPER, caller.id, caller.device_id, via="device")
        with database.transaction() as session:
            assert stepup.note(session, caller, Acr.PASSKEY, START)
        assert _holds(database, caller, Acr.PASSKEY)
        assert not _holds(database, token, Acr.PASSKEY)
        with database.transaction() as session:
            assert stepup.note(session, token, Acr.PASSWORD, START)
        assert _holds(database, token, Acr.PASSWORD)
        assert not _holds(database, token, Acr.PASSKEY)

    def test_grows_old(self, database: Database, caller: Principal, clock: ManualClock) -> None:
        with database.transaction() as session:
            stepup.note(session, caller, Acr.PASSKEY, START)
        clock.advance(300)
        assert _holds(database, caller, Acr.PASSKEY, 300)
        clock.advance(1)
        assert not _holds(database, caller, Acr.PASSKEY, 300)
        assert _holds(database, caller, Acr.LINK)

    def test_a_tracking_key_and_an_api_key_prove_nothing(self, database: Database, caller: Principal) -> None:
        with database.transaction() as session:
            stepup.note(session, Principal(Role.SHOPPER, caller.id, caller.device_id, via="device"), Acr.PASSKEY, START)
        assert not _holds(database, Principal(Role.SHOPPER, caller.id, caller.device_id, via="tracking_key"), Acr.LINK)
        assert not _holds(database, Principal(Role.SERVER, "key_1", via="api_key"), Acr.LINK)


class TestRequire:
    def test_asks_in_the_words_of_rfc_9470(self, database: Database, caller: Principal) -> None:
        with database.reading() as session, pytest.raises(StepUpNeeded) as asked:
            stepup.require(session, caller, Acr.PASSKEY, 300, START)
        assert asked.value.status == 401
        assert asked.value.code == "insufficient_user_authentication"
        assert asked.value.extra == {"acr_values": "passkey", "max_age": 300}
        assert asked.value.headers["WWW-Authenticate"] == (
            'Bearer error="insufficient_user_authentication", error_description="Confirm that it is you, then do it again.", '
            'acr_values="passkey", max_age="300"'
        )


class TestForget:
    def test_takes_the_proofs_of_a_device_and_its_sessions_and_of_nobody_else(self, database: Database, caller: Principal) -> None:
        with database.transaction() as session:
            other = people.register_device(session, "Tablet", "ios", START, shopper_id=caller.id)
            beside = Principal(Role.SHOPPER, caller.id, other.device_id, via="device")
            for one in (caller, beside):
                stepup.note(session, one, Acr.PASSKEY, START)
            stepup.forget(session, device_id=caller.device_id)
            assert stepup.proven(session, caller) == Proven(START)
            assert stepup.proven(session, beside).passkey_at == START
            stepup.forget(session, shopper_id=caller.id)
            assert stepup.proven(session, beside) == Proven(START)
