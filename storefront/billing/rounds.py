"""The round over memberships that are to be looked at: something was told of them, or something should have happened.

Owns the round. Each is claimed by moving its next look on, so several rounds may run side by side; a provider that does not answer leaves it for later.
"""

from __future__ import annotations

from datetime import timedelta

from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from storefront.billing import subscribing
from storefront.memberships import repository
from storefront.payments.shop import Shop

log = get_logger(__name__)

UNANSWERED, A_DAY = timedelta(minutes=1), timedelta(days=1)
"""The longer it lasts the rarer: somebody who has begun to join and went away is asked about a dozen times, not a thousand."""


def look_due(shop: Shop, limit: int = 50) -> int:
    """Look at up to `limit` that are due; returns how many were looked at. Call every few seconds."""
    at, looked = shop.now(), 0
    with shop.database.reading() as session:
        due = repository.due(session, at, limit)
    for membership_id, seen, joined_at in due:
        with shop.database.transaction() as session:
            if not repository.look_later(session, membership_id, seen, at + max(UNANSWERED, min(at - joined_at, A_DAY) / 4)):
                continue
        looked += 1
        try:
            subscribing.look(shop, membership_id)
        except AppError as refusal:
            log.warning("membership_not_settled", membership_id=membership_id, reason=refusal.code)
    return looked
