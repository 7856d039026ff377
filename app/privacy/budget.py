"""The privacy budget: how much may be asked of a dataset in a month, and what was answered.

Owns the ledger and the stored answers. A spend is one conditional UPDATE. The same question is answered with the same noise and
spends nothing: asking again and taking the mean would tell what the noise hides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.errors import AppError
from app.privacy.models import NoisyAnswerRow, PrivacyBudgetRow


class PrivacyBudgetSpent(AppError):
    """The privacy budget of this month is spent: no new question with noise is answered; those already asked still are."""

    status = 429
    code = "privacy_budget_spent"


def period_of(at: datetime) -> str:
    """The month, in UTC."""
    return at.strftime("%Y-%m")


def answered(
    session: Session,
    dataset: str,
    question: Mapping[str, Any],
    answer: Callable[[], Any],
    *,
    epsilon_micro: int,
    limit_micro: int,
    at: datetime,
) -> tuple[Any, bool]:
    """(the answer, whether it was stored already). Raises `PrivacyBudgetSpent`; the caller's transaction then keeps nothing.

    `epsilon_micro` belongs to the question: asked more exactly, it is another."""
    asked = json.dumps({**question, "epsilon_micro": epsilon_micro}, sort_keys=True)
    key = hashlib.sha256(asked.encode()).hexdigest()
    a = NoisyAnswerRow
    found = select(a.answer).where(a.dataset == dataset, a.question == key)
    known = session.execute(found).one_or_none()
    if known is None:
        made = answer()
        values = {"dataset": dataset, "question": key, "asked": asked, "epsilon_micro": epsilon_micro, "answer": made, "answered_at": at}
        if insert_new(session, a, values, unique=["dataset", "question"]):
            _spend(session, dataset, period_of(at), epsilon_micro, limit_micro)
            return made, False
        known = session.execute(found).one()  # somebody asked the same at the same moment
    return known[0], True


def _spend(session: Session, dataset: str, period: str, epsilon_micro: int, limit_micro: int) -> None:
    b = PrivacyBudgetRow
    insert_new(session, b, {"dataset": dataset, "period": period, "spent_micro": 0}, unique=["dataset", "period"])
    line = update(b).where(b.dataset == dataset, b.period == period, b.spent_micro + epsilon_micro <= limit_micro)
    if not moved(session, line.values(spent_micro=b.spent_micro + epsilon_micro)):
        raise PrivacyBudgetSpent


def spent(session: Session) -> list[tuple[str, str, int]]:
    """(dataset, month, millionths of epsilon spent), newest month first."""
    b = PrivacyBudgetRow
    rows = session.execute(select(b.dataset, b.period, b.spent_micro).order_by(b.period.desc(), b.dataset))
    return [(dataset, period, micro) for dataset, period, micro in rows]
