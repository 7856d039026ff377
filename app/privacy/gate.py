"""The gate: may this shopper's data be used for this purpose now?

Owns the question rooms ask before they use anything. Must not cache: a withdrawal that has committed is seen by the
next question, in every process. Ask inside the transaction that does the work.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.verdict import Verdict
from app.privacy.consent import ConsentRecord, judge
from app.privacy.models import ConsentStateRow
from app.privacy.purposes import NOTICES, Purpose

_BATCH = 500
"""Ids per statement: well under the smallest limit on bound values."""


def may(session: Session, shopper_id: str, purpose: Purpose, at: datetime) -> Verdict:
    """PASS, or Fail(`no_consent_<purpose>`) with the fact `why`: never_granted, withdrawn, notice_changed."""
    return may_many(session, (shopper_id,), purpose, at)[shopper_id]


def may_many(session: Session, shopper_ids: Collection[str], purpose: Purpose, at: datetime) -> dict[str, Verdict]:
    """The verdict for each of the ids (all of them are in the answer); one statement for 500."""
    ids = list(dict.fromkeys(shopper_ids))
    found: dict[str, ConsentRecord] = {}
    for start in range(0, len(ids), _BATCH):
        # columns, not rows of the session's identity map: what this session has seen before must not be the answer
        rows = session.execute(
            select(
                ConsentStateRow.shopper_id,
                ConsentStateRow.granted,
                ConsentStateRow.notice_version,
                ConsentStateRow.sequence,
                ConsentStateRow.source,
                ConsentStateRow.at,
            ).where(ConsentStateRow.purpose == purpose.value, ConsentStateRow.shopper_id.in_(ids[start : start + _BATCH])),
        )
        for shopper_id, granted, notice_version, sequence, source, made_at in rows:
            found[shopper_id] = ConsentRecord(purpose, granted, notice_version, sequence, source, made_at)
    return {shopper_id: judge(found.get(shopper_id), purpose, at) for shopper_id in ids}


def refused_of(session: Session, shopper_ids: Collection[str], purpose: Purpose, at: datetime) -> frozenset[str]:
    """Those of the ids for whom the verdict is not PASS. One counting statement when all may, which is the usual case.

    The condition in SQL is `judge` said once more, for thousands of ids at a time; a test holds the two against each other.
    """
    ids = set(shopper_ids)
    agreed = (
        ConsentStateRow.purpose == purpose.value,
        ConsentStateRow.granted,
        ConsentStateRow.at <= at,
        ConsentStateRow.notice_version >= NOTICES[purpose].version,
        ConsentStateRow.shopper_id.in_(listed(session, ids)),
    )
    if session.scalar(select(func.count()).select_from(ConsentStateRow).where(*agreed)) == len(ids):
        return frozenset()
    return frozenset(ids.difference(session.scalars(select(ConsentStateRow.shopper_id).where(*agreed))))
