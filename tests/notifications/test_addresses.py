"""Where a delivery goes is looked up when it is sent."""

from __future__ import annotations

from app.security.contacts import repository
from app.security.contacts.facade import ContactKind
from notifications.addresses import Address, address_of, contact_for
from notifications.contracts import ChannelKind
from notifications.models import Delivery
from notifications.ports import TokenKind
from tests.notifications.conftest import Room


def _delivery(shopper_id: str, channel: str, device_id: str = "", token_id: str | None = None) -> Delivery:
    return Delivery(shopper_id=shopper_id, channel=channel, device_id=device_id, push_token_id=token_id)


class TestContactFor:
    def test_the_verified_contact_and_none_before_there_is_one(self, room: Room) -> None:
        phone = room.phone()
        with room.database.transaction() as session:
            assert contact_for(session, phone.shopper_id, ChannelKind.EMAIL) is None
            at = room.database.clock.now()
            repository.put(session, phone.shopper_id, ContactKind.EMAIL, "jane@example.org", at)
            repository.put(session, phone.shopper_id, ContactKind.PHONE, "+358401234567", at)
            found = {c.value: contact_for(session, phone.shopper_id, c) for c in ChannelKind}
        number = Address(ContactKind.PHONE, "+358401234567")
        assert found == {
            "inbox": None, "fcm": None, "web_push": None, "email": Address(ContactKind.EMAIL, "jane@example.org"), "sms": number, "whatsapp": number,
        }  # fmt: skip
        assert "jane" not in repr(found)


class TestAddressOf:
    def test_a_phone_by_its_token_and_nobody_elses(self, room: Room) -> None:
        hers, others = room.phone(), room.phone()
        with room.database.transaction() as session:
            from notifications import repository as rows

            [token] = rows.tokens_on(session, [hers.device_id])
            assert address_of(session, _delivery(hers.shopper_id, "fcm", hers.device_id, token.id)) == Address(
                TokenKind.TOKEN, hers.address or "", token.id
            )
            assert address_of(session, _delivery(others.shopper_id, "fcm", hers.device_id, token.id)) is None
            assert address_of(session, _delivery(hers.shopper_id, "fcm", hers.device_id)) is None

    def test_a_contact_taken_away_meanwhile_is_not_written_to(self, room: Room) -> None:
        phone = room.phone()
        with room.database.transaction() as session:
            repository.put(session, phone.shopper_id, ContactKind.EMAIL, "jane@example.org", room.database.clock.now())
            mail = _delivery(phone.shopper_id, "email")
            assert address_of(session, mail) is not None
            repository.drop(session, phone.shopper_id, ContactKind.EMAIL)
            assert address_of(session, mail) is None
