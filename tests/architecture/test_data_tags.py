"""Every column of every table says what kind of data it holds, once, in the words of the Fideslang taxonomy.

Seen to fail on: a column left out, a tag of a column that is gone, a category that is none, a column tagged twice, and a shopper id
tagged as our own works.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter

from app.bootstrap import DATA_TAGS, House
from app.migrations import metadata
from app.privacy.subjects import tables_with_people
from app.privacy.tags import CATEGORIES, Tags, is_personal, registered_tags, tagged
from tests.architecture.sources import name, python_files
from tests.architecture.test_tables import room
from tests.paths import shared


def _all_tags() -> dict[str, Tags]:
    """Every `data_tags.py` of the house by its room, found without knowing who registers them."""
    files = [p for p in python_files() if p.name == "data_tags.py"]
    return {name(p): importlib.import_module(name(p)[:-3].replace("/", ".")).TAGS for p in files}


def _columns() -> list[tuple[str, str]]:
    return [(t.name, c.name) for t in metadata().tables.values() for c in t.columns]


class TestColumns:
    def test_every_column_has_exactly_one_tag_and_no_tag_is_left_over(self) -> None:
        tags = Counter((table, column) for each in _all_tags().values() for table, column, _ in tagged(each))
        columns = set(_columns())
        untagged = sorted(f"{table}.{column}" for table, column in columns - set(tags))
        gone = sorted(f"{table}.{column}" for table, column in set(tags) - columns)
        twice = sorted(f"{table}.{column}" for (table, column), times in tags.items() if times > 1)
        assert {"add to the room's data_tags.py": untagged, "tagged, but not there": gone, "tagged twice": twice} == {
            "add to the room's data_tags.py": [], "tagged, but not there": [], "tagged twice": []
        }  # fmt: skip

    def test_a_column_with_a_shopper_id_is_a_pseudonym(self) -> None:
        categories = {(table, column): category for each in _all_tags().values() for table, column, category in tagged(each)}
        people = [(table, column) for table, columns in tables_with_people(metadata()).items() for column in columns]
        assert len(people) > 25
        assert [f"{t}.{c}" for t, c in people if not is_personal(categories[t, c]) or not categories[t, c].startswith("user.unique_id")] == []

    def test_a_room_tags_its_own_tables(self) -> None:
        wrong = [f"{path}: {table}" for path, tags in _all_tags().items() for table in tags if room(table) not in path.split("/")[:2]]
        assert wrong == []

    def test_all_are_registered(self, house: House) -> None:
        assert registered_tags() == {table: tags for each in _all_tags().values() for table, tags in each.items()}
        assert len(DATA_TAGS) == len([tags for tags in _all_tags().values() if tags])


class TestCategories:
    def test_are_those_we_know_and_none_is_idle(self) -> None:
        used = {category for each in _all_tags().values() for _, _, category in tagged(each)}
        assert used - set(CATEGORIES) == set()
        assert set(CATEGORIES) - used <= {"user.contact.phone_number", "user.demographic.age_range", "user.location.imprecise"}

    def test_are_keys_of_the_taxonomy(self) -> None:
        taxonomy = json.loads(shared("vectors", "fideslang", "data_categories.json").read_text())["data_category"]
        assert set(CATEGORIES) - {each["fides_key"] for each in taxonomy} == set()
