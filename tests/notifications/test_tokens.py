"""Push addresses: one per device, one device each, sealed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.errors import Invalid
from notifications import facade, tokens
from notifications.models import PushToken
from tests.notifications.conftest import Room


def rows(room: Room) -> list[PushToken]:
    with room.database.reading() as session:
        found = list(session.scalars(select(PushToken).order_by(PushToken.device_id)))
        session.expunge_all()
    return found


class TestRegister:
    def test_sealed_at_rest(self, room: Room) -> None:
        """Planted bug: storing the address itself."""
        jane = room.phone()
        (row,) = rows(room)
        assert jane.address is not None
        assert jane.address.encode() not in row.sealed
        assert jane.address not in row.token_hash + row.id
        with room.database.reading() as session:
            found = tokens.address(session, row.id)
        assert found is not None
        assert (found.value, found.kind) == (jane.address, "token")
        assert jane.address not in repr(found)

    def test_a_new_token_replaces_the_old(self, room: Room) -> None:
        jane = room.phone()
        with room.database.transaction() as session:
            facade.register_push_token(session, jane.device_id, jane.shopper_id, "a-newer-address", "fid")
        (row,) = rows(room)
        assert row.kind == "fid"

    def test_again_is_the_same_row(self, room: Room) -> None:
        jane = room.phone()
        before = rows(room)[0].id
        with room.database.transaction() as session:
            assert facade.register_push_token(session, jane.device_id, jane.shopper_id, str(jane.address)) == before
        assert [r.id for r in rows(room)] == [before]

    def test_a_token_moves_with_the_phone(self, room: Room) -> None:
        jane, joe = room.phone(), room.phone(push=False)
        with room.database.transaction() as session:
            facade.register_push_token(session, joe.device_id, joe.shopper_id, str(jane.address))
        assert [r.device_id for r in rows(room)] == [joe.device_id]

    @pytest.mark.parametrize("token", ["short", "x" * 4097, "with space in", "ünïcode-token", "line\nbreak-token", ""])
    def test_what_is_no_token(self, room: Room, token: str) -> None:
        jane = room.phone(push=False)
        with pytest.raises(Invalid, match="token"), room.database.transaction() as session:
            facade.register_push_token(session, jane.device_id, jane.shopper_id, token)
        assert rows(room) == []

    def test_what_is_no_zone(self, room: Room) -> None:
        jane = room.phone(push=False)
        with pytest.raises(Invalid, match="timezone"), room.database.transaction() as session:
            facade.register_push_token(
                session, jane.device_id, jane.shopper_id, "a-good-address", timezone="../etc/passwd"
            )


class TestForgetDevice:
    def test_once(self, room: Room) -> None:
        jane = room.phone()
        with room.database.transaction() as session:
            assert facade.forget_push_token(session, jane.device_id) is True
            assert facade.forget_push_token(session, jane.device_id) is False
