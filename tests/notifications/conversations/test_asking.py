"""A language model is asked only when the core is not sure, only with her consent, never with a name, and never longer than it works."""

from __future__ import annotations

import threading

import pytest

from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from notifications.conversations.adapters.memory_model import MemoryModel
from notifications.conversations.asking import RULES, Adviser
from notifications.conversations.contracts import Author, ThreadState
from notifications.conversations.suggesting import Advice, Outcome
from tests.notifications.conversations.conftest import Talking

MUDDY = "Hi this is Jane, the felt slippers from my aunt are all muddy, what now"
SENT = "Hi this is (name), the felt slippers from my aunt are all muddy, what now"
CARE = {"intent": "care", "about": "felt slippers"}


class Asked:
    def __init__(self, talk: Talking) -> None:
        self.talk, self.model = talk, MemoryModel({"muddy": CARE})
        self.adviser = Adviser(self.model)

    def advice(self, shopper_id: str, text: str = MUDDY) -> Advice | None:
        return self.adviser.advise(self.talk.database, self.talk.shop, shopper_id, text)

    def say(self, shopper_id: str, text: str = MUDDY) -> tuple[str, ...]:
        return self.talk.say(shopper_id, text, advice=self.advice(shopper_id, text))


@pytest.fixture
def asked(talk: Talking) -> Asked:
    return Asked(talk)


class TestAdvise:
    def test_the_core_answers_with_the_question_that_was_chosen_and_the_use_is_on_record(self, asked: Asked) -> None:
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        assert "Brush when dry" in asked.say(jane)[0]
        assert asked.model.shown == [f"<message>\n{SENT}\n</message>"]
        told = asked.talk.said(jane)[-1]
        assert told.sources == ("catalogue",)
        assert told.advice == {"model": "memory", "sent": SENT, "outcome": "chosen", "intent": "care"}

    def test_without_her_consent_nothing_is_shown(self, asked: Asked) -> None:
        """Seen to fail with the look at the gate left out."""
        jane = asked.talk.shopper(*(p for p in Purpose if p is not Purpose.ASSISTANT))
        assert asked.advice(jane) is None
        assert asked.model.shown == []
        asked.say(jane)
        assert asked.talk.said(jane)[-1].advice is None

    def test_what_the_core_is_sure_of_is_shown_to_nobody(self, asked: Asked) -> None:
        """Seen to fail with every message shown."""
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        assert [asked.advice(jane, text) for text in ("How much is the Cloudberry Bonbon?", "a person please", "does nightferry contain nuts")] == [None] * 3
        assert asked.model.shown == []

    def test_a_thread_a_person_has_is_not_the_assistants(self, asked: Asked) -> None:
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        asked.talk.say(jane, "a person please")
        assert asked.talk.thread(jane).state is ThreadState.WAITING
        assert asked.advice(jane) is None

    def test_a_consent_that_went_meanwhile_lets_the_core_answer_alone(self, asked: Asked) -> None:
        """Seen to fail without the second look, in the transaction of the answer."""
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        advice = asked.advice(jane)
        with asked.talk.database.transaction() as session:
            set_consent(session, jane, Purpose.ASSISTANT, granted=False, source="test", at=asked.talk.now)
        assert "I am not sure" in asked.talk.say(jane, MUDDY, advice=advice)[0]
        assert asked.talk.said(jane)[-1].advice == {"model": "memory", "sent": SENT, "outcome": "chosen", "intent": "care"}

    def test_what_was_shown_stays_on_record_when_a_person_took_over_meanwhile(self, asked: Asked) -> None:
        """Planted bug: the thread looked at before the advice was noted."""
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        advice = asked.advice(jane)
        asked.talk.say(jane, "a person please")
        assert asked.talk.say(jane, MUDDY, advice=advice) == ()
        hers = asked.talk.said(jane)[-1]
        assert (hers.author, hers.text, hers.advice) == (Author.SHOPPER, MUDDY, {"model": "memory", "sent": SENT, "outcome": "chosen", "intent": "care"})

    @pytest.mark.parametrize(
        ("said", "outcome"),
        [(None, Outcome.NO_ANSWER), ("It costs 1 €.", Outcome.NOT_USABLE), ({"intent": "cart"}, Outcome.NOT_USABLE), ({"intent": "none"}, Outcome.NONE_FITS)],
    )
    def test_whatever_goes_wrong_the_core_answers(self, asked: Asked, said: object, outcome: Outcome) -> None:
        asked.model.answers["muddy"] = said
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        assert "I am not sure" in asked.say(jane)[0]
        assert asked.talk.said(jane)[-1].advice == {"model": "memory", "sent": SENT, "outcome": outcome.value, "intent": None}

    def test_a_model_that_fails_is_left_alone_for_a_while(self, asked: Asked) -> None:
        asked.model.answers["muddy"] = None
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        outcomes = [(asked.advice(jane) or pytest.fail("not asked")).outcome for _ in range(RULES.failures + 2)]
        assert outcomes == [Outcome.NO_ANSWER] * RULES.failures + [Outcome.LEFT_ALONE] * 2
        assert len(asked.model.shown) == RULES.failures
        asked.model.answers["muddy"] = CARE
        asked.talk.database.clock.advance(RULES.first_s)  # type: ignore[attr-defined]
        assert (asked.advice(jane) or pytest.fail("not asked")).outcome is Outcome.CHOSEN

    def test_no_transaction_is_open_while_it_is_asked(self, asked: Asked) -> None:
        jane = asked.talk.shopper(Purpose.ASSISTANT)
        other: list[str] = []

        def choose(_message: str) -> str | None:
            wrote = threading.Thread(target=lambda: other.append(asked.talk.shopper()))
            wrote.start()
            wrote.join(30)
            return None

        asked.model.choose = choose  # type: ignore[method-assign]
        asked.advice(jane)
        assert len(other) == 1
