"""How surveys and replies are found, sealed and opened. Owns the queries. Must not decide."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.vault import open_each, seal_for
from notifications.surveys.contracts import ShownAfter, SurveyState, SurveyView
from notifications.surveys.models import SurveyAskedRow, SurveyReplyRow, SurveyRow
from notifications.surveys.questions import Choice, Kind, Question, Reply

SEALED_AS = "survey_reply"
S, R = SurveyRow, SurveyReplyRow


def find(session: Session, survey_id: str) -> SurveyView | None:
    row = session.scalar(select(S).where(S.id == survey_id).execution_options(populate_existing=True))
    return _view(row) if row is not None else None


def surveys(session: Session) -> list[SurveyView]:
    """Open ones first, then drafts, the newest first."""
    rows = session.scalars(select(S).order_by(S.changed_at.desc(), S.id))
    return sorted(map(_view, rows), key=lambda one: ("open", "draft", "closed").index(one.state))


def open_after(session: Session, what: ShownAfter) -> list[SurveyView]:
    return [_view(row) for row in session.scalars(select(S).where(S.state == SurveyState.OPEN.value, S.shown_after == what.value).order_by(S.id))]


def _view(row: SurveyRow) -> SurveyView:
    questions = tuple(
        Question(q["id"], Kind(q["kind"]), q["text"], tuple(Choice(c["id"], c["label"]) for c in q["choices"]), q["upto"], q["required"]) for q in row.questions
    )
    return SurveyView(row.id, SurveyState(row.state), row.title, row.intro, ShownAfter(row.shown_after), tuple(row.place_ids), questions, row.changed_at)


def sealed(survey_id: str, shopper_id: str, reply: Reply) -> bytes:
    return seal_for(shopper_id, SEALED_AS, json.dumps(reply, ensure_ascii=False).encode(), _bound(survey_id, shopper_id))


def replies(session: Session, *, shopper_id: str, survey_id: str | None = None) -> list[tuple[SurveyReplyRow, Reply]]:
    """Hers, opened."""
    found = select(R).where(R.shopper_id == shopper_id).order_by(R.at, R.survey_id)
    rows: Sequence[SurveyReplyRow] = session.scalars(found if survey_id is None else found.where(R.survey_id == survey_id)).all()
    opened = open_each(SEALED_AS, [(row.sealed, _bound(row.survey_id, row.shopper_id)) for row in rows])
    return [(row, json.loads(plain)) for row, plain in zip(rows, opened, strict=True) if plain is not None]


def words(session: Session, survey_id: str, at: datetime) -> dict[str, list[str]]:
    """Question -> what was answered to it, of those who agree now. Who said it is not told."""
    agreed = gate.agreed_to(session, Purpose.PERSONALISATION, at)
    rows = [row for row in session.scalars(select(R).where(R.survey_id == survey_id)) if row.shopper_id in agreed]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for plain in open_each(SEALED_AS, [(row.sealed, _bound(row.survey_id, row.shopper_id)) for row in rows]):
        for question_id, values in (json.loads(plain) if plain is not None else {}).items():
            found[question_id].extend(values)
    return found


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    titles = {one.id: one.title for one in surveys(session)}
    asked = session.execute(select(SurveyAskedRow.survey_id, SurveyAskedRow.at).where(SurveyAskedRow.shopper_id == shopper_id).order_by(SurveyAskedRow.at))
    return {
        "survey_replies": [{"survey": row.survey_id, "title": titles.get(row.survey_id, ""), "answers": reply, "at": row.at} for row, reply in replies(session, shopper_id=shopper_id)],
        "surveys_asked": [{"survey": survey_id, "at": at} for survey_id, at in asked],
    }


def forget(session: Session, shopper_id: str) -> int:
    """What she answered; that she was asked stays, so that she is not asked again."""
    return touched(session, delete(R).where(R.shopper_id == shopper_id))


def erase(session: Session, shopper_id: str) -> int:
    return forget(session, shopper_id) + touched(session, delete(SurveyAskedRow).where(SurveyAskedRow.shopper_id == shopper_id))


def _bound(survey_id: str, shopper_id: str) -> bytes:
    return f"{survey_id}:{shopper_id}".encode()
