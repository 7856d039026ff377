"""The chain of a till's journal: what is missing, exchanged or changed is found at its first entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from offers.tills import journal
from offers.tills.journal import Entry, EntryKind

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT_TEXT = "2026-11-22T12:00:00.000Z"
FIRST = journal.first_hash("till_1")


def chain(*texts: str) -> list[Entry]:
    before, out = FIRST, []
    for k, text in enumerate(texts, 1):
        before = journal.entry_hash(before, k, "redeem", AT_TEXT, text)
        out.append(Entry(k, EntryKind.REDEEM, text, AT, AT_TEXT, before))
    return out


class TestEntryHash:
    def test_exact(self) -> None:
        assert journal.entry_hash("0" * 64, 1, "redeem", AT_TEXT, "MM1.A.12345678") == (
            "112042e294300308c7f71bbc51996a57086746d912b8695c1e6c3cad060be83b"
        )


    def test_a_sum_that_the_clerk_said_is_in_it(self) -> None:
        """Planted bug this was seen to fail on: the sum left out of the hash, so that it could be changed later, unseen."""
        clock = "2026-11-22T12:00:01.000Z"
        said = [journal.entry_hash("0" * 64, 1, "redeem", AT_TEXT, "MM1.A.12345678", clock, minor) for minor in (None, 0, 490)]
        assert len(set(said)) == 3
        [entry] = chain("a")
        assert journal.broken_at(FIRST, 0, [replace(entry, discount_minor=490)]) == 1


class TestBrokenAt:
    def test_whole(self) -> None:
        assert journal.broken_at(FIRST, 0, chain("a", "b", "c")) is None
        a, b, c = chain("a", "b", "c")
        assert journal.broken_at(a.hash, 1, [b, c]) is None
        assert journal.broken_at(FIRST, 0, []) is None

    def test_missing_exchanged_changed_of_another_till(self) -> None:
        a, b, c = chain("a", "b", "c")
        assert journal.broken_at(FIRST, 0, [a, c]) == 3
        assert journal.broken_at(FIRST, 0, [b, a, c]) == 2
        assert journal.broken_at(FIRST, 0, [a, replace(b, text="x"), c]) == 2
        assert journal.broken_at(FIRST, 0, [a, replace(b, at_text="2026-11-22T12:00:00.001Z"), c]) == 2
        assert journal.broken_at(FIRST, 0, [a, replace(b, kind=EntryKind.UNDO), c]) == 2
        assert journal.broken_at(journal.first_hash("till_2"), 0, [a, b]) == 1
