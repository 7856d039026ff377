"""A message we were not sure of may be shown to a language model, before anything is written down.

Owns when that happens: a model is set up, the thread is the assistant's, the core is not sure, and she has agreed to it. No transaction is
open while the network is asked, and whatever goes wrong there leaves the answer to the core.
"""

from __future__ import annotations

import threading

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.ids import derived_id
from app.kernel.logs import get_logger
from app.privacy import gate
from app.privacy.purposes import Purpose
from notifications import breaker, preferences
from notifications.conversations import repository
from notifications.conversations.answering import completed
from notifications.conversations.contracts import ThreadState, Way
from notifications.conversations.ports import Knowledge, LanguageModel
from notifications.conversations.recalling import NOTHING
from notifications.conversations.redacting import redacted
from notifications.conversations.suggesting import Advice, Outcome, fenced, read, vocabulary
from notifications.conversations.understanding import GATE, known_words, understand

log = get_logger(__name__)

RULES = breaker.BreakerRules(failures=3, first_s=30, most_s=900)


class Adviser:
    """One model, and the breaker that leaves it alone while it fails. Safe to call from several threads."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self._lock = threading.Lock()
        self._state = breaker.CLOSED

    def advise(self, database: Database, knowledge: Knowledge, shopper_id: str, text: str, *, way: Way = Way.APP, identity: str = "") -> Advice | None:
        """What the model makes of her words; None: it was not asked, and needed not be."""
        with database.reading() as session:
            words = _unsure(session, knowledge, shopper_id, text, way, identity, database)
        if words is None:
            return None
        now = database.clock.now()
        with self._lock:
            if breaker.may_go(self._state, 1, now) == 0:
                return Advice(self.model.name, "", Outcome.LEFT_ALONE)
            self._state = breaker.begun(self._state, now)
        answer = None
        try:
            answer = self.model.choose(fenced(words))
        finally:
            with self._lock:
                self._state = breaker.after(self._state, answer is not None, database.clock.now(), RULES)
        outcome, suggestion = read(answer, words) if answer is not None else (Outcome.NO_ANSWER, None)
        log.info("language_model_asked", model=self.model.name, outcome=outcome.value)
        return Advice(self.model.name, words, outcome, suggestion)


def _unsure(session: Session, knowledge: Knowledge, shopper_id: str, text: str, way: Way, identity: str, database: Database) -> str | None:
    """Her words as they may be shown, if the core is not sure of them and she has agreed."""
    if not gate.may(session, shopper_id, Purpose.ASSISTANT, database.clock.now()).ok:
        return None
    row = repository.thread(session, derived_id("cnv", shopper_id, way.value, identity))
    if row is not None and row.state != ThreadState.BOT:
        return None
    memory = repository.memory_of(row) if row is not None else NOTHING
    known = knowledge.known(session)
    u = completed(understand(text, known, language=row.language if row is not None else "en"), memory.asked, memory.products)
    if u.confidence >= GATE:
        return None
    called = preferences.liked(session, shopper_id).called
    words = redacted(text, vocabulary(known, known_words()), (called,))
    return words or None
