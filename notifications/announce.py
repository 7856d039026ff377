"""A coupon was issued: tell the shopper, or record why not.

Owns the step from an issued coupon to a message in the inbox and pushes in the queue, in one transaction. Must not speak to a
provider (dispatch does) and must not decide what is offered (offers has).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.verdict import PASS, Fail, Pass, Verdict
from app.privacy import gate
from app.security import people
from notifications import (
    cancel,
    choosing,
    compose,
    composing,
    contents,
    deliveries,
    herself,
    policy,
    preferences,
    repository,
    told,
    weighing,
)
from notifications.choosing import Choice
from notifications.contracts import ChannelKind, PushSent
from notifications.ending import suppressed
from notifications.herself import Herself
from notifications.models import Message
from notifications.policy import Course, Say
from notifications.ports import TokenKind
from notifications.reasons import NotificationReason
from notifications.settings import NotificationSettings
from notifications.telling import Telling, one_each
from notifications.ways import Gathering
from offers import facade as offers
from offers.contracts import CouponIssued, CouponMessage, Way

INBOX = "inbox"
FCM = "fcm"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where she may be told: her consent to the inbox and to push, her phones and browsers, and the way that was chosen."""

    to_inbox: Verdict
    tokens: Sequence[repository.Token]
    order: tuple[Way, ...]
    choice: Choice

    @property
    def in_inbox(self) -> bool:
        return self.to_inbox.ok

    @property
    def consent(self) -> Verdict:
        """To be told at all: there is a way she has agreed to, in the inbox or outside."""
        return PASS if self.choice.taken is not None else self.to_inbox


@dataclass(frozen=True, slots=True)
class Announcer:
    """What the use case needs beside its session. `channels` can be sent on from here. `wake_streams` and `wake_dispatch` run after the commit."""

    settings: NotificationSettings
    channels: Collection[ChannelKind]
    wake_streams: Callable[[str], None]
    wake_dispatch: Callable[[], None]

    def announce(self, session: Session, events: Sequence[CouponIssued], at: datetime) -> None:
        """Each once: of the same coupon a second time changes nothing. For a shopper who was erased meanwhile nothing is kept, not even a reason.

        Their turns are taken before anything else, and in one order, so that two who tell the same shoppers do not each wait for the other.
        """
        ids = sorted({event.shopper_id for event in events})
        gate.hold(session, ids)  # before it is asked who is here: somebody may be erasing her
        here = people.shoppers_here(session, ids)
        zones = {shopper_id: repository.take_turn(session, shopper_id, at) for shopper_id in ids if shopper_id in here}
        known = repository.known(session, [_message_id(event) for event in events])
        new: dict[str, CouponIssued] = {}
        for event in events:
            if event.shopper_id in here and _message_id(event) not in known:
                new.setdefault(_message_id(event), event)
        for turn in one_each(list(new.values())):
            telling, known_of = Telling(), herself.each(session, {event.shopper_id: event.visit_id for event in turn}, self.settings, at)
            for event in turn:
                self._announce(session, telling, event, known_of[event.shopper_id], zones[event.shopper_id], at)
            telling.write(session)
            session.expunge_all()  # the next turn sees the rows as they are, as it would in a transaction of its own

    def _announce(self, session: Session, telling: Telling, event: CouponIssued, her: Herself, own_zone: str | None, at: datetime) -> None:
        message_id = _message_id(event)
        own = offers.coupon_message(session, event.decision_id, at=at, ends=event.expires_at) if event.has_message else None
        words = _words(event, own, her.liked)
        said = words if isinstance(words, Fail) else self._compose(message_id, event, words)
        reach = self._reach(session, event, own, her, words, at)
        course = self._course(session, event, her, reach, own_zone, at, sayable=not isinstance(said, Fail))
        silent = course.say is Say.SILENTLY and not reach.in_inbox  # nowhere to be silent in
        state = "suppressed" if isinstance(said, Fail) or course.say is Say.NOT or silent else "live" if reach.in_inbox else "elsewhere"
        reasons = (*course.against, said) if isinstance(said, Fail) else course.against
        texts = {} if isinstance(words, Fail) else told.kept(words, reach.order)
        row = _row(message_id, event, state, reasons, at, None if isinstance(said, Fail) or state == "suppressed" else said, texts)
        row.weighed, row.kept_from = repository.recorded((*course.weighed, *reach.choice.rules)), self._kept_from(event, at)
        if state == "suppressed":
            self._suppress(telling, row, reasons, reach, at)
        else:
            self._say(session, telling, row, course, reach, at)

    def _reach(self, session: Session, event: CouponIssued, own: CouponMessage | None, her: Herself, words: composing.Words | Fail, at: datetime) -> Reach:
        """By which way, asked in the campaign's order and hers."""
        said = composing.plain(event.title, event.body) if isinstance(words, Fail) else words
        gathered = Gathering(
            session=session, shopper_id=event.shopper_id, channels=self.channels, tokens=her.tokens, consent_to_push=her.to_push, title=said.title, body=said.body,
            texts=told.kept(said), rules=self.settings.ways(), at=at,
        )  # fmt: skip
        order = choosing.order_of(own.message.channels if own is not None else (), her.liked.ways)
        left_s = int((event.expires_at - at).total_seconds())
        return Reach(her.to_push, her.tokens, order, choosing.choose(order, gathered.known, left_s=left_s, rules=gathered.rules))

    def _course(self, session: Session, event: CouponIssued, her: Herself, reach: Reach, own_zone: str | None, at: datetime, *, sayable: bool) -> Course:
        """What to do with it now; a waiting message that is worth less is let go for it, if that is what it takes."""
        rules, settings = self.settings.policy(), self.settings
        facts = weighing.occasion(
            session, settings, consent=reach.consent, place_id=event.place_id, visit_id=event.visit_id, expires_at=event.expires_at, own_zone=own_zone, at=at
        )
        about = {"campaign_id": event.campaign_id, "place_id": event.place_id, "visit_id": event.visit_id}
        asked = facts.counting(her.said, **about)
        worse = policy.outranked(asked, her.said, rules, value_minor=event.value_minor, **about) if sayable else None
        if worse is not None and cancel.for_better(session, worse.message_id, at):
            asked = facts.counting([one for one in her.said if one is not worse], **about)
        return policy.course(asked, rules)

    def _kept_from(self, event: CouponIssued, at: datetime) -> datetime:
        """Where the retention of the record begins: late enough that it outlives its campaign."""
        if event.campaign_ends_at is None:
            return at
        return max(at, event.campaign_ends_at - timedelta(seconds=self.settings.keep_messages_s))

    def _compose(self, message_id: str, event: CouponIssued, words: composing.Words) -> compose.Composed | Fail:
        facts = compose.OfferFacts(
            message_id=message_id,
            coupon_id=event.coupon_id,
            visit_id=event.visit_id,
            place_name=event.place_name,
            title=words.title,
            body=words.body,
            expires_at=event.expires_at,
        )
        return compose.offer_message(facts, link_template=self.settings.link_template)

    def _suppress(self, telling: Telling, row: Message, reasons: tuple[Fail, ...], reach: Reach, at: datetime) -> None:
        codes = tuple(r.reason for r in reasons)
        made = [deliveries.values(row, INBOX, at, state="suppressed", reasons=codes)]
        if not reach.consent.ok:
            made += self._not_by(row, [way for way in reach.choice.closed if way[0] is not Way.PUSH], at)
        telling.add(row, made, suppressed(row.id, row.shopper_id, INBOX, row.coupon_id, row.campaign_id, [str(code) for code in codes], at))

    def _say(self, session: Session, telling: Telling, row: Message, course: Course, reach: Reach, at: datetime) -> None:
        inbox = deliveries.values(row, INBOX, at, state="sent" if reach.in_inbox else "suppressed", reasons=() if isinstance(reach.to_inbox, Pass) else (reach.to_inbox.reason,))
        ways = self._ways(row, course, reach, at)
        queued = any(way["state"] == "queued" for way in ways)
        row.held_until = course.until if queued else None
        row.said_at = at if course.say is Say.NOW else None
        wakes: list[Callable[[], None]] = session.info["after_commit"]
        if reach.in_inbox:
            sent = PushSent(
                message_id=row.id,
                shopper_id=row.shopper_id,
                channel=INBOX,
                coupon_id=row.coupon_id,
                campaign_id=row.campaign_id,
                sent_at=at,
            )
            telling.add(row, [inbox, *ways], sent)
            shopper_id = row.shopper_id
            wakes.append(lambda: self.wake_streams(shopper_id))
        else:
            telling.add(row, [inbox, *ways], None)
        if queued and course.say is Say.NOW:
            wakes.append(self.wake_dispatch)

    def _ways(self, row: Message, course: Course, reach: Reach, at: datetime) -> list[dict[str, Any]]:
        """A push to each of her phones and browsers, or one message by the way that was taken. What is not sent says why."""
        taken = reach.choice.taken
        made = self._not_by(row, [way for way in reach.choice.closed if way[0] is not Way.PUSH or not self._by_device(reach)], at)
        if taken is Way.PUSH or self._by_device(reach):  # where push was set up for none of her devices, another way may have been open
            made += [self._queued(row, TokenKind(t.kind).channel, t.device_id, t.id, course, at) for t in reach.tokens]
        if taken is not None and taken is not Way.PUSH:
            made.append(self._queued(row, choosing.CHANNELS[taken][0], "", None, course, at))
        return made

    def _by_device(self, reach: Reach) -> bool:
        """Whether what became of push is told phone by phone: she may be pushed to, and nothing but the set-up stands in the way."""
        against = dict(reach.choice.closed).get(Way.PUSH)
        return reach.in_inbox and bool(reach.tokens) and (against is None or against.reason == NotificationReason.PUSH_NOT_CONFIGURED) and any(way is Way.PUSH for way, _ in reach.choice.looked)

    def _not_by(self, row: Message, closed: list[tuple[Way, Fail]], at: datetime) -> list[dict[str, Any]]:
        """A row for each way that was closed. A channel that is not set up here is not spoken of."""
        told_of = [(way, fail) for way, fail in closed if fail.reason != NotificationReason.CHANNEL_NOT_CONFIGURED]
        return [deliveries.values(row, choosing.CHANNELS[way][0], at, state="suppressed", reasons=(fail.reason,)) for way, fail in told_of]

    def _queued(self, row: Message, channel: ChannelKind, device_id: str, token_id: str | None, course: Course, at: datetime) -> dict[str, Any]:
        """One delivery, waiting or with the reason why not."""
        silently = course.say is Say.SILENTLY
        why = NotificationReason.QUIET_HOURS if silently else NotificationReason.PUSH_NOT_CONFIGURED
        waits = channel in self.channels and not silently
        held = course.until is not None and waits
        reasons = (why,) if not waits else (NotificationReason.QUIET_HOURS,) if held else ()
        return deliveries.values(
            row, channel, at, state="queued" if waits else "suppressed", device_id=device_id, token_id=token_id, reasons=reasons, due_at=course.until if held else None
        )


def _message_id(event: CouponIssued) -> str:
    """The same for the same coupon."""
    return derived_id("msg", event.coupon_id)


def _words(event: CouponIssued, own: CouponMessage | None, liked: preferences.Liked) -> composing.Words | Fail:
    if own is None:
        return composing.plain(event.title, event.body)
    return composing.words(own, offers.fill_message, her_language=liked.language, called=liked.called, title=event.title, body=event.body)


def _row(
    message_id: str,
    event: CouponIssued,
    state: str,
    reasons: tuple[Fail, ...],
    at: datetime,
    said: compose.Composed | None = None,
    texts: dict[str, Any] | None = None,
) -> Message:
    if said is not None:
        content = contents.Content(said.title, said.body, said.link, texts or {})
    else:
        title, body = compose.fitted(event.title, event.body)
        content = contents.Content(title, body, "")
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
        sealed=contents.sealed(event.shopper_id, message_id, content),
        collapse_key=compose.collapse_key(event.visit_id, message_id),
        value_minor=event.value_minor,
        weighed=[],
        created_at=at,
        expires_at=event.expires_at,
    )
