"""An answer is kept while she agrees to its use, once, sealed; a withdrawal takes it from every use at once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from app.kernel.errors import Invalid
from app.privacy.purposes import Purpose
from notifications.surveys import replying, repository
from notifications.surveys.contracts import SurveyState
from notifications.surveys.errors import SurveyAnsweredBefore, SurveyNotAgreed, UnknownSurvey
from notifications.surveys.models import SurveyReplyRow
from notifications.surveys.privacy import HOLDERS
from offers import answers
from offers import privacy as offers_privacy
from offers.models import AnswerRow
from tests.notifications.surveys.conftest import REPLY, Town

AGREED = Purpose.PERSONALISATION


def chosen(town: Town, shopper_id: str) -> list[str]:
    with town.database.reading() as session:
        return sorted(answer for answer, _ in answers.given_by(session, [shopper_id]).get(shopper_id, []))


class TestReply:
    def test_sealed_once_and_made_into_facts(self, town: Town) -> None:
        jane = town.shopper(AGREED)
        town.survey()
        town.reply(jane)
        assert chosen(town, jane) == ["visit/q1/a-friend", "visit/q2/gifts", "visit/q3/5"]
        with town.database.reading() as session:
            assert b"light" not in session.scalars(select(SurveyReplyRow.sealed)).one()
            her = replying.hers(session, jane, "visit", town.clock.now())
        assert her.reply == {"q1": ["a-friend"], "q2": ["gifts"], "q3": ["5"], "q4": ["More light, please."]}
        with pytest.raises(SurveyAnsweredBefore):
            town.reply(jane, {"q1": "the-window"})
        assert "visit/q1/the-window" not in chosen(town, jane)

    def test_without_her_agreement_nothing_is_kept(self, town: Town) -> None:
        """Planted bug: the consent not asked."""
        jane = town.shopper()
        town.survey()
        with pytest.raises(SurveyNotAgreed):
            town.reply(jane)
        with town.database.reading() as session:
            assert session.scalar(select(func.count()).select_from(SurveyReplyRow)) == 0
        assert chosen(town, jane) == []

    def test_only_while_it_is_open(self, town: Town) -> None:
        jane, john = town.shopper(AGREED), town.shopper(AGREED)
        town.survey(is_open=False)
        with pytest.raises(UnknownSurvey):
            town.reply(jane)
        town.state("visit", SurveyState.OPEN)
        town.reply(jane)
        town.state("visit", SurveyState.CLOSED)
        with pytest.raises(UnknownSurvey):
            town.reply(john)
        with town.database.reading() as session:
            assert replying.hers(session, jane, "visit", town.clock.now()).reply is not None
            with pytest.raises(UnknownSurvey):
                replying.hers(session, john, "visit", town.clock.now())

    def test_half_an_answer_leaves_nothing(self, town: Town) -> None:
        jane = town.shopper(AGREED)
        town.survey()
        with pytest.raises(Invalid):
            town.reply(jane, REPLY | {"q3": 9})
        assert chosen(town, jane) == []

    def test_of_two_at_once_one_counts(self, town: Town) -> None:
        """Planted bug: the facts of the second kept as well."""
        jane, barrier, refused = town.shopper(AGREED), threading.Barrier(2), list[str]()
        town.survey()

        def press(choice: str) -> None:
            barrier.wait()
            try:
                town.reply(jane, {"q1": choice})
            except SurveyAnsweredBefore:
                refused.append(choice)

        both = [threading.Thread(target=press, args=(choice,)) for choice in ("a-friend", "the-window")]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert len(refused) == 1
        assert len(chosen(town, jane)) == 1
        assert refused[0] not in chosen(town, jane)[0]


class TestForget:
    def test_a_withdrawal_takes_it_from_every_use(self, town: Town) -> None:
        """Planted bug: the facts left behind."""
        jane, john = town.shopper(AGREED), town.shopper(AGREED)
        town.survey()
        town.reply(jane)
        town.reply(john)
        town.withdraw(jane)
        assert (chosen(town, jane), len(chosen(town, john))) == ([], 3)
        with town.database.reading() as session:
            assert repository.replies(session, shopper_id=jane) == []

    def test_it_counts_no_more_before_the_rows_are_gone(self, town: Town) -> None:
        """Planted bug: counted without asking who agrees now."""
        jane = town.shopper(AGREED)
        town.survey()
        town.reply(jane)
        town.withdraw(jane, heard=False)
        with town.database.reading() as session:
            assert answers.counts(session, prefix="visit/", at=town.clock.now()) == {"": 0}


class TestHolders:
    def test_exported_and_erased_in_both_rooms(self, town: Town) -> None:
        jane = town.shopper(AGREED)
        town.survey()
        town.reply(jane)
        [holder] = HOLDERS
        with town.database.transaction() as session:
            [told] = holder.export(session, jane)["survey_replies"]
            assert (told["title"], told["answers"]["q4"]) == ("Your visit", ["More light, please."])
            assert [a["answer"] for a in offers_privacy.export(session, jane)["answers_chosen"]] == ["visit/q1/a-friend", "visit/q2/gifts", "visit/q3/5"]
            assert holder.erase(session, jane) == 1
            offers_privacy.erase(session, jane)
            assert session.scalar(select(func.count()).select_from(AnswerRow)) == 0
