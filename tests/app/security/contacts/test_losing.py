"""An address that nobody has is forgotten, she is told, and nothing stands in her way to show one again."""

from __future__ import annotations

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.audit import journal
from app.security.contacts import facade
from app.security.contacts.adapters.memory_gateway import MemoryContactGateway
from app.security.contacts.contracts import CameBackView
from app.security.contacts.ports import Sent
from app.security.contacts.values import ContactKind

from .conftest import Person

MINE, OTHER, NUMBER = "jane@example.org", "typo@exmaple.org", "+358401234567"


def _came_back(jane: Person) -> list[tuple[str, bool]]:
    with jane.database.reading() as session:
        return [(found.shown, found.was_hers) for found in facade.came_back(session, jane.id)]


def _pending(jane: Person) -> list[str]:
    with jane.database.reading() as session:
        return [found.shown for found in facade.pending(session, jane.id, jane.database.clock.now())]


def _lose(jane: Person, told_of: str = "msg_1") -> bool:
    with jane.database.transaction() as session:
        return facade.lose(session, jane.id, ContactKind.EMAIL, jane.database.clock.now(), told_of=told_of)


class TestLose:
    def test_it_is_forgotten_told_of_and_written_into_the_log(self, jane: Person, clock: ManualClock) -> None:
        jane.has(MINE)
        jane.has(NUMBER, ContactKind.PHONE)
        changed = jane.changed_s()
        assert (_lose(jane), _lose(jane)) == (True, False)
        assert (jane.reached_at(), jane.changed_s()) == ({"phone": NUMBER}, changed)
        with jane.database.reading() as session:
            assert facade.came_back(session, jane.id) == [CameBackView("email", "j…@example.org", clock.now(), was_hers=True)]
            [entry] = journal.entries(session, kind="contact.lost", about=jane.id)
        assert (entry.actor, entry.detail) == ("house", '{"kind":"email","of":"msg_1"}')

    def test_what_was_changed_since_is_told_at_her_other_contact_and_not_there(self, jane: Person, gateway: MemoryContactGateway) -> None:
        jane.has(MINE)
        jane.has(NUMBER, ContactKind.PHONE)
        before = len(gateway.letters_to(MINE))
        _lose(jane)
        jane.has("new@example.org")
        assert "A way to reach you was added" in gateway.letters_to(NUMBER)[-1].text
        assert len(gateway.letters_to(MINE)) == before

    def test_a_letter_that_waits_for_it_is_not_sent_but_a_code_asked_for_then_is(self, jane: Person, gateway: MemoryContactGateway) -> None:
        """Planted bug: letters that wait left as they are."""
        jane.has(MINE)
        with jane.database.transaction() as session:
            facade.set_word(session, jane.post, jane.id, "merry owl", jane.database.clock.now())
        _lose(jane)
        jane.ask(MINE)
        jane.deliver()
        assert [one.subject for one in gateway.letters_to(MINE)] == ["Your code for Mobile Moments"] * 2

    def test_a_word_from_a_later_day_finds_it_hers_again(self, jane: Person) -> None:
        jane.has(MINE)
        _lose(jane)
        jane.has(MINE)
        assert (jane.reached_at(), _came_back(jane)) == ({"email": MINE}, [])


class TestSending:
    def test_what_the_server_says_at_once_loses_it_too(self, jane: Person, gateway: MemoryContactGateway, database: Database) -> None:
        """Planted bug: the answer taken for a refusal like any other."""
        jane.has(MINE)
        with database.transaction() as session:
            facade.set_word(session, jane.post, jane.id, "merry owl", database.clock.now())
        gateway.nobody_at.add(MINE)
        jane.deliver()
        assert (jane.reached_at(), _came_back(jane)) == ({}, [("j…@example.org", True)])

    @pytest.mark.parametrize("answer", [Sent.REFUSED, Sent.RETRY])
    def test_nothing_else_does(self, jane: Person, gateway: MemoryContactGateway, answer: Sent) -> None:
        jane.has(MINE)
        with jane.database.transaction() as session:
            facade.set_word(session, jane.post, jane.id, "merry owl", jane.database.clock.now())
        gateway.program(answer)
        facade.send_due(jane.database, gateway, jane.post.settings)
        assert (jane.reached_at(), _came_back(jane)) == ({"email": MINE}, [])

    def test_a_code_to_nobodys_mailbox_leaves_the_one_she_has(self, jane: Person, gateway: MemoryContactGateway) -> None:
        """Planted bug: whatever contact of this kind she has lost, whichever address was meant."""
        jane.has(MINE)
        jane.ask(OTHER)
        assert _pending(jane) == ["t…@exmaple.org"]
        gateway.nobody_at.add(OTHER)
        jane.deliver()
        assert (jane.reached_at(), _came_back(jane), _pending(jane)) == ({"email": MINE}, [("t…@exmaple.org", False)], [])

    def test_asked_again_it_is_waited_for_again(self, jane: Person, gateway: MemoryContactGateway, clock: ManualClock) -> None:
        """Nobody is locked out by what was said before. Planted bug: an older letter's end held against the newest."""
        gateway.nobody_at.add(MINE)
        jane.ask(MINE)
        jane.deliver()
        assert _came_back(jane) == [("j…@example.org", False)]
        clock.advance(60)
        gateway.nobody_at.clear()
        jane.ask(MINE)
        assert (_came_back(jane), _pending(jane)) == ([], ["j…@example.org"])
        jane.confirm(jane.code(MINE))
        assert (jane.reached_at(), _came_back(jane)) == ({"email": MINE}, [])

    def test_a_lost_one_whose_new_code_comes_back_is_told_of_once(self, jane: Person, gateway: MemoryContactGateway) -> None:
        jane.has(MINE)
        _lose(jane)
        gateway.nobody_at.add(MINE)
        jane.ask(MINE)
        jane.deliver()
        assert _came_back(jane) == [("j…@example.org", False)]


class TestUndo:
    def test_an_old_one_that_is_nobodys_does_not_come_back_by_a_link(self, jane: Person, gateway: MemoryContactGateway) -> None:
        """Planted bug: whatever there was before put back."""
        jane.has(MINE)
        jane.has(NUMBER, ContactKind.PHONE)
        jane.ask("eve@example.org")
        jane.confirm(jane.code("eve@example.org"))
        gateway.nobody_at.add(MINE)  # the letter to her phone arrives
        token = jane.undo_token(NUMBER)
        with jane.database.transaction() as session:
            facade.undo(session, token, at=jane.database.clock.now())
        assert jane.reached_at() == {"phone": NUMBER}
