"""A coupon was issued: tell the shopper, or record why not.

Owns the step from an issued coupon to a message in the inbox and pushes in the queue, in one transaction. Must not speak to a
provider (dispatch does) and must not decide what is offered (offers has).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from notifications import cancel, compose, fallback, policy, repository, weighing
from notifications.contracts import ChannelKind, PushSent
from notifications.ending import say_suppressed
from notifications.models import Delivery, Message
from notifications.policy import Course, Say
from notifications.ports import TokenKind
from notifications.reasons import NotificationReason
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued

INBOX = "inbox"
FCM = "fcm"


@dataclass(frozen=True, slots=True)
class Announcer:
    """What the use case needs beside its session. `channels` can be sent on from here. `wake_streams` and `wake_dispatch` run after the commit."""

    settings: NotificationSettings
    channels: Collection[ChannelKind]
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
        course = self._course(session, event, own_zone, at, sayable=not isinstance(said, Fail))
        recorded = repository.recorded(course.weighed)
        if isinstance(said, Fail) or course.say is Say.NOT:
            reasons = (*course.against, said) if isinstance(said, Fail) else course.against
            row = _row(message_id, event, "suppressed", reasons, at)
            row.weighed, row.kept_from = recorded, self._kept_from(event, at)
            self._suppress(session, row, reasons, at)
        else:
            row = _row(message_id, event, "live", course.against, at, said)
            row.weighed, row.kept_from = recorded, self._kept_from(event, at)
            self._say(session, row, course, at)
        return message_id

    def _course(self, session: Session, event: CouponIssued, own_zone: str | None, at: datetime, *, sayable: bool) -> Course:
        """What to do with it now; a waiting message that is worth less is let go for it, if that is what it takes."""
        rules, settings = self.settings.policy(), self.settings
        consent = gate.may(session, event.shopper_id, Purpose.MARKETING_PUSH, at)
        facts = weighing.occasion(
            session, settings, consent=consent, place_id=event.place_id, visit_id=event.visit_id, expires_at=event.expires_at, own_zone=own_zone, at=at
        )
        about = {"campaign_id": event.campaign_id, "place_id": event.place_id, "visit_id": event.visit_id}
        said = weighing.said_to(session, event.shopper_id, settings, event.visit_id, at)
        asked = facts.counting(said, **about)
        worse = policy.outranked(asked, said, rules, value_minor=event.value_minor, **about) if sayable else None
        if worse is not None and cancel.for_better(session, worse.message_id, at):
            asked = facts.counting([one for one in said if one is not worse], **about)
        return policy.course(asked, rules)

    def _kept_from(self, event: CouponIssued, at: datetime) -> datetime:
        """Where the retention of the record begins: late enough that it outlives its campaign."""
        if event.campaign_ends_at is None:
            return at
        return max(at, event.campaign_ends_at - timedelta(seconds=self.settings.keep_messages_s))

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

    def _suppress(self, session: Session, row: Message, reasons: tuple[Fail, ...], at: datetime) -> None:
        codes = tuple(r.reason for r in reasons)
        session.add(row)
        session.add(_delivery(row, INBOX, "", "suppressed", at, reasons=codes))
        say_suppressed(session, row.id, row.shopper_id, INBOX, row.coupon_id, row.campaign_id, [str(code) for code in codes], at)

    def _say(self, session: Session, row: Message, course: Course, at: datetime) -> None:
        session.add(row)
        inbox = _delivery(row, INBOX, "", "sent", at)
        inbox.sent_at = at
        session.add(inbox)
        queued = self._queue_pushes(session, row, course, at)
        row.held_until = course.until if queued else None
        row.said_at = at if course.say is Say.NOW else None
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
        if queued and course.say is Say.NOW:
            wakes.append(self.wake_dispatch)

    def _queue_pushes(self, session: Session, row: Message, course: Course, at: datetime) -> int:
        """A push to each of her phones and browsers; where there is none, one further way. What is not sent says why. Returns how many
        wait to be sent."""
        # By the devices she has now: a phone somebody else has signed in on since is no longer hers.
        tokens = repository.tokens_on(session, [d.device_id for d in people.devices_of(session, row.shopper_id)])
        if not tokens:
            session.add(_delivery(row, FCM, "", "suppressed", at, reasons=(NotificationReason.NO_PUSH_TOKEN,)))
            further, against = fallback.choose(session, row.shopper_id, self.channels, at)
            for channel, why in against.items():
                session.add(_delivery(row, channel, "", "suppressed", at, reasons=(why,)))
            return self._queue(session, row, further, "", None, course, at) if further is not None else 0
        return sum(self._queue(session, row, TokenKind(t.kind).channel, t.device_id, t.id, course, at) for t in tokens)

    def _queue(
        self, session: Session, row: Message, channel: ChannelKind, device_id: str, token_id: str | None, course: Course, at: datetime
    ) -> int:
        """One delivery, waiting or with the reason why not; 1 if it waits to be sent."""
        silently = course.say is Say.SILENTLY
        why = NotificationReason.QUIET_HOURS if silently else NotificationReason.PUSH_NOT_CONFIGURED
        waits = channel in self.channels and not silently
        push = _delivery(row, channel, device_id, "queued" if waits else "suppressed", at, reasons=() if waits else (why,))
        if course.until is not None and waits:
            push.next_attempt_at, push.reasons = course.until, [NotificationReason.QUIET_HOURS.value]
        push.push_token_id = token_id
        session.add(push)
        return int(waits)


def _row(
    message_id: str,
    event: CouponIssued,
    state: str,
    reasons: tuple[Fail, ...],
    at: datetime,
    said: compose.Composed | None = None,
) -> Message:
    return Message(
        id=message_id,
        shopper_id=event.shopper_id,
        kind="offer",
        state=state,
        reasons=repository.against(reasons),
        coupon_id=event.coupon_id,
        campaign_id=event.campaign_id,
        moment_id=event.moment_id,
        visit_id=event.visit_id,
        place_id=event.place_id,
        title=said.title if said else compose.cut(compose.clean(event.title), compose.TITLE_MOST_CHARS),
        body=said.body if said else compose.cut(compose.clean(event.body), compose.BODY_MOST_CHARS),
        link=said.link if said else "",
        collapse_key=compose.collapse_key(event.visit_id, message_id),
        value_minor=event.value_minor,
        weighed=[],
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
        kept_from=row.kept_from,
        created_at=at,
        expires_at=row.expires_at,
    )
