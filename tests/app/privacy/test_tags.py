"""Reading a room's tags."""

from __future__ import annotations

import pytest

from app.privacy.tags import CATEGORIES, is_personal, register_tags, registered_tags, tagged

TAGS = {"t_one": {"user.location.precise": "place_id lat_deg", "system.operations": "id"}, "t_two": {"user.workplace": "by"}}


class TestTagged:
    def test_names_each_column_with_its_category(self) -> None:
        assert list(tagged(TAGS)) == [
            ("t_one", "place_id", "user.location.precise"),
            ("t_one", "lat_deg", "user.location.precise"),
            ("t_one", "id", "system.operations"),
            ("t_two", "by", "user.workplace"),
        ]


class TestIsPersonal:
    @pytest.mark.parametrize(("category", "answer"), [("user.location.precise", True), ("system.operations", False), ("user.workplace", False)])
    def test_says_what_is_about_a_shopper(self, category: str, answer: bool) -> None:
        assert is_personal(category) is answer

    def test_every_category_is_said_in_words(self) -> None:
        assert [key for key, words in CATEGORIES.items() if len(words) < 8] == []


class TestRegisterTags:
    def test_the_same_table_again_replaces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.privacy.tags._registered", {})
        register_tags(TAGS)
        register_tags({"t_two": {"system.operations": "by"}})
        assert registered_tags() == {"t_one": TAGS["t_one"], "t_two": {"system.operations": "by"}}
