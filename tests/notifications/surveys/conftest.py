"""What the tests of surveys share: a survey, shoppers who agree or do not, and what follows from a consent taken back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import Subscriptions
from app.kernel.relay import Relay
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from notifications.surveys import replying, writing
from notifications.surveys.contracts import ShownAfter, SurveyState
from notifications.surveys.inviting import Inviter
from notifications.surveys.questions import of_lines
from notifications.surveys.schemas import SurveyIn
from notifications.surveys.settings import SurveySettings
from notifications.surveys.wiring import Surveys
from tests.notifications.support.conftest import vault  # noqa: F401 - a fixture

LINES = "single: How? | A friend | The window\nmultiple: What? | Gifts | Sweets\nscale: Content? | 5\ntext: What else?"
REPLY = {"q1": "a-friend", "q2": ["gifts"], "q3": 5, "q4": "More light, please."}


class Town:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock, self.woken = database, clock, list[str]()
        self.inviter = Inviter(SurveySettings(), self.woken.append)
        subscriptions = Subscriptions()
        Surveys(self.inviter).subscribe(subscriptions)
        subscriptions.attach(database)
        self.relay = Relay(database, subscriptions)

    def run(self, work: Any) -> Any:
        with self.database.transaction() as session:
            return work(session)

    def shopper(self, *agreed: Purpose) -> str:
        def come(session: Session) -> str:
            shopper_id = people.register_device(session, "Phone", "ios", self.clock.now()).shopper_id
            for purpose in agreed:
                set_consent(session, shopper_id, purpose, granted=True, source="test", at=self.clock.now())
            return shopper_id

        return self.run(come)

    def withdraw(self, shopper_id: str, *, heard: bool = True) -> None:
        self.run(lambda session: set_consent(session, shopper_id, Purpose.PERSONALISATION, granted=False, source="test", at=self.clock.now()))
        if heard:
            self.relay.run_until_idle()

    def survey(self, survey_id: str = "visit", *, after: ShownAfter = ShownAfter.LINK, is_open: bool = True, **more: Any) -> str:
        given = SurveyIn.model_validate({"title": "Your visit", "shown_after": after, "questions": of_lines(LINES)} | more)
        self.run(lambda session: writing.keep(session, survey_id, given, by="per_1", at=self.clock.now()))
        if is_open:
            self.state(survey_id, SurveyState.OPEN)
        return survey_id

    def state(self, survey_id: str, state: SurveyState) -> None:
        self.run(lambda session: writing.set_state(session, survey_id, state, by="per_1", at=self.clock.now()))

    def reply(self, shopper_id: str, given: Any = REPLY, survey_id: str = "visit") -> None:
        self.run(lambda session: replying.reply(session, shopper_id, survey_id, given, at=self.clock.now()))


@pytest.fixture
def town(database: Database, vault: object, clock: ManualClock) -> Town:  # noqa: F811
    return Town(database, clock)
