"""Reading reviews: what everybody sees, what she has written, what waits for a person, and the stars of many products at once.

Owns the statements that read, and the sealing. Must not decide what is published: writing.py and moderating.py do.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import touched
from app.security.vault import open_each, seal_for
from storefront.catalog.models import ProductRow
from storefront.reasons import sentence
from storefront.review_contracts import ModeratedReview, OwnReview, Rating, ReviewVersion, ReviewView
from storefront.reviews.models import ReviewReportRow, ReviewRow, ReviewVersionRow
from storefront.reviews.rules import rating

PENDING, PUBLISHED, REJECTED, REMOVED = "pending", "published", "rejected", "removed"
SEALED_AS = "storefront_review"
MOST = 50
R, V, P = ReviewRow, ReviewVersionRow, ReviewReportRow
Pair = tuple[ReviewRow, ReviewVersionRow]
_NOW = and_(V.review_id == R.id, V.version == R.version)


def sealed(row: ReviewRow, version: int, what: str, said: Mapping[str, Any]) -> bytes:
    """For this version alone; opens no more once she is erased."""
    return seal_for(row.shopper_id, SEALED_AS, json.dumps(said, ensure_ascii=False).encode(), _bound(row.id, version, what))


def _bound(review_id: str, version: int, what: str) -> bytes:
    return f"{review_id}.{version}.{what}".encode()


def _opened(rows: Iterable[ReviewVersionRow]) -> list[tuple[dict[str, Any], str | None] | None]:
    """(what she said, the reply) of each; None where her key is no more."""
    rows = list(rows)
    words = open_each(SEALED_AS, [(row.sealed, _bound(row.review_id, row.version, "text")) for row in rows])
    replied = [row for row in rows if row.reply_sealed is not None]
    replies = open_each(SEALED_AS, [(row.reply_sealed or b"", _bound(row.review_id, row.version, "reply")) for row in replied])
    answers = {(row.review_id, row.version): json.loads(plain)["text"] for row, plain in zip(replied, replies, strict=True) if plain is not None}
    return [(json.loads(plain), answers.get((row.review_id, row.version))) if plain is not None else None for row, plain in zip(rows, words, strict=True)]


def _views(pairs: Sequence[Pair]) -> list[tuple[ReviewRow, ReviewVersionRow, ReviewView]]:
    out: list[tuple[ReviewRow, ReviewVersionRow, ReviewView]] = []
    for (row, now), said in zip(pairs, _opened(now for _, now in pairs), strict=True):
        if said is not None:
            words, reply = said
            out.append((row, now, ReviewView(row.id, row.product_id, now.stars, words["text"], words["name"], row.purchased, row.visited, now.written_at, row.version > 1, reply, now.replied_at)))
    return out


def _pairs(session: Session, *which: Any, limit: int, offset: int = 0, newest: bool = True) -> list[Pair]:
    order = (R.changed_at.desc(), R.id.desc()) if newest else (R.changed_at, R.id)
    rows = session.execute(select(R, V).join(V, _NOW).where(*which).order_by(*order).limit(limit).offset(offset).execution_options(populate_existing=True))
    return [(row, now) for row, now in rows]


def published(session: Session, product_id: str, *, limit: int = 10, offset: int = 0) -> list[ReviewView]:
    """What everybody may read of a product, the newest first."""
    return [view for _, _, view in _views(_pairs(session, R.product_id == product_id, R.state == PUBLISHED, limit=min(limit, MOST), offset=offset))]


def shown(session: Session, review_id: str) -> ReviewRow | None:
    """The review if everybody may read it."""
    return session.execute(select(R).where(R.id == review_id, R.state == PUBLISHED).execution_options(populate_existing=True)).scalar_one_or_none()


def ratings(session: Session, product_ids: Collection[str]) -> dict[str, Rating]:
    """Of those that have a published review."""
    counts: dict[str, dict[int, int]] = {}
    rows = session.execute(select(R.product_id, R.stars, func.count()).where(R.product_id.in_(listed(session, product_ids)), R.state == PUBLISHED).group_by(R.product_id, R.stars))
    for product_id, stars, times in rows:
        counts.setdefault(product_id, {})[stars] = times
    return {product_id: rating(by_stars) for product_id, by_stars in counts.items()}


def hers(session: Session, shopper_id: str, product_id: str | None = None) -> list[OwnReview]:
    """What she has written, the newest first."""
    which = (R.shopper_id == shopper_id, R.state != REMOVED, *((R.product_id == product_id,) if product_id else ()))
    return [
        OwnReview(view, row.state, tuple(now.waits), tuple(sentence(code) or "" for code in now.waits), now.why, sentence(now.why))
        for row, now, view in _views(_pairs(session, *which, limit=MOST))
    ]


def queue(session: Session, state: str = PENDING, *, limit: int = MOST, review_id: str | None = None) -> list[ModeratedReview]:
    """For who moderates: what waits, the oldest first; of other states the newest first."""
    which = (R.id == review_id, R.state != REMOVED) if review_id else (R.state == state,)
    found = _views(_pairs(session, *which, limit=min(limit, MOST), newest=state != PENDING))
    ids = [row.id for row, _, _ in found]
    names = {one.id: one.name for one in session.execute(select(ProductRow.id, ProductRow.name).where(ProductRow.id.in_({row.product_id for row, _, _ in found})))}
    reports: dict[str, dict[str, int]] = {}
    told = select(P.review_id, P.cause, func.count()).join(R, and_(R.id == P.review_id, R.version == P.version)).where(P.review_id.in_(listed(session, ids)), P.settled.is_(False))
    for one, cause, times in session.execute(told.group_by(P.review_id, P.cause).order_by(P.cause)):
        reports.setdefault(one, {})[cause] = times
    versions = _versions(session, ids)
    return [ModeratedReview(view, names.get(row.product_id, row.product_id), row.state, tuple(versions[row.id]), reports.get(row.id, {})) for row, _, view in found]


def waiting(session: Session) -> int:
    """How many wait for a person."""
    return session.scalar(select(func.count()).where(R.state == PENDING)) or 0


def _versions(session: Session, review_ids: Collection[str]) -> dict[str, list[ReviewVersion]]:
    out: dict[str, list[ReviewVersion]] = {one: [] for one in review_ids}
    rows = session.scalars(select(V).where(V.review_id.in_(listed(session, review_ids))).order_by(V.review_id, V.version.desc())).all()
    for row, said in zip(rows, _opened(rows), strict=True):
        text = said[0]["text"] if said is not None else ""
        out[row.review_id].append(ReviewVersion(row.version, row.stars, text, row.state, tuple(row.waits), row.why, row.written_at, row.decided_at, row.decided_by))
    return out


# --- her data ---------------------------------------------------------------------------------------------------------


def told(session: Session, shopper_id: str) -> dict[str, Any]:
    """All she ever wrote that is still there, with the replies, and what she reported."""
    rows = session.execute(select(R, V).join(V, V.review_id == R.id).where(R.shopper_id == shopper_id).order_by(R.id, V.version)).all()
    words = _opened(now for _, now in rows)
    written = [
        {"product_id": row.product_id, "version": now.version, "stars": now.stars, **(said[0] if said else {}), "state": now.state, "why": now.why, "written_at": now.written_at, "reply": said[1] if said else None,
         "purchased": row.purchased, "visited": row.visited}
        for (row, now), said in zip(rows, words, strict=True)
    ]  # fmt: skip
    reported = [{"review_id": row.review_id, "cause": row.cause, "at": row.at} for row in session.scalars(select(P).where(P.shopper_id == shopper_id).order_by(P.at, P.review_id))]
    return {name: found for name, found in (("reviews", written), ("reported", reported)) if found}


def forget(session: Session, shopper_id: str) -> int:
    """Her reviews with all they said, and her reports."""
    mine = select(R.id).where(R.shopper_id == shopper_id)
    gone = 0
    for statement in (delete(P).where(P.review_id.in_(mine) | (P.shopper_id == shopper_id)), delete(V).where(V.review_id.in_(mine)), delete(R).where(R.shopper_id == shopper_id)):
        gone += touched(session, statement)
    return gone


def hand_over(session: Session, before: str, into: str) -> int:
    """She has signed in: what she wrote before is hers, sealed as it is; of a product she has reviewed already, what her account says stays."""
    twice = select(R.product_id).where(R.shopper_id == into)
    session.execute(delete(R).where(R.shopper_id == before, R.product_id.in_(twice)).execution_options(synchronize_session=False))
    return touched(session, update(R).where(R.shopper_id == before).values(shopper_id=into))


def hide_visits(session: Session, shopper_id: str) -> int:
    """She does not let us notice visits any more: none is shown either."""
    return touched(session, update(R).where(R.shopper_id == shopper_id, R.visited).values(visited=False))
