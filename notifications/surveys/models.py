"""The tables of surveys: what is asked, whom we have asked, and what each replied.

Owns shapes only. A reply is sealed with the shopper's key; what was chosen becomes facts in the room of offers, which says who has which.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class SurveyRow(Base):
    """`state`: draft, open, closed. Its questions change only while it is a draft: an answer means what was asked. `shown_after`: visit, purchase or link."""

    __tablename__ = "notifications_survey"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(120))
    intro: Mapped[str] = mapped_column(String(500))
    shown_after: Mapped[str] = mapped_column(String(10))
    place_ids: Mapped[list[str]] = mapped_column(Json)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class SurveyAskedRow(Base):
    """She was told of it; once each."""

    __tablename__ = "notifications_survey_asked"
    survey_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class SurveyReplyRow(Base):
    """What she answered; it exists only while she agrees to the use of it."""

    __tablename__ = "notifications_survey_reply"
    survey_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
