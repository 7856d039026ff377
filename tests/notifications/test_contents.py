from __future__ import annotations

import pytest

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.security.sealing import CannotOpen
from app.security.vault import Destroyed, owner_of, vault
from notifications.contents import Content, content_of, contents_of, sealed
from notifications.models import Message

HELLO = Content("Hei Jane", "−20 % for you", "/w/1")


def _message(message_id: str, shopper_id: str) -> Message:
    return Message(id=message_id, shopper_id=shopper_id, sealed=sealed(shopper_id, message_id, HELLO))


class TestSealed:
    def test_opens_again_and_holds_no_word(self, database: Database) -> None:
        row = _message("msg_1", "shp_1")
        assert content_of(row) == HELLO
        assert not any(word.encode() in row.sealed for word in ("Jane", "20", "/w/1"))

    def test_belongs_to_its_message_alone(self, database: Database) -> None:
        moved = Message(id="msg_2", shopper_id="shp_1", sealed=_message("msg_1", "shp_1").sealed)
        with pytest.raises(CannotOpen):
            content_of(moved)


class TestContentsOf:
    def test_leaves_out_who_was_erased(self, database: Database) -> None:
        erased = new_id("shp")  # of this test alone: the key store of the tests is one
        rows = [_message("msg_1", "shp_1"), _message("msg_2", erased), Message(id="msg_3", shopper_id=erased, sealed=b"")]
        vault().destroy([owner_of(erased)])
        assert contents_of(rows) == {"msg_1": HELLO}
        with pytest.raises(Destroyed):
            content_of(rows[1])
