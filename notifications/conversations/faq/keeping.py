"""Entries of the FAQ are written, published, taken away and found.

Owns the rows. An entry is changed by one conditional UPDATE on its version. Must not decide whether the assistant may answer from it: matching.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.db import insert_new, moved, touched
from notifications.conversations.errors import FaqChanged, UnknownFaq
from notifications.conversations.faq import matching
from notifications.conversations.faq.matching import Phrased
from notifications.conversations.faq.models import FaqRow
from notifications.conversations.faq.schemas import EntryIn, FaqIn
from notifications.conversations.knowledge import Known
from notifications.conversations.understanding import understand

PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class FaqAnswer:
    """One entry as it is read in one language."""

    id: str
    language: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """One entry as the staff sees it. `spoken`: the languages in which the assistant may answer from it; it does not where the question asks for a price, an
    allergen or an order, whatever is written there."""

    id: str
    state: str
    texts: Mapping[str, Any]
    version: int
    changed_by: str
    changed_at: datetime
    spoken: tuple[str, ...]


def keep(session: Session, entry_id: str, given: EntryIn, *, by: str, at: datetime) -> FaqEntry:
    """Write it, new or in place of what stood there. Raises FaqChanged when somebody has changed the version that was read."""
    values = {"texts": {tag: text.model_dump() for tag, text in sorted(given.texts.items())}, "state": given.state, "changed_by": by, "changed_at": at}
    fresh = given.version is None and insert_new(session, FaqRow, {"id": entry_id, "version": 1, **values}, unique=["id"])
    if not fresh:
        there = [FaqRow.id == entry_id] + ([FaqRow.version == given.version] if given.version is not None else [])
        if not moved(session, update(FaqRow).where(*there).values(version=FaqRow.version + 1, **values)):
            raise FaqChanged
    return entry(session, entry_id)


def keep_all(session: Session, given: FaqIn, *, by: str, at: datetime) -> int:
    """All of them, or none."""
    for one in given.entries:
        keep(session, one.id, one, by=by, at=at)
    return len(given.entries)


def remove(session: Session, entry_id: str) -> None:
    """Raises UnknownFaq."""
    if not touched(session, delete(FaqRow).where(FaqRow.id == entry_id)):
        raise UnknownFaq


def entry(session: Session, entry_id: str) -> FaqEntry:
    """Raises UnknownFaq."""
    row = session.scalar(select(FaqRow).where(FaqRow.id == entry_id).execution_options(populate_existing=True))
    if row is None:
        raise UnknownFaq
    return _entry(row)


def entries(session: Session) -> list[FaqEntry]:
    """Drafts too, by id."""
    return [_entry(row) for row in session.scalars(select(FaqRow).order_by(FaqRow.id))]


def search(session: Session, question: str, language: str) -> list[FaqAnswer]:
    """What is published and may be meant, the surest first; without a question all of it, by the question. In her language where it is there."""
    shown = _shown(session, language)
    if not question.strip():
        return sorted((answer for answer, _ in shown), key=lambda one: one.question.casefold())
    by_id = {answer.id: answer for answer, _ in shown}
    return [by_id[i] for i, _ in matching.ranked(question, [phrased for _, phrased in shown])]


def answered(session: Session, question: str, language: str) -> FaqAnswer | None:
    """The one that is meant beyond doubt, in the language it was asked in and no other: what was not written in hers is not told her as an answer."""
    shown = [(answer, phrased) for answer, phrased in _shown(session, language) if answer.language == language]
    found = matching.meant(question, [phrased for _, phrased in shown])
    return next((answer for answer, _ in shown if answer.id == found), None)


def _shown(session: Session, language: str) -> list[tuple[FaqAnswer, Phrased]]:
    rows = session.execute(select(FaqRow.id, FaqRow.texts).where(FaqRow.state == PUBLISHED).order_by(FaqRow.id)).all()
    found: list[tuple[FaqAnswer, Phrased]] = []
    for entry_id, texts in rows:
        tag = languages.chosen(language, texts, languages.PLAIN if languages.PLAIN in texts else next(iter(texts)))
        text = texts[tag]
        found.append((FaqAnswer(entry_id, tag, text["question"], text["answer"]), Phrased(entry_id, (text["question"], *text["also_asked"]))))
    return found


def _entry(row: FaqRow) -> FaqEntry:
    spoken = tuple(tag for tag, text in row.texts.items() if matching.may_answer(understand(text["question"], Known(), language=tag)))
    return FaqEntry(row.id, row.state, dict(sorted(row.texts.items())), row.version, row.changed_by, row.changed_at, spoken)
