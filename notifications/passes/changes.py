"""Has a pass changed? What it says now is held against what it said when it was last looked at, and an update is queued if it differs.

Owns asking for a look (events do, and time), and the look. What changes a pass is not listed anywhere but in its form: whatever is looked at
for nothing queues nothing, and however often it changes before it is told, one update is owed. Must not speak to the network.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from notifications.passes.contents import PassFacts
from notifications.passes.forms import PassForms
from notifications.passes.models import PassCopy
from notifications.passes.ports import Wallet
from notifications.reasons import NotificationReason as Reason

AGAIN = timedelta(days=1)
"""What no event tells, such as a store that has moved, and what could not be told in time: looked at once a day while the offer lives."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the pass says now; `since` when the copies in wallets say so, in whole seconds (None: no wallet has registered)."""

    facts: PassFacts
    since: datetime | None


def ask_of_coupon(session: Session, coupon_id: str, at: datetime) -> bool:
    """Something happened to this coupon. True if a wallet holds its pass."""
    return _ask(session, PassCopy.coupon_id == coupon_id, at)


def ask_of_shoppers(session: Session, shopper_ids: Collection[str], at: datetime) -> bool:
    """Something happened that all her passes may show."""
    return _ask(session, PassCopy.shopper_id.in_(shopper_ids), at)


def _ask(session: Session, which: ColumnElement[bool], at: datetime) -> bool:
    ids = session.scalars(select(PassCopy.id).where(which).order_by(PassCopy.id).with_for_update()).all()
    if ids:
        session.execute(update(PassCopy).where(PassCopy.id.in_(ids)).values(look_at=at).execution_options(synchronize_session=False))
    return bool(ids)


def due(session: Session, wallet: Wallet, at: datetime, limit: int = 100) -> Sequence[str]:
    """The coupons whose passes are to be looked at now."""
    rows = select(PassCopy.coupon_id).where(PassCopy.wallet == wallet.value, PassCopy.look_at <= at)
    return session.scalars(rows.distinct().order_by(PassCopy.coupon_id).limit(limit)).all()


def put_off(session: Session, coupon_id: str, until: datetime) -> None:
    """The look did not come to an end: not at once again."""
    late = update(PassCopy).where(PassCopy.coupon_id == coupon_id, PassCopy.look_at < until).values(look_at=until)
    session.execute(late.execution_options(synchronize_session=False))


def look(session: Session, forms: PassForms, coupon_id: str, at: datetime) -> Looked | None:
    """Look at every copy of this pass; None when there is no such coupon any more, and then no copy either.

    The rows are locked before the facts are read: what happens meanwhile asks for its look after this one.
    """
    copies, beside = _locked(session, coupon_id)
    facts = forms.facts(session, coupon_id, at)
    if facts is None:
        session.execute(delete(PassCopy).where(PassCopy.coupon_id == coupon_id).execution_options(synchronize_session=False))
        return None
    for copy in copies:
        digest = forms.digest(Wallet(copy.wallet), facts)
        if copy.digest != digest:
            copy.digest, copy.stamp = digest, 1 + max(one.stamp for one in beside if one.device_hash == copy.device_hash)
            copy.changed_at = max(at.replace(microsecond=0), copy.changed_at + timedelta(seconds=1))
            _queue(copy, at)
        elif copy.state == "quiet" and copy.reason is not None and (facts.expires_at > at or copy.reason == Reason.GAVE_UP):
            _queue(copy, at)
        copy.ends_at = facts.expires_at
        copy.look_at = _next_look(copy, facts, at)
    session.flush()
    return Looked(facts, max((copy.changed_at for copy in copies), default=None))


def _locked(session: Session, coupon_id: str) -> tuple[list[PassCopy], Sequence[PassCopy]]:
    """The copies, and all that lie beside them on the same devices, whose places among changes are given by one at a time; locked by id,
    so that two who look never wait for each other in a circle."""
    devices = session.scalars(select(PassCopy.device_hash).where(PassCopy.coupon_id == coupon_id, PassCopy.device_hash != "")).all()
    both = select(PassCopy).where(or_(PassCopy.coupon_id == coupon_id, PassCopy.device_hash.in_(devices)))
    beside = session.scalars(both.order_by(PassCopy.id).with_for_update().execution_options(populate_existing=True)).all()
    return [copy for copy in beside if copy.coupon_id == coupon_id], beside


def _queue(copy: PassCopy, at: datetime) -> None:
    """One that is on its way is told again when its answer is there (dispatch)."""
    if copy.state != "claimed":
        copy.state, copy.next_attempt_at, copy.attempts, copy.reason = "queued", at, 0, None


def _next_look(copy: PassCopy, facts: PassFacts, at: datetime) -> datetime | None:
    if facts.expires_at > at:
        return min(at + AGAIN, facts.expires_at)
    return at + AGAIN if copy.state != "quiet" or copy.reason == Reason.GAVE_UP else None
