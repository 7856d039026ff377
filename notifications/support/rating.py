"""How content she was: one question once a case is solved, answered once.

Owns the answer. The link to it is signed for her alone, as every link in a message of ours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.kernel.outbox import emit
from app.privacy import gate
from notifications.support import repository
from notifications.support.contracts import CaseRated
from notifications.support.errors import CaseNotToRate, UnknownCase
from notifications.support.models import Case
from notifications.support.settings import SupportSettings
from notifications.support.viewing import RATED_STATES

WORDS_MOST_CHARS = 1000


def rate(session: Session, shopper_id: str, case_id: str, stars: int, words: str, settings: SupportSettings, *, at: datetime) -> None:
    """1 to 5, and words if she likes. Of two answers at once one counts. Raises Invalid, UnknownCase, CaseNotToRate."""
    said = words.strip()
    if not 1 <= stars <= 5:
        raise Invalid.field("stars", "1 to 5")
    if len(said) > WORDS_MOST_CHARS:
        raise Invalid.field("words", f"at most {WORDS_MOST_CHARS} characters")
    found = repository.find(session, case_id, shopper_id=shopper_id)
    if found is None:
        raise UnknownCase
    shopper_id = found.shopper_id  # as whom she opened it: her words are sealed with that key
    gate.hold(session, (shopper_id,))
    solved = (Case.state.in_(RATED_STATES), Case.merged_into.is_(None), Case.solved_at >= at - timedelta(seconds=settings.rate_within_s))
    sealed = repository.sealed(shopper_id, said, case_id, "rating") if said else None
    once = update(Case).where(Case.id == case_id, Case.shopper_id == shopper_id, Case.stars.is_(None), *solved)
    if not moved(session, once.values(stars=stars, rating_sealed=sealed, rated_at=at)):
        raise CaseNotToRate
    emit(session, CaseRated(case_id, shopper_id, stars, at), subject=shopper_id)
