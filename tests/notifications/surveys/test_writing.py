"""A survey is changed while nobody could have answered it; figures tell nothing by which few people could be told."""

from __future__ import annotations

import pytest

from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from notifications.surveys import writing
from notifications.surveys.contracts import SurveyState
from notifications.surveys.errors import SurveyNotToChange, UnknownSurvey
from offers import answers
from tests.notifications.surveys.conftest import Town


class TestKeep:
    def test_only_a_draft_is_changed(self, town: Town) -> None:
        """Planted bug: the state not in the UPDATE."""
        town.survey(is_open=False)
        town.survey(is_open=False, title="Better")
        town.state("visit", SurveyState.OPEN)
        with pytest.raises(SurveyNotToChange):
            town.survey(is_open=False, title="Worse")
        with town.database.reading() as session:
            assert writing.there(session, "visit").title == "Better"

    def test_the_moves_there_are(self, town: Town) -> None:
        with pytest.raises(UnknownSurvey):
            town.state("none", SurveyState.OPEN)
        town.survey(is_open=False)
        for refused in (SurveyState.CLOSED, SurveyState.DRAFT):
            with pytest.raises(SurveyNotToChange):
                town.state("visit", refused)
        for state in (SurveyState.OPEN, SurveyState.CLOSED, SurveyState.OPEN):
            town.state("visit", state)


class TestFigures:
    def counted(self, town: Town, **people: int) -> dict[str, int | None]:
        """So many choose each of the two of `q1`, and all of them gifts."""
        town.survey()
        with town.database.transaction() as session:
            for choice, number in people.items():
                for n in range(number):
                    who = f"shp_{choice}_{n}"
                    set_consent(session, who, Purpose.PERSONALISATION, granted=True, source="test", at=town.clock.now())
                    answers.note(session, shopper_id=who, answers=[f"visit/q1/{choice.replace('_', '-')}", "visit/q2/gifts"], at=town.clock.now())
            found = writing.figures(session, "visit", town.clock.now())
        return {"replied": found.replied, **{a.value: a.people for q in found.questions if q.question.id in ("q1", "q2") for a in q.answers}}

    def test_below_twenty_nothing(self, town: Town) -> None:
        """Planted bug: numbers told whatever they are."""
        assert self.counted(town, a_friend=19) == {"replied": None, "a-friend": None, "the-window": None, "gifts": None, "sweets": None}

    def test_from_twenty_on_what_hides_nobody(self, town: Town) -> None:
        """Three chose the window: telling the others would tell them. That all chose gifts may be told; so many there are."""
        assert self.counted(town, a_friend=25, the_window=3) == {"replied": 28, "a-friend": None, "the-window": None, "gifts": 28, "sweets": None}

    def test_words_without_who_where_twenty_wrote_some(self, town: Town) -> None:
        """Planted bug: words told whatever their number."""
        town.survey()
        people = [town.shopper(Purpose.PERSONALISATION) for _ in range(20)]
        for n, shopper_id in enumerate(people[:19]):
            town.reply(shopper_id, {"q4": f"word {n:02}"})
        with town.database.reading() as session:
            assert writing.figures(session, "visit", town.clock.now()).words == {}
        town.reply(people[19], {"q4": "a word"})
        with town.database.reading() as session:
            told = writing.figures(session, "visit", town.clock.now())
        assert told.words["q4"][:2] == ("a word", "word 00")
        assert not any(shopper_id in str(told) for shopper_id in people)
        town.withdraw(people[0], heard=False)
        with town.database.reading() as session:
            assert writing.figures(session, "visit", town.clock.now()).words == {}

    def test_two_crowds_are_told(self, town: Town) -> None:
        assert self.counted(town, a_friend=22, the_window=20) == {"replied": 42, "a-friend": 22, "the-window": 20, "gifts": 42, "sweets": None}
