"""Send what is queued: claim in one transaction, send with none open, record in another.

Owns the states of a push delivery between queued and its end. Must not hold a transaction while a provider is asked. A process
that dies between sending and recording leaves a lease that runs out; the repeat carries the same message id and collapse key, so
that a device shows it once. docs/algorithms/delivery.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, defer

from app.kernel import trace_steps, tracing
from app.kernel.db import Database, prepared
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.kernel.verdict import PASS, Fail, Verdict
from app.privacy import gate
from app.privacy.purposes import no_consent
from app.security.contacts import facade as contacts
from notifications import choosing, compose, outgoing, second_look
from notifications.addresses import Address, addresses_of
from notifications.breaking import Breaker
from notifications.claims import Claimed
from notifications.contents import Content, contents_of
from notifications.contracts import ChannelKind
from notifications.conversations.contracts import Way
from notifications.conversations.outward import heard_lately
from notifications.ending import codes_of, drop
from notifications.fallback import Further
from notifications.models import REPLY, SERVICE, Delivery, Message, PushToken
from notifications.ports import Outcome, PushGateway, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.recording import fail, go_on, record, record_all
from notifications.retries import RetryRules
from notifications.settings import NotificationSettings

__all__ = ["Claimed", "claim", "last_look", "let_go", "next_due_at", "record", "run_once"]

log = get_logger(__name__)

BATCHES_MOST = 50
AHEAD, AHEAD_TO_DEVICES = 4, 8
"""How many are claimed for each sender at once: fewer claims cost less, and what is claimed must set out before its lease ends, however long each
takes. A push whose lease has ended all the same is repeated, and shown once; of a text that was claimed nobody knows whether it went."""
TOGETHER_MOST, TOGETHER_S = 128, 0.25
"""Answers that come within so short a time are written down together. A process that dies meanwhile has not noted these: they are repeated
with the same ids, as ever."""


@dataclass(frozen=True, slots=True)
class NotBegun:
    """It was not handed to the provider, for this reason."""

    reason: str


Answer = PushReceipt | NotBegun | BaseException


def run_once(
    database: Database, gateway: PushGateway, settings: NotificationSettings, executor: Executor, breaker: Breaker | None = None, further: Further | None = None
) -> int:
    """Claim what is due and send it side by side; while the last of a batch are on their way, the next is claimed. Answers are written down
    as they come, those that came together in one transaction. Returns how many were claimed or dropped (0: nothing is due, or the provider
    is left alone for now)."""
    with database.glancing():
        return _run(database, gateway, settings, executor, breaker or Breaker(gateway.channel, settings.breaker()), further)


def _run(
    database: Database, gateway: PushGateway, settings: NotificationSettings, executor: Executor, breaker: Breaker, further: Further | None
) -> int:
    answers: SimpleQueue[tuple[Claimed, Answer]] = SimpleQueue()
    looked_at, on_their_way, more, batches = 0, 0, True, 0
    died: BaseException | None = None
    while more or on_their_way:
        if more and on_their_way <= settings.push_workers:
            batches += 1
            wanted = claimed_at_once(gateway.channel, settings)
            try:
                seen, claimed = _next_batch(database, gateway.channel, settings, breaker.may_go(wanted, database.clock.now()), further)
            except Exception as error:
                if not on_their_way:
                    raise
                log.exception("dispatch_failed", error=type(error).__name__, exc_info=error)  # what is on its way is heard all the same
                seen, claimed = 0, []
            looked_at += seen
            # a short batch was the last for now; and whoever stops this process does not wait for a queue without end
            more = seen >= wanted and batches < BATCHES_MOST
            for one in claimed:
                executor.submit(_send_into, answers, database, gateway, one, breaker)
            on_their_way += len(claimed)
            continue
        enough = on_their_way - settings.push_workers if more else on_their_way  # then the next are claimed, before the senders stand idle
        heard = _heard(answers, min(enough, TOGETHER_MOST))
        on_their_way -= len(heard)
        died = next((answer for _, answer in heard if isinstance(answer, BaseException)), died)
        _write_down(database, gateway.channel, settings.retries(), heard, further)
        more = more and died is None
    if died is not None:
        raise died
    return looked_at


def claimed_at_once(channel: str, settings: NotificationSettings) -> int:
    return settings.push_workers * (AHEAD_TO_DEVICES if ChannelKind(channel).to_device else AHEAD)


def _next_batch(
    database: Database, channel: str, settings: NotificationSettings, limit: int, further: Further | None = None
) -> tuple[int, list[Claimed]]:
    if limit == 0:
        return 0, []
    if not database.glance(_ANY_DUE, {"way": channel, "at": database.clock.now()}):
        return 0, []
    with database.transaction() as session:
        return claim(session, channel, at=database.clock.now(), limit=limit, lease_s=settings.push_lease_s, settings=settings, further=further)


def _heard(answers: SimpleQueue[tuple[Claimed, Answer]], most: int) -> list[tuple[Claimed, Answer]]:
    """The next answer, and those that come within a moment of it, at most so many: a commit costs as much as several sends."""
    heard = [answers.get()]
    until_s = time.monotonic() + TOGETHER_S
    with suppress(Empty):
        while len(heard) < most:
            heard.append(answers.get(timeout=max(until_s - time.monotonic(), 0)))
    return heard


def _send_into(
    answers: SimpleQueue[tuple[Claimed, Answer]], database: Database, gateway: PushGateway, claimed: Claimed, breaker: Breaker
) -> None:
    try:
        answers.put((claimed, _send(database, gateway, claimed, breaker)))
    except BaseException as error:  # noqa: BLE001 - the process is going: whoever waits for this answer has to know
        answers.put((claimed, error))


def _send(database: Database, gateway: PushGateway, claimed: Claimed, breaker: Breaker | None = None) -> PushReceipt | NotBegun:
    """One bad recipient or answer never stops the others.

    What was claimed may have waited for its turn here, so the gate is asked once more, right before the network is: this look is where
    a push begins. Whoever withdraws before it, is sent nothing; what has passed it cannot be called back.
    """
    try:
        against = last_look(database, claimed)
        if against is not None:
            return NotBegun(against)
        if breaker is not None:
            breaker.begun(database.clock.now())
        with tracing.following("push.send", [claimed.trace], channel=str(claimed.channel)) as span:
            receipt = gateway.send(claimed.request)
            span.set(outcome=str(receipt.outcome))
    except Exception as error:
        log.exception(
            "push_gateway_raised", message_id=claimed.request.message_id, error=type(error).__name__, exc_info=error
        )
        receipt = PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN)
    if breaker is not None:
        breaker.heard(receipt, database.clock.now())
    return receipt


def _write_down(
    database: Database, channel: str, rules: RetryRules, heard: Sequence[tuple[Claimed, Answer]], further: Further | None = None
) -> None:
    """All of it in one transaction; where that fails, each in its own, so that one bad row never stops the others."""
    try:
        with database.transaction() as session:
            _write(session, channel, rules, heard, database.clock.now(), further)
    except Exception as error:
        if len(heard) > 1:
            for one in heard:
                _write_down(database, channel, rules, [one], further)
            return
        log.exception(
            "push_not_recorded", message_id=heard[0][0].request.message_id, error=type(error).__name__, exc_info=error
        )


def _write(
    session: Session, channel: str, rules: RetryRules, heard: Sequence[tuple[Claimed, Answer]], at: datetime, further: Further | None = None
) -> None:
    for claimed, answer in heard:
        if isinstance(answer, NotBegun):
            let_go(session, claimed, answer.reason, channel=channel, at=at, further=further)
    receipts = [(claimed, answer) for claimed, answer in heard if isinstance(answer, PushReceipt)]
    record_all(session, receipts, channel=channel, rules=rules, at=at, further=further)


def last_look(database: Database, claimed: Claimed) -> str | None:
    """The reason why this push must not begin any more, or None."""
    if claimed.purpose is None:
        return None
    verdict = gate.glance(database, claimed.shopper_id, claimed.purpose, database.clock.now())
    return verdict.reason if isinstance(verdict, Fail) else None


def let_go(session: Session, claimed: Claimed, reason: str, *, channel: str, at: datetime, further: Further | None = None) -> bool:
    """End a push that was claimed and not begun."""
    return go_on(session, claimed, fail(session, claimed, channel, "suppressed", codes_of(reason), at), at, further)


def _is_due(channel: Any, at: Any) -> ColumnElement[bool]:
    d = Delivery
    waits, was_left = and_(d.state == "queued", d.next_attempt_at <= at), and_(d.state == "claimed", d.lease_until <= at)
    return and_(d.channel == channel, or_(waits, was_left))


# Built once: for a batch of some thirty, building them anew costs as much as running them.
_DUE = _is_due(bindparam("way"), bindparam("at"))
_IDS = Delivery.id.in_(bindparam("ids", expanding=True))
_OF_TOKENS = bindparam("ids", expanding=True)
_ANY_DUE = select(Delivery.id).where(_DUE).limit(1)
_SEEN = select(Delivery.id, Delivery.shopper_id).where(_DUE).order_by(Delivery.next_attempt_at, Delivery.id).limit(bindparam("limit"))
_FOR_LATER = (
    Delivery.sent_at, Delivery.delivered_at, Delivery.read_at, Delivery.kept_from, Delivery.created_at, Delivery.provider_message_id, Message.weighed, Message.reasons, Message.said_at,
    Message.kept_from, Message.created_at, Message.clicked_at, Message.dismissed_at,
)  # fmt: skip
"""What nobody asks when something is sent, and costs as much to read as the rest."""
_ROWS = (
    select(Delivery, Message)
    .options(*map(defer, _FOR_LATER))
    .join(Message, Message.id == Delivery.message_id)
    .where(_DUE, _IDS)
    .order_by(Delivery.next_attempt_at, Delivery.id)
    .with_for_update(of=Delivery, skip_locked=True)
    .execution_options(populate_existing=True)
)
_TAKE = (
    update(Delivery)
    .where(_IDS, _DUE)
    .values(state="claimed", claim=bindparam("mine"), lease_until=bindparam("lease"), attempts=Delivery.attempts + 1)
    .returning(Delivery.id)
)
_LOCK_TOKENS = select(PushToken.id).where(PushToken.id.in_(_OF_TOKENS)).order_by(PushToken.id).with_for_update(skip_locked=True)
_TOKENS = select(PushToken.id).where(PushToken.id.in_(_OF_TOKENS))
_ON_THEIR_WAY = select(Delivery.push_token_id).where(
    Delivery.push_token_id.in_(_OF_TOKENS), Delivery.state == "claimed", Delivery.lease_until > bindparam("at")
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
    session: Session, channel: str, *, at: datetime, limit: int, lease_s: float, settings: NotificationSettings | None = None, further: Further | None = None
) -> tuple[int, list[Claimed]]:
    """T4: take what is due, ask again whether it may be sent, drop what may not. Returns (rows moved, claims).

    Their shoppers are held before any row is locked: a claim that commits, commits before the withdrawal that would have stopped it.
    """
    seen = prepared(session, _SEEN, {"way": channel, "at": at, "limit": limit}).all()
    gate.hold(session, {row.shopper_id for row in seen})
    settings = settings or NotificationSettings()
    settled = second_look.release(session, [row.id for row in seen], settings, at)
    rows = session.execute(_ROWS, {"way": channel, "at": at, "ids": [row.id for row in seen]}).all()
    consents = gate.may_many(session, {d.shopper_id for d, _ in rows}, ChannelKind(channel).purpose, at)
    services = {kind: gate.may_many(session, {d.shopper_id for d, m in rows if m.kind == kind}, purpose, at) for kind, purpose in SERVICE.items()}
    night = second_look.Night(session, settings, [d.shopper_id for d, _ in rows], at)
    found = addresses_of(session, [d for d, _ in rows])
    said = contents_of([message for _, message in rows])
    words = contacts.words_of(session, {d.shopper_id for d, _ in rows})
    free = heard_lately(session, [d.shopper_id for d, _ in rows], Way.WHATSAPP, at) if channel == ChannelKind.WHATSAPP else set[str]()
    busy = _busy(session, [d.push_token_id for d, _ in rows if d.push_token_id], at)
    mine, takes, dropped = new_id("clm"), list[tuple[Delivery, Message, Address]](), 0
    for delivery, message in rows:
        if delivery.push_token_id in busy or message.id not in said:  # erased meanwhile: it is about to go
            continue
        address = found[delivery.id]
        is_reply = message.kind == REPLY
        agreed = services.get(message.kind, consents)
        against = _against(delivery, message, PASS if is_reply else agreed[delivery.shopper_id], address, settings, at)
        if not against and not is_reply and night.asleep(message):
            if night.wait(delivery, message):
                dropped += 1
                continue
            against = (Reason.QUIET_HOURS,)
        if against or address is None:
            state = "expired" if Reason.EXPIRED_BEFORE_SENT in against else "suppressed"
            dropped += drop(session, delivery, message, state, against, at=at)
            if further is not None and delivery.attempts == 0 and set(against) <= CLOSES_A_WAY:
                further.follow(session, message.id, at)
            continue
        busy.add(delivery.push_token_id or "")
        takes.append((delivery, message, address))
    taken = _take(session, channel, [d.id for d, _, _ in takes], mine, at, lease_s)
    traces = trace_steps.found(session, [m.id for _, m, _ in takes])
    claimed = [_claimed(d, m, said[m.id], mine, address, words[d.shopper_id], at, in_window=d.shopper_id in free, trace=traces.get(m.id)) for d, m, address in takes if d.id in taken]
    return len(claimed) + dropped + settled, claimed


def _take(session: Session, channel: str, ids: Sequence[str], mine: str, at: datetime, lease_s: float) -> set[str]:
    """Those that are still due are ours for a while, by one UPDATE that says so again. (Their rows are locked; where they cannot be, there
    is one writer at a time.)"""
    if not ids:
        return set()
    values = {"way": channel, "at": at, "ids": ids, "mine": mine, "lease": at + timedelta(seconds=lease_s)}
    return set(prepared(session, _TAKE, values).scalars())


def _busy(session: Session, token_ids: Sequence[str], at: datetime) -> set[str]:
    """Phones that a push is on its way to: the next waits for its answer, which may be that nobody lives there any more.

    The rows of the tokens are locked, so that two who claim at once do not each send to the same phone.
    """
    if not token_ids:
        return set()
    barred = set[str]()
    if session.get_bind().dialect.name == "postgresql":
        locked = set(prepared(session, _LOCK_TOKENS, {"ids": token_ids}).scalars())
        barred = set(prepared(session, _TOKENS, {"ids": token_ids}).scalars()) - locked
    return barred | set(prepared(session, _ON_THEIR_WAY, {"ids": token_ids, "at": at}).scalars())


CLOSES_A_WAY = frozenset({Reason.NO_PUSH_TOKEN, Reason.NO_VERIFIED_CONTACT, Reason.TOO_LATE_FOR_CHANNEL, *(no_consent(kind.purpose) for kind in ChannelKind)})
"""What stands against one way alone."""


def _against(
    delivery: Delivery, message: Message, consent: Verdict, address: Address | None, settings: NotificationSettings, at: datetime
) -> tuple[str, ...]:
    reasons: list[str] = []
    if delivery.state == "claimed" and not ChannelKind(delivery.channel).to_device:
        reasons.append(Reason.PROVIDER_UNKNOWN)  # whoever held it may have handed it over, and a repeat would be seen
    if isinstance(consent, Fail):
        reasons.append(consent.reason)
    if message.state == "withdrawn":
        reasons.append(Reason.MOMENT_RETRACTED)
    if message.seen_at is not None:
        reasons.append(Reason.ALREADY_SEEN)
    if compose.ttl_s(delivery.expires_at, at) <= 0:
        reasons.append(Reason.EXPIRED_BEFORE_SENT)
    elif not choosing.in_time(choosing.WAY_OF[ChannelKind(delivery.channel)], compose.ttl_s(delivery.expires_at, at), settings.ways()).ok:
        reasons.append(Reason.TOO_LATE_FOR_CHANNEL)
    if address is None:
        to_device = ChannelKind(delivery.channel).to_device
        reasons.append(Reason.NO_PUSH_TOKEN if to_device else Reason.NO_VERIFIED_CONTACT)
    return tuple(reasons)


def _claimed(
    delivery: Delivery, message: Message, content: Content, mine: str, address: Address, word: str, at: datetime, *, in_window: bool, trace: str | None = None
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
        request=outgoing.request_for(delivery, message, content, address, word, at, in_window=in_window),
        purpose=None if message.kind == REPLY else SERVICE.get(message.kind, ChannelKind(delivery.channel).purpose),
        trace=trace,
    )
