"""Who works for the shop approves a review, rejects it for one of a closed list of causes, or answers it.

Owns these moves: each is of the words that were read (`version`), so that nobody approves what has been changed meanwhile. Must not change a word of hers.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.outbox import emit
from app.privacy import gate
from storefront.errors import ReviewChanged, UnknownReview
from storefront.reasons import StorefrontReason as Reason
from storefront.review_contracts import ModeratedReview, ReviewJudged
from storefront.reviews import repository, rules
from storefront.reviews.models import ReviewReportRow, ReviewRow, ReviewVersionRow
from storefront.reviews.repository import PENDING, PUBLISHED, REJECTED, REMOVED

R, V, P = ReviewRow, ReviewVersionRow, ReviewReportRow


def approve(session: Session, review_id: str, version: int, *, by: str, at: datetime) -> ModeratedReview:
    """It stands there for everybody. What others reported of these words is settled. Raises UnknownReview, ReviewChanged."""
    return _decide(session, review_id, version, PUBLISHED, (PENDING, REJECTED), None, by, at)


def reject(session: Session, review_id: str, version: int, why: Reason, *, by: str, at: datetime) -> ModeratedReview:
    """Nobody but her reads it any more, and she reads why. Raises UnknownReview, ReviewChanged."""
    return _decide(session, review_id, version, REJECTED, (PENDING, PUBLISHED), why, by, at)


def _decide(session: Session, review_id: str, version: int, state: str, free: tuple[str, ...], why: Reason | None, by: str, at: datetime) -> ModeratedReview:
    row = _there(session, review_id)
    refusals = R.refusals + 1 if state == REJECTED else 0
    if not moved(session, update(R).where(R.id == review_id, R.version == version, R.state.in_(free)).values(state=state, refusals=refusals, changed_at=at)):
        raise ReviewChanged(extra={"version": row.version, "state": row.state})
    session.execute(update(V).where(V.review_id == review_id, V.version == version).values(state=state, why=why, decided_at=at, decided_by=by))
    session.execute(update(P).where(P.review_id == review_id, P.version <= version).values(settled=True))
    session.refresh(row)
    emit(session, ReviewJudged(row.id, row.shopper_id, row.product_id, row.version, row.stars, row.state, at), subject=row.shopper_id)
    return _told(session, review_id)


def reply(session: Session, review_id: str, version: int, text: str, *, by: str, at: datetime) -> ModeratedReview:
    """The shop's answer to these words, in place of what it said before; an empty one takes it away. Raises UnknownReview, ReviewChanged."""
    row, said = _there(session, review_id), rules.tidy(text)
    words = repository.sealed(row, version, "reply", {"text": said}) if said else None
    values = {"reply_sealed": words, "replied_at": at if said else None, "replied_by": by if said else None}
    now = select(R.id).where(R.id == review_id, R.version == version, R.state != REMOVED)
    if not moved(session, update(V).where(V.review_id == review_id, V.version == version, now.exists()).values(**values)):
        raise ReviewChanged(extra={"version": row.version, "state": row.state})
    return _told(session, review_id)


def _there(session: Session, review_id: str) -> ReviewRow:
    row = session.execute(select(R).where(R.id == review_id, R.state != REMOVED).execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise UnknownReview
    gate.hold(session, (row.shopper_id,))
    return row


def _told(session: Session, review_id: str) -> ModeratedReview:
    found = repository.queue(session, review_id=review_id)
    if not found:
        raise UnknownReview  # she was erased: her words open no more
    return found[0]
