"""What was queued is looked at again before it sets out: the night may have come, the morning may be over-full.

Owns letting messages go that waited for the end of quiet hours, and sending those back to wait whose push would now ring at night. Must not
send. Of what waits for one shopper, the most valuable is weighed first; over a cap the others stay in the inbox and say why.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved, prepared
from app.kernel.verdict import Verdict
from app.privacy import gate
from app.privacy.purposes import Purpose
from notifications import policy, repository, weighing
from notifications.cancel import drop_queued
from notifications.contracts import ChannelKind
from notifications.models import Delivery, Message, Recipient
from notifications.quiet import is_quiet, quiet_until
from notifications.reasons import NotificationReason as Reason
from notifications.settings import NotificationSettings


def release(session: Session, delivery_ids: Collection[str], settings: NotificationSettings, at: datetime) -> int:
    """Weigh all that has waited until now for the shoppers of these deliveries. Returns how many messages were let go or dropped.

    Each shopper's turn is taken first, and in one order, so that of two processes the second finds nothing left.
    """
    shopper_ids = set(prepared(session, _HELD, {"ids": list(delivery_ids)}).scalars())
    return sum(_release_to(session, shopper_id, settings, at) for shopper_id in sorted(shopper_ids))


_IDS = bindparam("ids", expanding=True)
_HELD = select(Message.shopper_id).join(Delivery, Delivery.message_id == Message.id).where(Delivery.id.in_(_IDS), Message.held_until.is_not(None))
_ZONES = select(Recipient.shopper_id, Recipient.timezone).where(Recipient.shopper_id.in_(_IDS))


def _release_to(session: Session, shopper_id: str, settings: NotificationSettings, at: datetime) -> int:
    own_zone = repository.take_turn(session, shopper_id, at)
    mine = select(Message).where(Message.shopper_id == shopper_id, Message.held_until <= at)
    best_first = mine.order_by(Message.value_minor.desc(), Message.position).execution_options(populate_existing=True)
    waited = session.scalars(best_first).all()
    for message in waited:
        consent = _consent(session, message, at)
        facts = weighing.occasion(
            session, settings, consent=consent, place_id=message.place_id, visit_id=message.visit_id, expires_at=message.expires_at, own_zone=own_zone, at=at
        )
        said = weighing.said_to(session, {shopper_id: message.visit_id}, settings, at)[shopper_id]
        asked = facts.counting(said, campaign_id=message.campaign_id, place_id=message.place_id, visit_id=message.visit_id)
        _settle(session, message, policy.course(asked, settings.policy()), at)
    return len(waited)


def _consent(session: Session, message: Message, at: datetime) -> Verdict:
    """To one of the ways it waits on; what stands against the first of them otherwise. Each is asked again by itself when it is claimed."""
    waits = select(Delivery.channel).where(Delivery.message_id == message.id, Delivery.state == "queued").order_by(Delivery.channel)
    purposes = dict.fromkeys(ChannelKind(channel).purpose for channel in session.scalars(waits)) or {Purpose.MARKETING_PUSH: None}
    verdicts = [gate.may(session, message.shopper_id, purpose, at) for purpose in purposes]
    return next((verdict for verdict in verdicts if verdict.ok), verdicts[0])


def _settle(session: Session, message: Message, course: policy.Course, at: datetime) -> None:
    this = update(Message).where(Message.id == message.id, Message.held_until == message.held_until)
    weighed = repository.recorded(course.weighed)
    if course.say is policy.Say.NOW:
        moved(session, this.values(held_until=None, said_at=at, weighed=weighed, reasons=[]))
    elif course.say is policy.Say.LATER:
        moved(session, this.values(held_until=course.until, weighed=weighed))
        waiting = update(Delivery).where(Delivery.message_id == message.id, Delivery.state == "queued")
        session.execute(waiting.values(next_attempt_at=course.until).execution_options(synchronize_session=False))
    else:
        moved(session, this.values(held_until=None, weighed=weighed, reasons=repository.against(course.against)))
        drop_queued(session, Message.id == message.id, [fail.reason for fail in course.against], at)


class Night:
    """Whether a push would ring at night, for many messages of one look."""

    def __init__(self, session: Session, settings: NotificationSettings, shopper_ids: Sequence[str], at: datetime) -> None:
        self._session, self._settings, self._at, self._rules = session, settings, at, settings.policy()
        rows = prepared(session, _ZONES, {"ids": list(shopper_ids)})
        self._own = {row.shopper_id: row.timezone for row in rows}
        self._zones: dict[tuple[str | None, str | None], tuple[tuple[str, ...], bool]] = {}

    def asleep(self, message: Message) -> bool:
        _, quiet = self._clocks(message)
        return quiet and not (self._rules.in_store_exempt and weighing.in_store(self._session, message.visit_id))

    def wait(self, delivery: Delivery, message: Message) -> bool:
        """Send it back to wait for the morning. False if the offer would be over by then, or belongs to a visit that is going on."""
        zones, _ = self._clocks(message)
        until = None if weighing.in_store(self._session, message.visit_id) else quiet_until(self._rules.quiet, zones, self._at)
        if until is None or (delivery.expires_at - until).total_seconds() < max(self._rules.least_life_s, 1):
            return False
        row = update(Delivery).where(Delivery.id == delivery.id, Delivery.state == delivery.state, Delivery.attempts == delivery.attempts)
        return moved(session=self._session, statement=row.values(state="queued", claim=None, lease_until=None, next_attempt_at=until, reasons=[Reason.QUIET_HOURS.value]))

    def _clocks(self, message: Message) -> tuple[tuple[str, ...], bool]:
        own = self._own.get(message.shopper_id)
        key = (message.place_id, own)
        if key not in self._zones:
            zones = weighing.zones_of(self._session, self._settings, message.place_id, own)
            self._zones[key] = (zones, is_quiet(self._rules.quiet, zones, self._at))
        return self._zones[key]
