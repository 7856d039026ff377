"""What the form offers: what is chosen first, and nothing that is chosen is lost."""

from __future__ import annotations

import pytest

from app.web.console import choices as module
from app.web.console.choices import Choice, choices
from tests.app.web.conftest import Town


class TestChoices:
    def test_what_is_chosen_comes_first_and_what_is_shut_says_why(self, town: Town) -> None:
        with town.house.database.reading() as session:
            found = choices(session, {"trigger.place_ids.plc_hoyry": "on", "trigger.chains.gone-bust": "on"})
        places = found.lists["trigger.place_ids"]
        assert (places[0].value, len(places), found.longer) == ("plc_hoyry", 25, frozenset())
        assert {one.value for one in places if one.shut} == {"plc_forum", "plc_kukka_bulevardi", "plc_ooey_gooey_asema"}
        assert all(one.note.startswith("kept free: ") for one in places if one.shut)
        assert found.lists["trigger.chains"][0] == Choice("gone-bust", "gone-bust", "not known here")
        assert Choice("ooey-gooey", "Ooey Gooey", "4 places") in found.lists["trigger.chains"]
        assert "tea" in {one.value for one in found.lists["benefit.categories"]}

    def test_a_long_list_shows_what_is_chosen(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MOST_LISTED", 3)
        with town.house.database.reading() as session:
            found = choices(session, {"trigger.place_ids.plc_hoyry": "on", "trigger.place_ids. more": "plc_linnunrata, plc_x"})
        assert [one.value for one in found.lists["trigger.place_ids"]] == ["plc_hoyry", "plc_linnunrata", "plc_x"]
        assert "trigger.place_ids" in found.longer
