"""What stands on her list lies in the store she has come to: said in her inbox and on her phones, if she wants offers as messages.

Owns the step from `wish.matched` to a message. It is weighed as every offer is: consent to messages, quiet hours, one a visit, the caps; what stands against it is
kept with it. Must not send (dispatch does) and must not decide what is near (the storefront has).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.db import insert_new
from app.kernel.ids import derived_id
from app.privacy import gate
from app.security import people
from geofences import facade as geofences
from notifications import compose, contents, deliveries, herself, policy, queueing, repository, told, weighing
from notifications.composing import Words
from notifications.contracts import ChannelKind
from notifications.ending import say_suppressed
from notifications.herself import Herself
from notifications.models import WISH, Delivery, Message
from notifications.phrases import titled
from notifications.policy import Course, Rule, Say
from notifications.reasons import NotificationReason as Reason
from notifications.settings import NotificationSettings
from offers.contracts import Way
from storefront import facade as storefront
from storefront.contracts import WishMatched

LIFE = timedelta(hours=4)
"""So long it is worth telling: she is there now."""
INBOX = ChannelKind.INBOX.value


@dataclass(frozen=True, slots=True)
class WishTeller:
    """`channels` can be sent on from here. `wake_streams` and `wake_dispatch` run after the commit."""

    settings: NotificationSettings
    channels: Collection[ChannelKind]
    wake_streams: Callable[[str], None]
    wake_dispatch: Callable[[], None]

    def tell(self, session: Session, event: WishMatched, at: datetime) -> bool:
        """Whether she was told, be it silently. False: it was said before, is not sold any more, or something stood against it, which is kept."""
        gate.hold(session, (event.shopper_id,))  # before it is asked whether she is here: somebody may be erasing her
        if not people.shopper_exists(session, event.shopper_id):
            return False
        own_zone = repository.take_turn(session, event.shopper_id, at)
        items = storefront.products_by_ids(session, event.product_ids)
        names = [items[one].name for one in event.product_ids if one in items]
        place = geofences.place(session, event.place_id)
        if not names or place is None:
            return False
        her = herself.each(session, {event.shopper_id: event.visit_id}, self.settings, at)[event.shopper_id]
        course = self._course(session, event, her, own_zone, at)
        row = self._row(event, her.liked.language or languages.PLAIN, names, place.name, course, at)
        if not insert_new(session, Message, row, unique=["id"]):
            return False
        if course.say is Say.NOT:
            self._suppress(session, row, course, at)
            return False
        self._queue(session, row, her.tokens, course, at)
        return True

    def _course(self, session: Session, event: WishMatched, her: Herself, own_zone: str | None, at: datetime) -> Course:
        facts = weighing.occasion(session, self.settings, consent=her.to_push, place_id=event.place_id, visit_id=event.visit_id, expires_at=at + LIFE, own_zone=own_zone, at=at)
        return policy.course(facts.counting(her.said, campaign_id=None, place_id=event.place_id, visit_id=event.visit_id), self.settings.policy())

    def _row(self, event: WishMatched, language: str, names: list[str], place_name: str, course: Course, at: datetime) -> dict[str, Any]:
        message_id = message_id_of(event)
        key = f"wish.{'one' if len(names) == 1 else 'several'}"
        title, body = compose.fitted(*titled(key, language, what=names[0], place=place_name, more=len(names) - 1))
        link = f"/m/shop/{event.product_ids[0]}" if len(names) == 1 else "/m/wishes"
        said = contents.Content(title, body, link, told.kept(Words(language, title, body), (Way.PUSH,)))
        weighed = [Rule(True, Reason.WISH_IN_STOCK.value, {"items": len(names)}), *course.weighed]
        return {
            "id": message_id, "shopper_id": event.shopper_id, "kind": WISH, "state": "suppressed" if course.say is Say.NOT else "live",
            "reasons": repository.against(course.against if course.say is Say.NOT else ()), "moment_id": event.moment_id, "visit_id": event.visit_id,
            "place_id": event.place_id, "sealed": contents.sealed(event.shopper_id, message_id, said), "collapse_key": compose.collapse_key(event.visit_id, message_id),
            "value_minor": 0, "weighed": repository.recorded(weighed), "said_at": at if course.say is Say.NOW else None, "kept_from": at, "created_at": at,
            "expires_at": at + LIFE,
        }  # fmt: skip

    def _suppress(self, session: Session, row: dict[str, Any], course: Course, at: datetime) -> None:
        codes = tuple(str(fail.reason) for fail in course.against)
        session.add(Delivery(**deliveries.values(Message(**row), INBOX, at, state="suppressed", reasons=codes)))
        say_suppressed(session, row["id"], row["shopper_id"], INBOX, None, None, list(codes), at)

    def _queue(self, session: Session, row: dict[str, Any], tokens: Sequence[repository.Token], course: Course, at: datetime) -> None:
        """In the inbox, and on each phone and browser that can be reached from here; in quiet hours in the inbox alone, for in the morning she is not there any more."""
        message, shopper_id = Message(**row), row["shopper_id"]
        queueing.in_inbox(session, message, at)
        state, held = ("queued", ()) if course.say is Say.NOW else ("suppressed", (Reason.QUIET_HOURS,))
        queueing.on_phones(session, message, self.channels, at, tokens=tokens, state=state, reasons=held)
        session.info["after_commit"] += [lambda: self.wake_streams(shopper_id), self.wake_dispatch]


def message_id_of(event: WishMatched) -> str:
    """One for what was found at once: it cannot be said twice."""
    return derived_id("msg", WISH, event.visit_id, *event.product_ids)
