"""A shopper writes, changes, removes or reports a review.

Owns these four. One review a shopper and product: writing again replaces the words and is weighed again. The row is the lock: it is moved on before the words
are written. Must not publish what a rule stumbled over: a person does (moderating.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from app.privacy import gate
from app.security.people import same_person
from storefront.catalog.repository import product
from storefront.errors import UnknownProduct, UnknownReview
from storefront.reasons import StorefrontReason as Reason
from storefront.review_contracts import OwnReview, ReviewJudged
from storefront.reviews import proving, repository, rules
from storefront.reviews.models import ReviewReportRow, ReviewRow, ReviewVersionRow
from storefront.reviews.repository import PENDING, PUBLISHED, REMOVED
from storefront.settings import StorefrontSettings

R, V, P = ReviewRow, ReviewVersionRow, ReviewReportRow


@dataclass(frozen=True, slots=True)
class Said:
    """What she wrote. `show_visit`: that she was in a store of ours may be looked up, and be shown."""

    stars: int
    text: str
    name: str
    shown_as: rules.ShownAs
    show_visit: bool = False


def write(session: Session, shopper_id: str, product_id: str, said: Said, settings: StorefrontSettings, *, at: datetime) -> OwnReview:
    """Her review of the product (of a variant: of what it is a variant of), in place of what stood there. Raises UnknownProduct."""
    found = product(session, product_id)
    if found is None:
        raise UnknownProduct
    head_id = found.head_id or found.id
    gate.hold(session, (shopper_id,))  # somebody may be erasing her: nothing is written after that
    insert_new(session, R, {"id": new_id("rev"), "shopper_id": shopper_id, "product_id": head_id, "state": REMOVED, "version": 0, "changed_at": at}, unique=["shopper_id", "product_id"])
    mine = (R.shopper_id == shopper_id, R.product_id == head_id)
    moved(session, update(R).where(*mine).values(version=R.version + 1, changed_at=at))
    row = session.execute(select(R).where(*mine).execution_options(populate_existing=True)).scalar_one()
    ids = same_person(session, shopper_id)
    row.purchased = proving.has_it(session, ids, head_id)
    row.visited = said.show_visit and proving.was_there(session, ids, at=at)
    text, name = rules.tidy(said.text), rules.shown_name(said.name, said.shown_as)
    waits = _waits(session, row, f"{name or ''}\n{text}", settings)
    row.stars, row.state = said.stars, PENDING if waits else PUBLISHED
    session.add(V(review_id=row.id, version=row.version, stars=said.stars, sealed=repository.sealed(row, row.version, "text", {"text": text, "name": name}), waits=waits, state=row.state, written_at=at))
    session.flush()
    _tell(session, row, at)
    return repository.hers(session, shopper_id, head_id)[0]


def _waits(session: Session, row: ReviewRow, text: str, settings: StorefrontSettings) -> list[str]:
    """Why a person must look first; nothing: nobody need."""
    found = [*rules.weigh(text, held_words=settings.review_held_words), *rules.trusted(settings.review_publishes, proved=row.purchased or row.visited, refusals=row.refusals)]
    reported = select(P.shopper_id).where(P.review_id == row.id, P.settled.is_(False)).limit(1)
    return [str(fail.reason) for fail in found] + ([str(Reason.REVIEW_REPORTED)] if session.scalar(reported) is not None else [])


def remove(session: Session, shopper_id: str, product_id: str, *, at: datetime) -> None:
    """Her words and what was said of them are gone; only that a person once had to say no is remembered. Raises UnknownReview."""
    found = product(session, product_id)
    of = R.product_id.in_({product_id, found.head_id or found.id} if found is not None else {product_id})
    mine = select(R).where(R.shopper_id == shopper_id, of, R.state != REMOVED).with_for_update()
    row = session.execute(mine.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise UnknownReview
    session.execute(delete(P).where(P.review_id == row.id))
    session.execute(delete(V).where(V.review_id == row.id))
    row.state, row.purchased, row.visited, row.changed_at = REMOVED, False, False, at
    session.flush()
    _tell(session, row, at)


def report(session: Session, shopper_id: str, review_id: str, cause: Reason, settings: StorefrontSettings, *, at: datetime) -> None:
    """She finds that it should not stand there. From several shoppers it is taken down until a person has looked. Raises UnknownReview; her own she cannot report."""
    gate.hold(session, (shopper_id,))
    row = repository.shown(session, review_id)
    if row is None or row.shopper_id in same_person(session, shopper_id):
        raise UnknownReview
    new = {"review_id": row.id, "shopper_id": shopper_id, "version": row.version, "cause": cause, "settled": False, "at": at}
    if not insert_new(session, P, new, unique=["review_id", "shopper_id", "version"]):
        return
    open_now = select(func.count()).where(P.review_id == row.id, P.version == row.version, P.settled.is_(False))
    if (session.scalar(open_now) or 0) < settings.review_reports_hold:
        return
    if moved(session, update(R).where(R.id == row.id, R.version == row.version, R.state == PUBLISHED).values(state=PENDING, changed_at=at)):
        held = update(V).where(V.review_id == row.id, V.version == row.version)
        session.execute(held.values(state=PENDING, waits=[str(Reason.REVIEW_REPORTED)]))
        session.refresh(row)
        _tell(session, row, at)


def _tell(session: Session, row: ReviewRow, at: datetime) -> None:
    emit(session, ReviewJudged(row.id, row.shopper_id, row.product_id, row.version, row.stars, row.state, at), subject=row.shopper_id)
