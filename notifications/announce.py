"""A coupon was issued: tell the shopper, or record why not.

Owns the step from an issued coupon to a message in the inbox and pushes in the queue, in one transaction. Must not speak to a
provider (dispatch does) and must not decide what is offered (offers has).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from geofences import facade as geofences
from notifications import compose, policy, repository
from notifications.contracts import PushSent, PushSuppressed
from notifications.models import Delivery, Message
from notifications.reasons import NotificationReason
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued

INBOX = "inbox"
FCM = "fcm"


@dataclass(frozen=True, slots=True)
class Announcer:
    """What the use case needs beside its session. `wake_streams` and `wake_dispatch` run after the commit."""

    settings: NotificationSettings
    push_configured: bool
    wake_streams: Callable[[str], None]
    wake_dispatch: Callable[[], None]

    def announce(self, session: Session, event: CouponIssued, at: datetime) -> str:
        """Returns the message id, the same for the same coupon; a second call changes nothing.

        For a shopper who was erased meanwhile nothing is kept, not even a reason.
        """
        message_id = derived_id("msg", event.coupon_id)
        if not people.shopper_exists(session, event.shopper_id):
            return message_id
        gate.hold(session, (event.shopper_id,))
        own_zone = repository.take_turn(session, event.shopper_id, at)
        if repository.message(session, message_id) is not None:
            return message_id
        said = self._compose(message_id, event)
        against = policy.weigh(self._occasion(session, event, own_zone, at), self.settings.policy())
        reasons = (*against, said) if isinstance(said, Fail) else against
        if isinstance(said, Fail) or reasons:
            self._suppress(session, _row(message_id, event, "suppressed", reasons, at), reasons, at)
        else:
            self._say(session, _row(message_id, event, "live", (), at, said), at)
        return message_id

    def _compose(self, message_id: str, event: CouponIssued) -> compose.Composed | Fail:
        facts = compose.OfferFacts(
            message_id=message_id,
            coupon_id=event.coupon_id,
            visit_id=event.visit_id,
            place_name=event.place_name,
            title=event.title,
            body=event.body,
            expires_at=event.expires_at,
        )
        return compose.offer_message(facts, link_template=self.settings.link_template)

    def _occasion(self, session: Session, event: CouponIssued, own_zone: str | None, at: datetime) -> policy.Occasion:
        place = geofences.place(session, event.place_id)
        visit = geofences.visit(session, event.visit_id)
        since = at - timedelta(seconds=self.settings.cap_window_s)
        return policy.Occasion(
            at=at,
            consent=gate.may(session, event.shopper_id, Purpose.MARKETING_PUSH, at),
            expires_at=event.expires_at,
            zones=_zones(place.timezone if place else None, own_zone, self.settings.default_zone),
            in_store=visit is not None and visit.ended_at is None,
            said_at=repository.said_since(session, event.shopper_id, since),
            said_this_visit=repository.said_in_visit(session, event.shopper_id, event.visit_id),
        )

    def _suppress(self, session: Session, row: Message, reasons: tuple[Fail, ...], at: datetime) -> None:
        codes = tuple(r.reason for r in reasons)
        session.add(row)
        session.add(_delivery(row, INBOX, "", "suppressed", at, reasons=codes))
        suppressed = PushSuppressed(
            message_id=row.id,
            shopper_id=row.shopper_id,
            channel=INBOX,
            coupon_id=row.coupon_id,
            campaign_id=row.campaign_id,
            reason_codes=codes,
            decided_at=at,
        )
        emit(session, suppressed, subject=row.shopper_id)

    def _say(self, session: Session, row: Message, at: datetime) -> None:
        session.add(row)
        inbox = _delivery(row, INBOX, "", "sent", at)
        inbox.sent_at = at
        session.add(inbox)
        queued = self._queue_pushes(session, row, at)
        sent = PushSent(
            message_id=row.id,
            shopper_id=row.shopper_id,
            channel=INBOX,
            coupon_id=row.coupon_id,
            campaign_id=row.campaign_id,
            sent_at=at,
        )
        emit(session, sent, subject=row.shopper_id)
        wakes: list[Callable[[], None]] = session.info["after_commit"]
        shopper_id = row.shopper_id
        wakes.append(lambda: self.wake_streams(shopper_id))
        if queued:
            wakes.append(self.wake_dispatch)

    def _queue_pushes(self, session: Session, row: Message, at: datetime) -> int:
        """A push to each of her phones; where there is none to make, a row says why. Returns how many wait to be sent."""
        # By the devices she has now: a phone somebody else has signed in on since is no longer hers.
        tokens = repository.tokens_on(session, [d.device_id for d in people.devices_of(session, row.shopper_id)])
        if not tokens:
            session.add(_delivery(row, FCM, "", "suppressed", at, reasons=(NotificationReason.NO_PUSH_TOKEN,)))
            return 0
        for token in tokens:
            if self.push_configured:
                push = _delivery(row, FCM, token.device_id, "queued", at)
            else:
                push = _delivery(
                    row, FCM, token.device_id, "suppressed", at, reasons=(NotificationReason.PUSH_NOT_CONFIGURED,)
                )
            push.push_token_id = token.id
            session.add(push)
        return len(tokens) if self.push_configured else 0


def _row(
    message_id: str,
    event: CouponIssued,
    state: str,
    reasons: tuple[Fail, ...],
    at: datetime,
    said: compose.Composed | None = None,
) -> Message:
    recorded: list[dict[str, Any]] = [{"code": r.reason, "facts": dict(r.facts)} for r in reasons]
    return Message(
        id=message_id,
        shopper_id=event.shopper_id,
        kind="offer",
        state=state,
        reasons=recorded,
        coupon_id=event.coupon_id,
        campaign_id=event.campaign_id,
        moment_id=event.moment_id,
        visit_id=event.visit_id,
        place_id=event.place_id,
        title=said.title if said else compose.cut(compose.clean(event.title), compose.TITLE_MOST_CHARS),
        body=said.body if said else compose.cut(compose.clean(event.body), compose.BODY_MOST_CHARS),
        link=said.link if said else "",
        collapse_key=compose.collapse_key(event.visit_id, message_id),
        created_at=at,
        expires_at=event.expires_at,
    )


def _delivery(
    row: Message, channel: str, device_id: str, state: str, at: datetime, *, reasons: tuple[str, ...] = ()
) -> Delivery:
    return Delivery(
        id=derived_id("dlv", row.id, channel, device_id),
        message_id=row.id,
        shopper_id=row.shopper_id,
        channel=channel,
        device_id=device_id,
        push_token_id=None,
        state=state,
        reasons=[str(r) for r in reasons],
        attempts=0,
        next_attempt_at=at,
        created_at=at,
        expires_at=row.expires_at,
    )


def _zones(store: str | None, own: str | None, default: str) -> tuple[str, ...]:
    """The store's zone (or the default) and the shopper's own; a name this machine does not know is left out."""
    wanted = dict.fromkeys(z for z in (store or default, own) if z)
    return tuple(z for z in wanted if _is_zone(z)) or (default,)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
