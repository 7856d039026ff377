"""What memberships hold about a shopper: how it is handed over, made gone, and taken along by who signs in.

Owns that. What was paid stays in the books, without her; what still runs ends at the provider as soon as it answers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved, touched
from offers import facade as offers
from storefront.contracts import ERASED
from storefront.memberships import repository
from storefront.memberships.models import MembershipRow
from storefront.memberships.states import MembershipState
from storefront.methods import repository as methods

_UNSAID = ("shopper_id", "seat", "sealed", "asked", "heard", "look_at", "tries", "setup_id", "kept_id")
_QUIETLY = {"synchronize_session": False}


def export(session: Session, shopper_id: str) -> dict[str, Any]:
    told = [_told(row, _UNSAID) | {"invoices": [_told(one, ("membership_id", "look")) for one in repository.invoices(session, row.id)]} for row in repository.all_of(session, shopper_id)]
    return {"memberships": told} if told else {}


def _told(row: Any, unsaid: tuple[str, ...]) -> dict[str, Any]:
    found = {c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in unsaid}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in found.items()}


def forget(session: Session, shopper_id: str) -> int:
    """The person goes. What runs is over for us at once, and over at the provider as soon as it answers: nothing is ever charged again."""
    at, m = session.info["clock"].now(), MembershipRow
    moved(session, update(m).where(m.seat == shopper_id).values(changed_at=at))  # whoever writes of it has done so, or finds it nameless
    row = repository.current(session, shopper_id)
    if row is not None and row.subscription_id is not None:
        methods.detach(session, methods.SUBSCRIPTION, row.subscription_id, at=at)
    ended = {"state": MembershipState.ENDED, "seat": None, "ended_at": at, "gives_until": None, "look_at": None}
    session.execute(update(m).where(m.seat == shopper_id).values(**ended).execution_options(**_QUIETLY))
    nameless = update(m).where(m.shopper_id == shopper_id).values(shopper_id=ERASED, sealed=None, kept_id=None)
    return touched(session, nameless)


def hand_over(session: Session, before: str, into: str, *, at: datetime) -> int:
    """She has signed in: what she had as somebody unknown is hers. Where both have a membership, the account's own stays, and the other ends: nobody pays
    twice for the same. Returns how many came."""
    m = MembershipRow
    for shopper_id in sorted((before, into)):
        moved(session, update(m).where(m.seat == shopper_id).values(changed_at=at))
    theirs, hers = repository.current(session, before), repository.current(session, into)
    if theirs is not None and hers is not None:
        if theirs.subscription_id is not None:
            methods.detach(session, methods.SUBSCRIPTION, theirs.subscription_id, at=at)
        theirs.seat = None
    elif theirs is not None:
        theirs.seat = into
    for row in repository.all_of(session, before):
        row.shopper_id, row.sealed = into, None  # sealed for who she was; the next look knows the card anew
    session.flush()
    offers.note_member(session, shopper_id=before, plan_id="", until=None, at=at)
    if theirs is None:
        return 0
    if hers is None:
        offers.note_member(session, shopper_id=into, plan_id=theirs.plan_id, until=theirs.gives_until, at=at)
        repository.note_news(session, membership_id=theirs.id, at=at)
        return 1
    return 0
