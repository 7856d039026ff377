from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.contacts import letters
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.models import LetterRow
from app.security.contacts.ports import Letter, Receipt, Sent
from app.security.contacts.privacy import erase_contacts
from app.security.contacts.settings import ContactSettings
from app.security.contacts.texts import Text
from app.security.contacts.values import ContactKind
from tests.app.security.racing import race

SETTINGS = ContactSettings()  # type: ignore[call-arg]
TO = "jane@example.org"


@pytest.fixture
def letter_id(database: Database) -> str:
    with database.transaction() as session:
        at = database.clock.now()
        return letters.queue(session, "shp_1", ContactKind.EMAIL, TO, "code", Text("Hello", "123456 is it"), at=at, expires_at=at + timedelta(hours=1))


def _row(database: Database) -> LetterRow:
    with database.reading() as session:
        row = session.scalars(select(LetterRow)).one()
        session.expunge(row)
        return row


class TestSendDue:
    def test_sends_once_and_forgets_what_it_said(self, database: Database, letter_id: str) -> None:
        gateway = MemoryContactGateway()
        assert letters.send_due(database, gateway, SETTINGS) == 1
        assert letters.send_due(database, gateway, SETTINGS) == 0
        [arrived] = gateway.letters_to(TO)
        assert (arrived.id, arrived.subject, arrived.text) == (letter_id, "Hello", "123456 is it")
        row = _row(database)
        assert (row.state, row.sealed, row.attempts, row.sent_at) == ("sent", None, 1, database.clock.now())

    def test_no_transaction_is_open_while_it_is_sent(self, database: Database, letter_id: str) -> None:
        """Seen to fail with the send inside the claim's transaction."""

        class Nosy(MemoryContactGateway):
            def send(self, letter: Letter) -> Receipt:
                with database.transaction():  # raises when one is open in this thread
                    return super().send(letter)

        gateway = Nosy()
        letters.send_due(database, gateway, SETTINGS)
        assert len(gateway.letters_to(TO)) == 1

    def test_is_tried_again_with_longer_and_longer_waits_and_then_given_up(self, database: Database, clock: ManualClock, letter_id: str) -> None:
        gateway = MemoryContactGateway()
        gateway.program(*[Sent.RETRY] * 6)
        waits: list[float] = []
        for _ in range(5):
            assert letters.send_due(database, gateway, SETTINGS) == 1
            waits.append((_row(database).due_at - clock.now()).total_seconds())
            assert letters.send_due(database, gateway, SETTINGS) == 0
            clock.advance(waits[-1])
        assert waits == [5, 10, 20, 40, 80]
        letters.send_due(database, gateway, SETTINGS)
        assert (_row(database).state, _row(database).sealed) == ("failed", None)

    def test_refused_is_the_end(self, database: Database, letter_id: str) -> None:
        gateway = MemoryContactGateway()
        gateway.program(Sent.REFUSED)
        letters.send_due(database, gateway, SETTINGS)
        assert _row(database).state == "failed"

    def test_a_sender_that_died_holds_it_up_until_its_lease_ends_and_the_mailbox_shows_one(self, database: Database, clock: ManualClock, letter_id: str) -> None:
        class Dies(MemoryContactGateway):
            def send(self, letter: Letter) -> Receipt:
                super().send(letter)
                raise KeyboardInterrupt

        gateway = Dies()
        with pytest.raises(KeyboardInterrupt):
            letters.send_due(database, gateway, SETTINGS)
        alive = MemoryContactGateway()
        assert letters.send_due(database, alive, SETTINGS) == 0
        clock.advance(SETTINGS.letter_lease_s)
        assert letters.send_due(database, alive, SETTINGS) == 1
        assert [one.id for one in gateway.letters_to(TO) + alive.letters_to(TO)] == [letter_id] * 2

    def test_too_late_is_not_sent(self, database: Database, clock: ManualClock, letter_id: str) -> None:
        clock.advance(3600)
        gateway = MemoryContactGateway()
        letters.send_due(database, gateway, SETTINGS)
        assert gateway.letters_to(TO) == []
        assert (_row(database).state, _row(database).sealed) == ("expired", None)

    def test_a_kind_nobody_carries_is_the_end(self, database: Database, letter_id: str) -> None:
        class Texts(MemoryContactGateway):
            kinds = frozenset({ContactKind.PHONE})

        letters.send_due(database, Texts(), SETTINGS)
        assert _row(database).state == "failed"

    def test_of_four_senders_at_once_one_sends(self, database: Database, letter_id: str) -> None:
        gateway = MemoryContactGateway()
        results = race(4, lambda _: letters.send_due(database, gateway, SETTINGS))
        assert sorted(r for r in results if isinstance(r, int)) == [0, 0, 0, 1]

    def test_whoever_was_erased_gets_none(self, database: Database, letter_id: str) -> None:
        with database.transaction() as session:
            assert erase_contacts(session, "shp_1") == 1
        gateway = MemoryContactGateway()
        assert letters.send_due(database, gateway, SETTINGS) == 0
