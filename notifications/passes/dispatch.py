"""Tell wallets that passes have changed: claim in one transaction, send with none open, record in another.

Owns the states of a copy between queued and told. Must not hold a transaction while Apple or Google is asked. All passes of a device are
told by one word to it, so that an address that turns out to be dead was asked once and no more. A process that dies between sending and
recording leaves a lease that runs out; a repeat does no harm. docs/channels.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.privacy import gate
from notifications.passes import changes, contents, keeping
from notifications.passes.forms import PassForms
from notifications.passes.models import PassCopy
from notifications.passes.ports import PassGateway, PassUpdate, Wallet
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.retries import RetryRules, next_attempt

log = get_logger(__name__)

PUT_OFF = timedelta(minutes=5)
_WORTH = timedelta(days=365)
"""A pass is worth correcting as long as it is there: only attempts end a row of tries, and the next daily look begins another."""


@dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """One address this process may now tell. `stamps`: which change of which copy it is told of. It holds an address, so it has no repr."""

    claim: str
    wallet: Wallet
    address_hash: str
    stamps: dict[str, int]
    attempts: int
    at: datetime
    update: PassUpdate


def look_at_due(database: Database, wallet: Wallet, forms: PassForms) -> int:
    """Look at the passes that are to be looked at; each in its own transaction, so that one that cannot be made holds up no other.
    Returns how many."""
    with database.reading() as session:
        coupon_ids = changes.due(session, wallet, database.clock.now())
    looked = 0
    for coupon_id in coupon_ids:
        try:
            with database.transaction() as session:
                changes.look(session, forms, coupon_id, database.clock.now())
            looked += 1
        except Exception as error:
            log.exception("pass_not_looked_at", coupon_id=coupon_id, error=type(error).__name__, exc_info=error)
            with database.transaction() as session:
                changes.put_off(session, coupon_id, database.clock.now() + PUT_OFF)
    return looked


def claim(session: Session, wallet: Wallet, forms: PassForms, *, at: datetime, limit: int, lease_s: float) -> list[Claimed]:
    """Take what is due, address by address, and nothing that is asked to an address somebody is waiting for."""
    p, other = PassCopy, aliased(PassCopy)
    waited_for = select(other.address_hash).where(other.wallet == wallet.value, other.state == "claimed", other.lease_until > at)
    due = select(p.address_hash, p.shopper_id).where(_is_due(wallet, at), p.address_hash.not_in(waited_for))
    seen = session.execute(due.order_by(p.next_attempt_at, p.id).limit(limit)).all()
    if not seen:
        return []
    gate.hold(session, {row.shopper_id for row in seen})  # what her consent puts on a pass is sent before a withdrawal commits, or not at all
    rows = select(p).where(p.wallet == wallet.value, p.address_hash.in_({row.address_hash for row in seen})).order_by(p.id).with_for_update()
    found = sorted(session.scalars(rows.execution_options(populate_existing=True)), key=lambda copy: copy.address_hash)
    claimed = [_take(session, forms, list(copies), at, lease_s) for _, copies in groupby(found, key=lambda copy: copy.address_hash)]
    session.flush()
    return [one for one in claimed if one is not None]


def _is_due(wallet: Wallet, at: datetime) -> ColumnElement[bool]:
    p = PassCopy
    waits, was_left = and_(p.state == "queued", p.next_attempt_at <= at), and_(p.state == "claimed", p.lease_until <= at)
    return and_(p.wallet == wallet.value, or_(waits, was_left))


def _take(session: Session, forms: PassForms, copies: Sequence[PassCopy], at: datetime, lease_s: float) -> Claimed | None:
    """One word for all that is owed to one address; None: somebody waits for an answer from there, or there is nothing to say."""
    if any(copy.state == "claimed" and copy.lease_until is not None and copy.lease_until > at for copy in copies):
        return None
    owed = [copy for copy in copies if copy.state == "claimed" or (copy.state == "queued" and copy.next_attempt_at <= at)]
    told = _update(session, forms, owed[0], at) if owed else None
    if told is None:
        for copy in owed:
            _rest(copy, Reason.NO_PUSH_TOKEN)
        return None
    mine = new_id("clm")
    for copy in owed:
        copy.state, copy.claim, copy.lease_until, copy.attempts = "claimed", mine, at + timedelta(seconds=lease_s), copy.attempts + 1
    first = owed[0]
    return Claimed(mine, Wallet(first.wallet), first.address_hash, {c.id: c.stamp for c in owed}, max(c.attempts for c in owed), at, told)


def _update(session: Session, forms: PassForms, copy: PassCopy, at: datetime) -> PassUpdate | None:
    """What is sent, as it is now. None: there is no way there, or nothing left to speak of."""
    if copy.wallet == Wallet.APPLE:
        token = keeping.token_of(copy)
        return PassUpdate(copy.id, token) if token is not None else None
    facts = forms.facts(session, copy.coupon_id, at)
    if facts is None:
        return None
    form = contents.google_again(forms.of(Wallet.GOOGLE, facts))
    return PassUpdate(copy.id, str(form["id"]), form)


def send(gateway: PassGateway, claimed: Claimed) -> PushReceipt:
    """One bad recipient or answer never stops the others."""
    try:
        return gateway.send(claimed.update)
    except Exception as error:
        log.exception("pass_gateway_raised", copy_id=claimed.update.copy_id, error=type(error).__name__, exc_info=error)
        return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN)


def record(session: Session, claimed: Claimed, receipt: PushReceipt, *, rules: RetryRules, at: datetime) -> bool:
    """What was answered. False if the lease had run out and the update is another's by now; then nothing changes, except that a dead
    address is forgotten all the same."""
    if receipt.outcome is Outcome.DEAD:
        return _forget(session, claimed)
    rows = select(PassCopy).where(PassCopy.claim == claimed.claim, PassCopy.state == "claimed").order_by(PassCopy.id).with_for_update()
    copies = session.scalars(rows.execution_options(populate_existing=True)).all()
    for copy in copies:
        copy.claim = copy.lease_until = None
        if receipt.outcome is Outcome.RETRY:
            _again(copy, receipt, rules, at)
        elif receipt.outcome is Outcome.ACCEPTED:
            copy.told_at = at
            _rest(copy, None)
        else:
            _rest(copy, receipt.reason or Reason.PROVIDER_REFUSED)
        if copy.state == "quiet" and copy.stamp != claimed.stamps[copy.id]:  # it has changed while it was told
            copy.state, copy.next_attempt_at, copy.reason = "queued", at, None
    session.flush()
    if not copies:
        log.info("pass_claim_was_lost", copy_id=claimed.update.copy_id)
    return bool(copies)


def _again(copy: PassCopy, receipt: PushReceipt, rules: RetryRules, at: datetime) -> None:
    due = next_attempt(attempts=copy.attempts, now=at, expires_at=at + _WORTH, retry_after_s=receipt.retry_after_s, seed=copy.address_hash, rules=rules)
    if not isinstance(due, datetime):
        _rest(copy, Reason.GAVE_UP)
        copy.look_at = copy.look_at or at + changes.AGAIN
        return
    copy.state, copy.next_attempt_at, copy.reason = "queued", due, receipt.reason


def _rest(copy: PassCopy, reason: str | None) -> None:
    copy.state, copy.attempts, copy.reason, copy.claim, copy.lease_until = "quiet", 0, reason, None, None


def _forget(session: Session, claimed: Claimed) -> bool:
    """Nobody lives there any more: it goes now, with every pass that was told there, unless it was registered again since it was asked."""
    there = (PassCopy.wallet == claimed.wallet.value, PassCopy.address_hash == claimed.address_hash, PassCopy.registered_at <= claimed.at)
    ids = session.scalars(select(PassCopy.id).where(*there).order_by(PassCopy.id).with_for_update()).all()
    session.execute(delete(PassCopy).where(PassCopy.id.in_(ids)).execution_options(synchronize_session=False))
    for copy in session.scalars(select(PassCopy).where(PassCopy.claim == claimed.claim).execution_options(populate_existing=True)):
        copy.state, copy.claim, copy.lease_until, copy.next_attempt_at, copy.attempts = "queued", None, None, claimed.at, 0
    session.flush()
    return bool(ids)


def next_due_at(session: Session, wallet: Wallet) -> datetime | None:
    """When the next look, update or end of a lease is due; None if nothing waits."""
    p = PassCopy
    mine = p.wallet == wallet.value
    waits = (
        select(func.min(p.look_at)).where(mine), select(func.min(p.next_attempt_at)).where(mine, p.state == "queued"),
        select(func.min(p.lease_until)).where(mine, p.state == "claimed"),
    )  # fmt: skip
    return min((at for wait in waits if (at := session.scalar(wait)) is not None), default=None)
