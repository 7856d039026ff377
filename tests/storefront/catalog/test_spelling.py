"""The words a process knows are those of the table, also when they were not committed in the order of their numbers."""

from __future__ import annotations

from app.kernel.db import Database
from storefront.catalog.models import SearchWordRow
from storefront.catalog.spelling import Vocabulary


def write(database: Database, *words: tuple[int, str]) -> None:
    with database.transaction() as session:
        session.add_all(SearchWordRow(no=no, word=word) for no, word in words)


def known(database: Database, word: str) -> bool:
    with database.reading() as session:
        return Vocabulary.of(session).begins(word)


class TestVocabulary:
    def test_a_word_that_was_committed_behind_the_newest_is_found_with_the_next(self, database: Database) -> None:
        """Two write at once, and the one with the lower number commits later. Planted bug: only what is above the newest is read."""
        write(database, (2, "bonbon"))
        assert known(database, "bonbon")
        write(database, (1, "truffle"))
        write(database, (3, "nougat"))
        assert known(database, "nougat")
        assert known(database, "truffle")
