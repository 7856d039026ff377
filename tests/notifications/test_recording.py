"""What a provider's answer does to the address it was asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.privacy.purposes import Purpose
from app.security.contacts import facade as contacts
from app.security.contacts import repository
from app.security.contacts.facade import ContactKind
from notifications.addresses import why_none
from notifications.claims import Claimed
from notifications.contracts import ChannelKind
from notifications.models import Delivery
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.recording import record
from tests.notifications.conftest import Room
from tests.notifications.wires import request_to

JANE, NEW = "jane@example.org", "new@example.org"
NOBODY = PushReceipt(Outcome.DEAD, reason=Reason.ADDRESS_REFUSED)


class Mailed:
    """An offer on its way to her mailbox."""

    def __init__(self, room: Room) -> None:
        self.room, self.shopper_id = room, room.phone().shopper_id
        self.message_id = room.issue(self.shopper_id)
        self.show(JANE)
        with room.database.transaction() as session:
            row = update(Delivery).where(Delivery.message_id == self.message_id, Delivery.channel == "fcm")
            session.execute(row.values(channel="email", device_id="", push_token_id=None, state="claimed", claim="clm_1", attempts=1))
            d = session.scalars(select(Delivery).where(Delivery.message_id == self.message_id, Delivery.channel == "email")).one()
            self.claimed = Claimed(d.id, ChannelKind.EMAIL, "clm_1", 1, None, self.shopper_id, None, None, d.expires_at, request_to(JANE, kind=ContactKind.EMAIL), Purpose.MARKETING_EMAIL)

    def show(self, address: str) -> None:
        with self.room.database.transaction() as session:
            repository.put(session, self.shopper_id, ContactKind.EMAIL, address, self.room.database.clock.now())

    def answered(self, receipt: PushReceipt) -> tuple[str, list[str], str | None]:
        """(state, reasons, her address) afterwards."""
        with self.room.database.transaction() as session:
            record(session, self.claimed, receipt, channel="email", rules=self.room.settings.retries(), at=self.room.database.clock.now())
        with self.room.database.reading() as session:
            d = session.scalars(select(Delivery).where(Delivery.id == self.claimed.delivery_id)).one()
            return d.state, d.reasons, contacts.contact_of(session, self.shopper_id, ContactKind.EMAIL)


@pytest.fixture
def mailed(room: Room) -> Mailed:
    return Mailed(room)


class TestAMailboxThatIsNobodys:
    def test_is_forgotten_and_she_can_be_told(self, mailed: Mailed) -> None:
        """Planted bug: an address lost only by a report that comes back."""
        assert mailed.answered(NOBODY) == ("failed", ["address_refused"], None)
        with mailed.room.database.reading() as session:
            assert why_none(session, mailed.shopper_id, ChannelKind.EMAIL) == "contact_lost"

    def test_what_she_has_shown_meanwhile_stays(self, mailed: Mailed) -> None:
        """Planted bug: whatever is her address now is taken for the one that was written to."""
        mailed.show(NEW)
        assert mailed.answered(NOBODY) == ("failed", ["address_refused"], NEW)

    def test_so_does_one_that_was_refused(self, mailed: Mailed) -> None:
        assert mailed.answered(PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED)) == ("failed", ["address_refused"], JANE)
