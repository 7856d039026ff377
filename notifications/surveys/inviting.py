"""She is told of a survey after a visit or a purchase: in her inbox, without a sound, once each and seldom.

Owns when. It stands on *offers that fit*, which her answers are for, and on *messages*. Must not push: nobody's evening is worth an opinion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from notifications import repository as messages
from notifications.conversations import needs
from notifications.surveys import repository
from notifications.surveys.contracts import ShownAfter
from notifications.surveys.models import SurveyAskedRow, SurveyReplyRow
from notifications.surveys.settings import SurveySettings
from notifications.surveys.telling import tell


@dataclass(frozen=True, slots=True)
class Inviter:
    """`wake` runs after the commit, with whose page is to look."""

    settings: SurveySettings
    wake: Callable[[str], None]

    def invite(self, session: Session, shopper_id: str, after: ShownAfter, place_id: str | None, at: datetime) -> str | None:
        """The survey she was told of; None: there is none for her now."""
        fitting = [one for one in repository.open_after(session, after) if not one.place_ids or place_id in one.place_ids]
        if not fitting:
            return None
        gate.hold(session, (shopper_id,))
        agreed = needs.may_remember(session, shopper_id, at) and gate.may(session, shopper_id, Purpose.MARKETING_PUSH, at).ok
        if not agreed or not people.shopper_exists(session, shopper_id):
            return None
        messages.take_turn(session, shopper_id, at)  # of two at once the second sees that she was told
        last = session.scalar(select(func.max(SurveyAskedRow.at)).where(SurveyAskedRow.shopper_id == shopper_id))
        if last is not None and last > at - timedelta(days=self.settings.once_in_days):
            return None
        replied = set(session.scalars(select(SurveyReplyRow.survey_id).where(SurveyReplyRow.shopper_id == shopper_id)))
        for survey in fitting:
            row = {"survey_id": survey.id, "shopper_id": shopper_id, "at": at}
            if survey.id not in replied and insert_new(session, SurveyAskedRow, row, unique=["survey_id", "shopper_id"]):
                tell(session, shopper_id, survey, at)
                session.info["after_commit"].append(lambda: self.wake(shopper_id))
                return survey.id
        return None
