"""No words about a shopper stand in the clear: a copy of the database outlives her erasure, and what is sealed with her key does not.

Every column that could hold words, of every table about people, is found by its type, without a word from the rooms. Whatever is not sealed
stands in what_is_plain.py with why it may. Seen to fail on the title and body of a message and on the name of a passkey, while they were
plain.
"""

from __future__ import annotations

from sqlalchemy import Column, String
from sqlalchemy.types import JSON

from app.cli.data_map import personal_tables
from app.migrations import metadata
from app.privacy.subjects import tables_with_people
from tests.architecture.what_is_plain import PLAIN

AN_ID_CHARS = 40
"""What is no longer than this is an id or a code word of ours; routes that take words allow more."""


def _could_hold_words(column: Column[object]) -> bool:
    kind = column.type
    if column.name.endswith("hash") or column.name == "digest":
        return False
    return isinstance(kind, JSON) or (isinstance(kind, String) and (kind.length is None or kind.length > AN_ID_CHARS))


class TestPlainText:
    def test_what_is_not_sealed_says_why(self) -> None:
        about_people = personal_tables() | set(tables_with_people(metadata()))
        found = {f"{table.name}.{column.name}" for table in metadata().sorted_tables if table.name in about_people for column in table.columns if _could_hold_words(column)}
        told = [name for names in PLAIN.values() for name in names.split()]
        assert len(told) == len(set(told))
        assert {"seal it, or say in what_is_plain.py why not": sorted(found - set(told)), "gone": sorted(set(told) - found)} == {
            "seal it, or say in what_is_plain.py why not": [], "gone": []
        }  # fmt: skip
