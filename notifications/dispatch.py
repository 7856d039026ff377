"""Send what is queued: claim in one transaction, send with none open, record in another.

Owns the states of a push delivery between queued and its end. Must not hold a transaction while a provider is asked. A process
that dies between sending and recording leaves a lease that runs out; the repeat carries the same message id and collapse key, so
that a device shows it once. docs/algorithms/delivery.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, moved
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.kernel.outbox import emit
from app.kernel.verdict import Fail, Verdict
from app.privacy import gate
from app.security.contacts import facade as contacts
from notifications import compose, outgoing, second_look
from notifications.addresses import Address, address_of
from notifications.breaking import Breaker
from notifications.contracts import ChannelKind, PushSent
from notifications.ending import codes_of, drop, say_suppressed
from notifications.models import Delivery, Message, PushToken
from notifications.ports import Outcome, PushGateway, PushReceipt, PushRequest
from notifications.reasons import NotificationReason as Reason
from notifications.retries import RetryRules, next_attempt
from notifications.settings import NotificationSettings

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """One push this process may now send. It holds an address, so it has no repr."""

    delivery_id: str
    channel: ChannelKind
    claim: str
    attempts: int
    push_token_id: str | None
    shopper_id: str
    coupon_id: str | None
    campaign_id: str | None
    expires_at: datetime
    request: PushRequest


def run_once(
    database: Database, gateway: PushGateway, settings: NotificationSettings, executor: Executor, breaker: Breaker | None = None
) -> int:
    """Claim a batch, send it side by side, record each. Returns how many were claimed or dropped (0: nothing is due, or the provider is
    left alone for now)."""
    breaker = breaker or Breaker(gateway.channel, settings.breaker())
    limit = breaker.may_go(settings.push_workers * 4, database.clock.now())
    if limit == 0:
        return 0
    with database.reading() as session:
        if session.execute(_due(gateway.channel, database.clock.now()).limit(1)).first() is None:
            return 0
    with database.transaction() as session:
        looked_at, claimed = claim(
            session,
            gateway.channel,
            at=database.clock.now(),
            limit=limit,
            lease_s=settings.push_lease_s,
            settings=settings,
        )
    waiting = [executor.submit(_send_and_record, database, gateway, settings.retries(), one, breaker) for one in claimed]
    for one in waiting:
        one.result()
    return looked_at


def _send_and_record(
    database: Database, gateway: PushGateway, rules: RetryRules, claimed: Claimed, breaker: Breaker | None = None
) -> None:
    """One bad recipient, answer or row never stops the others.

    What was claimed may have waited for its turn here, so the gate is asked once more, right before the network is: this look is where
    a push begins. Whoever withdraws before it, is sent nothing; what has passed it cannot be called back.
    """
    try:
        against = last_look(database, claimed)
        if against is not None:
            with database.transaction() as session:
                let_go(session, claimed, against, channel=gateway.channel, at=database.clock.now())
            return
        if breaker is not None:
            breaker.begun(database.clock.now())
        receipt = gateway.send(claimed.request)
    except Exception as error:
        log.exception(
            "push_gateway_raised", message_id=claimed.request.message_id, error=type(error).__name__, exc_info=error
        )
        receipt = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN)
    if breaker is not None:
        breaker.heard(receipt, database.clock.now())
    try:
        with database.transaction() as session:
            record(session, claimed, receipt, channel=gateway.channel, rules=rules, at=database.clock.now())
    except Exception as error:
        log.exception(
            "push_not_recorded", message_id=claimed.request.message_id, error=type(error).__name__, exc_info=error
        )


def last_look(database: Database, claimed: Claimed) -> str | None:
    """The reason why this push must not begin any more, or None."""
    with database.reading() as session:
        verdict = gate.may(session, claimed.shopper_id, claimed.channel.purpose, database.clock.now())
    return verdict.reason if isinstance(verdict, Fail) else None


def let_go(session: Session, claimed: Claimed, reason: str, *, channel: str, at: datetime) -> bool:
    """End a push that was claimed and not begun."""
    return _fail(session, claimed, channel, "suppressed", codes_of(reason), at)


def _due(channel: str, at: datetime) -> Select[Any]:
    d = Delivery
    return select(d.id).where(
        d.channel == channel,
        or_(and_(d.state == "queued", d.next_attempt_at <= at), and_(d.state == "claimed", d.lease_until <= at)),
    )


def next_due_at(session: Session, channel: str) -> datetime | None:
    """When the next push is due or the next lease runs out; None if nothing waits."""
    waits = (
        select(func.min(Delivery.next_attempt_at)).where(Delivery.channel == channel, Delivery.state == "queued"),
        select(func.min(Delivery.lease_until)).where(Delivery.channel == channel, Delivery.state == "claimed"),
    )
    found = [at for wait in waits if (at := session.scalar(wait)) is not None]
    return min(found, default=None)


def claim(
    session: Session, channel: str, *, at: datetime, limit: int, lease_s: float, settings: NotificationSettings | None = None
) -> tuple[int, list[Claimed]]:
    """T4: take what is due, ask again whether it may be sent, drop what may not. Returns (rows moved, claims).

    Their shoppers are held before any row is locked: a claim that commits, commits before the withdrawal that would have stopped it.
    """
    due = _due(channel, at).order_by(Delivery.next_attempt_at, Delivery.id)
    seen = session.execute(due.add_columns(Delivery.shopper_id).limit(limit)).all()
    gate.hold(session, {row.shopper_id for row in seen})
    settings = settings or NotificationSettings()
    settled = second_look.release(session, [row.id for row in seen], settings, at)
    mine = due.where(Delivery.id.in_([row.id for row in seen])).with_for_update(skip_locked=True)
    ids = list(session.scalars(mine))
    rows = session.execute(
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.next_attempt_at, Delivery.id)
    ).all()
    consents = gate.may_many(session, {d.shopper_id for d, _ in rows}, ChannelKind(channel).purpose, at)
    night = second_look.Night(session, settings, [d.shopper_id for d, _ in rows], at)
    claimed: list[Claimed] = []
    dropped = 0
    busy = _busy(session, [d.push_token_id for d, _ in rows if d.push_token_id], at)
    for delivery, message in rows:
        if delivery.push_token_id in busy:
            continue
        address = address_of(session, delivery)
        against = _against(delivery, message, consents[delivery.shopper_id], address, at)
        if not against and night.asleep(message):
            if night.wait(delivery, message):
                dropped += 1
                continue
            against = (Reason.QUIET_HOURS,)
        if against or address is None:
            state = "expired" if Reason.EXPIRED_BEFORE_SENT in against else "suppressed"
            dropped += drop(session, delivery, message, state, against, at=at)
            continue
        mine = new_id("clm")
        taken = update(Delivery).where(
            Delivery.id == delivery.id, Delivery.state == delivery.state, Delivery.attempts == delivery.attempts
        )
        values = {
            "state": "claimed",
            "claim": mine,
            "lease_until": at + timedelta(seconds=lease_s),
            "attempts": delivery.attempts + 1,
        }
        if moved(session, taken.values(**values)):
            busy.add(delivery.push_token_id or "")
            claimed.append(_claimed(delivery, message, mine, address, contacts.word_of(session, delivery.shopper_id), at))
    return len(claimed) + dropped + settled, claimed


def _busy(session: Session, token_ids: Sequence[str], at: datetime) -> set[str]:
    """Phones that a push is on its way to: the next waits for its answer, which may be that nobody lives there any more.

    The rows of the tokens are locked, so that two who claim at once do not each send to the same phone.
    """
    mine = session.scalars(select(PushToken.id).where(PushToken.id.in_(token_ids)).order_by(PushToken.id).with_for_update(skip_locked=True))
    locked = set(mine)
    there = set(session.scalars(select(PushToken.id).where(PushToken.id.in_(token_ids))))
    on_their_way = select(Delivery.push_token_id).where(
        Delivery.push_token_id.in_(token_ids), Delivery.state == "claimed", Delivery.lease_until > at
    )
    return (there - locked) | {token_id for token_id in session.scalars(on_their_way) if token_id is not None}


def _against(
    delivery: Delivery, message: Message, consent: Verdict, address: Address | None, at: datetime
) -> tuple[str, ...]:
    reasons: list[str] = []
    if isinstance(consent, Fail):
        reasons.append(consent.reason)
    if message.state == "withdrawn":
        reasons.append(Reason.MOMENT_RETRACTED)
    if message.seen_at is not None:
        reasons.append(Reason.ALREADY_SEEN)
    if compose.ttl_s(delivery.expires_at, at) <= 0:
        reasons.append(Reason.EXPIRED_BEFORE_SENT)
    if address is None:
        to_device = ChannelKind(delivery.channel).to_device
        reasons.append(Reason.NO_PUSH_TOKEN if to_device else Reason.NO_VERIFIED_CONTACT)
    return tuple(reasons)


def _claimed(
    delivery: Delivery, message: Message, mine: str, address: Address, word: str, at: datetime
) -> Claimed:
    return Claimed(
        delivery_id=delivery.id,
        channel=ChannelKind(delivery.channel),
        claim=mine,
        attempts=delivery.attempts + 1,
        push_token_id=address.push_token_id,
        shopper_id=delivery.shopper_id,
        coupon_id=message.coupon_id,
        campaign_id=message.campaign_id,
        expires_at=delivery.expires_at,
        request=outgoing.request_for(delivery, message, address, word, at),
    )


def record(
    session: Session, claimed: Claimed, receipt: PushReceipt, *, channel: str, rules: RetryRules, at: datetime
) -> bool:
    """T5: what the provider said. False if the lease had run out and the push is another's by now; then nothing changes,
    except that a dead token is forgotten all the same."""
    reason = receipt.reason
    _set_out(session, claimed, at)
    if receipt.outcome is Outcome.DEAD:
        _forget(session, claimed, at)
    if receipt.outcome is Outcome.RETRY:
        due = next_attempt(
            attempts=claimed.attempts,
            now=at,
            expires_at=claimed.expires_at,
            retry_after_s=receipt.retry_after_s,
            seed=claimed.delivery_id,
            rules=rules,
        )
        if isinstance(due, datetime):
            return _finish(session, claimed, state="queued", next_attempt_at=due, reasons=codes_of(reason))
        ended = "expired" if due.reason == Reason.EXPIRED_BEFORE_SENT else "failed"
        return _fail(session, claimed, channel, ended, codes_of(due.reason, reason), at)
    if receipt.outcome is not Outcome.ACCEPTED:
        return _fail(session, claimed, channel, "failed", codes_of(reason or Reason.PROVIDER_REFUSED), at)
    name = (receipt.provider_message_id or "")[:200]
    if not _finish(session, claimed, state="sent", sent_at=at, provider_message_id=name, reasons=[]):
        return False
    sent = PushSent(
        message_id=claimed.request.message_id,
        shopper_id=claimed.shopper_id,
        channel=channel,
        coupon_id=claimed.coupon_id,
        campaign_id=claimed.campaign_id,
        sent_at=at,
    )
    emit(session, sent, subject=claimed.shopper_id)
    return True


def _fail(session: Session, claimed: Claimed, channel: str, state: str, codes: list[str], at: datetime) -> bool:
    if not _finish(session, claimed, state=state, reasons=codes):
        return False
    message_id = claimed.request.message_id
    say_suppressed(session, message_id, claimed.shopper_id, channel, claimed.coupon_id, claimed.campaign_id, codes, at)
    return True


def _finish(session: Session, claimed: Claimed, **values: Any) -> bool:
    mine = update(Delivery).where(
        Delivery.id == claimed.delivery_id, Delivery.state == "claimed", Delivery.claim == claimed.claim
    )
    done = moved(session, mine.values(claim=None, lease_until=None, **values))
    if not done:
        log.info("push_claim_was_lost", delivery_id=claimed.delivery_id)
    return done


def _set_out(session: Session, claimed: Claimed, at: datetime) -> None:
    """Caps count from the last time a provider was asked: it was on its way until now at the latest."""
    row = update(Message).where(Message.id == claimed.request.message_id, Message.said_at < at)
    moved(session, row.values(said_at=at))


def _forget(session: Session, claimed: Claimed, at: datetime) -> None:
    """The address is dead: it goes now, and with it everything that still waits to be sent to it. A contact is hers to take away."""
    if claimed.push_token_id is None:
        return
    session.execute(
        delete(PushToken).where(PushToken.id == claimed.push_token_id).execution_options(synchronize_session=False)
    )
    waiting = session.execute(
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(
            Delivery.push_token_id == claimed.push_token_id,
            Delivery.state == "queued",
            Delivery.id != claimed.delivery_id,
        )
        .with_for_update(of=Delivery)
    ).all()
    for delivery, message in waiting:
        drop(session, delivery, message, "failed", (Reason.TOKEN_DEAD,), at=at)
