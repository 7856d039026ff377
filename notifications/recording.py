"""What a provider has answered is written down: sent, again later, or ended with its reason.

Owns the moves of a push from claimed to what comes next, one by one and for many answers at once. Must not ask a provider, and must not
move what another process has claimed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.kernel.db import connection_of, moved, prepared
from app.kernel.logs import get_logger
from app.kernel.outbox import emit_many
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from notifications.addresses import contact_for
from notifications.claims import Claimed
from notifications.contracts import PushSent
from notifications.ending import codes_of, drop, say_suppressed
from notifications.fallback import Further
from notifications.models import Delivery, Message, PushToken
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.retries import RetryRules, next_attempt

log = get_logger(__name__)

_IDS = bindparam("ids", expanding=True)
_EARLIER = select(Message.id).where(Message.id.in_(_IDS), Message.said_at < bindparam("at")).order_by(Message.id).with_for_update()
_SET_OUT = update(Message).where(Message.id.in_(_EARLIER)).values(said_at=bindparam("at"))
_MINE = (Delivery.state == "claimed", Delivery.claim == bindparam("_claim"))
_HELD = select(Delivery.id, Delivery.claim).where(Delivery.id.in_(_IDS), Delivery.state == "claimed")
_SENT: dict[str, Any] = {"state": "sent", "claim": None, "lease_until": None, "reasons": []}
_SENT_EACH = update(Delivery).where(Delivery.id == bindparam("_id"), *_MINE).values(**_SENT, sent_at=bindparam("_at"), provider_message_id=bindparam("_name"))
_TEXTS = ARRAY(Text)
_GIVEN = func.unnest(bindparam("ids", type_=_TEXTS), bindparam("claims", type_=_TEXTS), bindparam("names", type_=_TEXTS)).table_valued("id", "claim", "name").render_derived("given")
_SENT_AT_ONCE = (
    update(Delivery)
    .where(Delivery.id == _GIVEN.c.id, Delivery.state == "claimed", Delivery.claim == _GIVEN.c.claim)
    .values(**_SENT, sent_at=bindparam("_at"), provider_message_id=_GIVEN.c.name)
    .returning(Delivery.id, _GIVEN.c.claim)
)


def record_all(
    session: Session, answers: Sequence[tuple[Claimed, PushReceipt]], *, channel: str, rules: RetryRules, at: datetime, further: Further | None = None
) -> None:
    """`record` for many: what was accepted in a handful of statements however many there are, everything else one by one."""
    accepted = [(claimed, receipt) for claimed, receipt in answers if receipt.outcome is Outcome.ACCEPTED]
    _sent(session, accepted, channel, at)
    for claimed, receipt in answers:
        if receipt.outcome is not Outcome.ACCEPTED:
            record(session, claimed, receipt, channel=channel, rules=rules, at=at, further=further)


def _sent(session: Session, accepted: Sequence[tuple[Claimed, PushReceipt]], channel: str, at: datetime) -> int:
    """How many of them were still ours to write down."""
    if not accepted:
        return 0
    prepared(session, _SET_OUT, {"ids": sorted({claimed.request.message_id for claimed, _ in accepted}), "at": at})
    rows = [(claimed.delivery_id, claimed.claim, (receipt.provider_message_id or "")[:200]) for claimed, receipt in accepted]
    mine = _all_at_once(session, rows, at) if session.get_bind().dialect.name == "postgresql" else _each(session, rows, at)
    for claimed, _ in accepted:
        if (claimed.delivery_id, claimed.claim) not in mine:
            log.info("push_claim_was_lost", delivery_id=claimed.delivery_id)
    emit_many(session, [(_push_sent(claimed, channel, at), claimed.shopper_id) for claimed, _ in accepted if (claimed.delivery_id, claimed.claim) in mine])
    return len(mine)


def _all_at_once(session: Session, rows: Sequence[tuple[str, str, str]], at: datetime) -> set[tuple[str, str]]:
    """Those that were still ours, by id and claim: one statement however many, which is one way to the server and back."""
    ids, claims, names = (list(column) for column in zip(*rows, strict=True))
    return {(row.id, row.claim) for row in prepared(session, _SENT_AT_ONCE, {"ids": ids, "claims": claims, "names": names, "_at": at})}


def _each(session: Session, rows: Sequence[tuple[str, str, str]], at: datetime) -> set[tuple[str, str]]:
    """The same where there is no way to go, and one writer at a time: what was read is still so."""
    held = {(row.id, row.claim) for row in prepared(session, _HELD, {"ids": [delivery_id for delivery_id, _, _ in rows]})}
    moving = [{"_id": delivery_id, "_claim": claim, "_at": at, "_name": name} for delivery_id, claim, name in rows if (delivery_id, claim) in held]
    if moving:
        connection_of(session).execute(_SENT_EACH, moving)
    return {(row["_id"], row["_claim"]) for row in moving}


def _push_sent(claimed: Claimed, channel: str, at: datetime) -> PushSent:
    return PushSent(
        message_id=claimed.request.message_id,
        shopper_id=claimed.shopper_id,
        channel=channel,
        coupon_id=claimed.coupon_id,
        campaign_id=claimed.campaign_id,
        sent_at=at,
    )


def record(
    session: Session, claimed: Claimed, receipt: PushReceipt, *, channel: str, rules: RetryRules, at: datetime, further: Further | None = None
) -> bool:
    """T5: what the provider said. False if the lease had run out and the push is another's by now; then nothing changes,
    except that a dead token is forgotten all the same."""
    if receipt.outcome is Outcome.ACCEPTED:
        return _sent(session, [(claimed, receipt)], channel, at) == 1
    reason = receipt.reason
    _set_out(session, claimed, at)
    if receipt.outcome is Outcome.DEAD:
        _forget(session, claimed, at, further)
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
        return fail(session, claimed, channel, ended, codes_of(due.reason, reason), at)
    failed = fail(session, claimed, channel, "failed", codes_of(reason or Reason.PROVIDER_REFUSED), at)
    return go_on(session, claimed, failed, at, further) if receipt.outcome is not Outcome.UNKNOWN else failed


def go_on(session: Session, claimed: Claimed, failed: bool, at: datetime, further: Further | None) -> bool:
    """Nothing has arrived for certain: the message may go another way."""
    if failed and further is not None:
        further.follow(session, claimed.request.message_id, at)
    return failed


def fail(session: Session, claimed: Claimed, channel: str, state: str, codes: list[str], at: datetime) -> bool:
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


def _forget(session: Session, claimed: Claimed, at: datetime, further: Further | None) -> None:
    """The address is dead: it goes now, and with it everything that still waits to be sent to it."""
    if claimed.push_token_id is None:
        _lose_contact(session, claimed, at)
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
        if further is not None and delivery.attempts == 0:  # else it may have been shown there before the address died
            further.follow(session, message.id, at)


def _lose_contact(session: Session, claimed: Claimed, at: datetime) -> None:
    """If it is still the one that was written to. What waits for it finds none when its turn comes."""
    known = contact_for(session, claimed.shopper_id, claimed.channel)
    if known is not None and isinstance(known.kind, ContactKind) and known.value == claimed.request.address:
        contacts.lose(session, claimed.shopper_id, known.kind, at, told_of=claimed.request.message_id, shown_before=at)
