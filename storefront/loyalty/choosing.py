"""Her word whether anything counts: one step, from then on, and back the same way.

Owns what follows from it. What she has stays hers: points, gifts, and stamps that were counted before; a tier rests while nothing counts.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.outbox import emit
from storefront.contracts import LoyaltyCounted
from storefront.loyalty import repository


def choose(session: Session, shopper_id: str, *, counted: bool, at: datetime) -> bool:
    """True when it is another word than before; then she is weighed anew."""
    changed = repository.choose(session, shopper_id, counted=counted, at=at)
    if changed:
        emit(session, LoyaltyCounted(shopper_id, at), subject=shopper_id)
    return changed
