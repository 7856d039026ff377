"""What is heard of a letter after it was sent: written down once, and never more made of it than it says."""

from __future__ import annotations

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.audit import journal
from app.security.contacts import facade, returning, texts
from app.security.contacts.values import ContactKind
from tests.app.security.racing import race

from .conftest import Person

MINE = "jane@example.org"


@pytest.fixture
def letter_id(jane: Person) -> str:
    """One that tells her that her word was changed."""
    jane.has(MINE)
    with jane.database.transaction() as session:
        facade.set_word(session, jane.post, jane.id, "merry owl", jane.database.clock.now())
    jane.deliver()
    return _newest(jane)


def _newest(jane: Person) -> str:
    return jane.gateway.letters_to(MINE)[-1].id


def _returned(database: Database, letter_id: str, status: str, *, meant: bool = True) -> bool:
    with database.transaction() as session:
        return returning.returned(session, letter_id, status, database.clock.now(), meant=meant)


def _row(database: Database, letter_id: str) -> tuple[str, str | None]:
    with database.reading() as session:
        found = returning.letter(session, letter_id)
    assert found is not None
    return found.state, found.status


class TestReturned:
    @pytest.mark.parametrize(("status", "state", "stays"), [("5.1.1", "nobody", False), ("5.1.10", "nobody", False), ("5.1.2", "failed", True), ("5.2.2", "failed", True), ("5.7.1", "failed", True), ("4.4.7", "failed", True)])
    def test_only_a_mailbox_that_nobody_has_is_lost(self, jane: Person, letter_id: str, status: str, state: str, stays: bool) -> None:
        """Planted bug: the address lost by whatever failed for good."""
        assert [_returned(jane.database, letter_id, status) for _ in range(2)] == [True, False]
        assert (_row(jane.database, letter_id), jane.reached_at()) == ((state, status), {"email": MINE} if stays else {})

    def test_where_she_has_her_mail_sent_on_to_is_not_hers(self, jane: Person, letter_id: str) -> None:
        assert _returned(jane.database, letter_id, "5.1.1", meant=False)
        assert (_row(jane.database, letter_id), jane.reached_at()) == (("failed", "5.1.1"), {"email": MINE})

    def test_what_is_said_of_her_old_address_leaves_the_new_one(self, jane: Person, letter_id: str) -> None:
        """Planted bug: lost whichever address the letter went to."""
        jane.has("new@example.org")
        assert _returned(jane.database, letter_id, "5.1.1")
        assert jane.reached_at() == {"email": "new@example.org"}

    def test_shown_again_since_it_is_not_lost(self, jane: Person, letter_id: str, clock: ManualClock) -> None:
        """Planted bug: `shown_before` left out."""
        clock.advance(60)
        jane.remove()
        jane.has(MINE)
        assert _returned(jane.database, letter_id, "5.1.1")
        assert jane.reached_at() == {"email": MINE}

    def test_of_several_reports_at_once_one_is_news(self, jane: Person, letter_id: str) -> None:
        assert sorted(race(4, lambda _: _returned(jane.database, letter_id, "5.1.1")), key=bool) == [False, False, False, True]
        with jane.database.reading() as session:
            assert len(journal.entries(session, kind="contact.lost", about=jane.id)) == 1

    def test_a_code_she_has_only_asked_for(self, jane: Person) -> None:
        jane.ask(MINE)
        jane.deliver()
        assert _returned(jane.database, _newest(jane), "5.1.1")
        with jane.database.reading() as session:
            assert [(one.shown, one.was_hers) for one in facade.came_back(session, jane.id)] == [("j…@example.org", False)]
            assert facade.pending(session, jane.id, jane.database.clock.now()) == []


class TestOrder:
    def test_slow_is_written_down_and_changes_nothing(self, jane: Person, letter_id: str) -> None:
        with jane.database.transaction() as session:
            assert [returning.delayed(session, letter_id, status) for status in ("4.4.1", "4.2.2")] == [True, False]
        assert (_row(jane.database, letter_id), jane.reached_at()) == (("sent", "4.4.1"), {"email": MINE})
        with jane.database.reading() as session:
            assert {name: value for name, (_, value) in returning.figures(session).items()} == {"moments_letters_nobody": 0, "moments_letters_failed": 0, "moments_letters_slow": 1}
        assert _returned(jane.database, letter_id, "5.1.1")
        with jane.database.reading() as session:
            assert {name: value for name, (_, value) in returning.figures(session).items()} == {"moments_letters_nobody": 1, "moments_letters_failed": 0, "moments_letters_slow": 0}

    def test_what_was_delivered_is_not_lost_by_a_later_word(self, jane: Person, letter_id: str) -> None:
        """Planted bug: the row moved whatever was heard before."""
        with jane.database.transaction() as session:
            assert returning.delivered(session, letter_id, "2.1.5")
            assert not returning.delayed(session, letter_id, "4.4.1")
        assert not _returned(jane.database, letter_id, "5.1.1")
        assert (_row(jane.database, letter_id), jane.reached_at()) == (("sent", "2.1.5"), {"email": MINE})


class TestComplained:
    def test_written_down_once_and_nothing_else(self, jane: Person, letter_id: str) -> None:
        with jane.database.transaction() as session:
            assert [returning.complained(session, letter_id, jane.database.clock.now()) for _ in range(2)] == [True, False]
        with jane.database.reading() as session:
            assert [entry.detail for entry in journal.entries(session, kind="letter.complained", about=jane.id)] == [f'{{"letter":"{letter_id}"}}']
        assert jane.reached_at() == {"email": MINE}


class TestWentTo:
    def test_by_the_form_that_is_stored(self, jane: Person, letter_id: str) -> None:
        with jane.database.reading() as session:
            found = [returning.went_to(session, letter_id, address) for address in (" Jane@Example.org", "j@elsewhere.example", "no address", "")]
        assert found == [True, False, False, False]


class TestInWords:
    def test_every_end_has_a_sentence(self) -> None:
        assert texts.became("code", "nobody", "5.1.1").startswith("A code: could not be brought: nobody has this mailbox.")
        assert texts.became("word", "sent", "4.4.1") == "That her word was changed: was taken by the mail server; it may still arrive. The mail server said 4.4.1."
        assert texts.became("changed", "sent", "2.1.5") == "That how we reach her was changed: was taken by the mail server; it was delivered. The mail server said 2.1.5."
        assert {texts.became(about, state, None)[-1] for about in texts.ABOUT for state in texts.ENDED} == {"."}
        assert set(texts.WHAT) | {"code"} == set(texts.ABOUT)
        assert ContactKind.EMAIL.value not in texts.became("code", "sent", None)
