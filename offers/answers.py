"""What a shopper has answered to surveys, as far as audiences ask: one row for each thing she chose, by a code word (`survey/question/choice`).

Owns those rows. The room that asks says it, with her agreement to personal offers; whoever counts asks for that again, so that a withdrawal counts before the
rows are gone. Must not know what a code word means, and holds no words of hers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, touched
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import crowds
from offers.models import AnswerRow

A = AnswerRow


def note(session: Session, *, shopper_id: str, answers: Iterable[str], at: datetime) -> None:
    """She has chosen these."""
    for answer in answers:
        insert_new(session, A, {"shopper_id": shopper_id, "answer": answer, "told_at": at}, unique=["shopper_id", "answer"])


def forget(session: Session, *, shopper_id: str) -> int:
    return touched(session, delete(A).where(A.shopper_id == shopper_id))


def given_by(session: Session, ids: Collection[str]) -> dict[str, list[tuple[str, datetime]]]:
    """Of each who chose any: what, and when. Asks nobody's consent: who calls has it."""
    found: defaultdict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for shopper_id, answer, told_at in session.execute(select(A.shopper_id, A.answer, A.told_at).where(A.shopper_id.in_(ids))):
        found[shopper_id].append((answer, told_at))
    return found


def of_everybody(session: Session, at: datetime, *, since: datetime | None = None, named: Collection[str] = ()) -> list[tuple[str, str]]:
    """(shopper, what she chose) of all who agree to personal offers at that time."""
    agreed = gate.agreed_to(session, Purpose.PERSONALISATION, at)
    found = select(A.shopper_id, A.answer).where(A.told_at <= at)
    found = found if since is None else found.where(A.told_at >= since)
    rows = session.execute(found if not named else found.where(A.answer.in_(named)))
    return [(shopper_id, answer) for shopper_id, answer in rows if shopper_id in agreed]


def counts(session: Session, *, prefix: str, at: datetime) -> dict[str, int]:
    """How many people chose each that begins so; under the empty name how many chose any."""
    joined = crowds.joined(session)  # several ids of one person are one
    rows = {(joined.get(who, who), answer) for who, answer in of_everybody(session, at) if answer.startswith(prefix)}
    return {**Counter(answer for _, answer in rows), "": len({who for who, _ in rows})}
