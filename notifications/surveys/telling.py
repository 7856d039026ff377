"""The message that asks her to answer a survey: in her inbox, with its page behind it.

Owns the rows that carry it. Must not decide whether she is asked (inviting.py), and must not push.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from notifications import compose, contents, preferences, queueing
from notifications.models import SURVEY, Message
from notifications.phrases import titled
from notifications.surveys.contracts import SurveyView

LIFE = timedelta(days=14)


def tell(session: Session, shopper_id: str, survey: SurveyView, at: datetime) -> None:
    language = preferences.language_of(session, shopper_id)
    title, body = compose.fitted(*titled("survey", language, title=survey.title, count=len(survey.questions)))
    message_id = derived_id("msg", SURVEY, survey.id, shopper_id)
    content = contents.Content(title, body, f"/m/surveys/{survey.id}")
    message = Message(
        id=message_id, shopper_id=shopper_id, kind=SURVEY, state="live", reasons=[], sealed=contents.sealed(shopper_id, message_id, content),
        collapse_key=compose.collapse_key("", message_id), weighed=[], created_at=at, expires_at=at + LIFE,
    )  # fmt: skip
    session.add(message)
    session.flush()
    queueing.in_inbox(session, message, at)
