"""A way turned out to be closed after all: the address is dead, or the provider will not take it. The next one is tried.

Owns that step, in the transaction that records the end of the last delivery. A message is told by a second way only if it is certain that
nothing arrived by the first: after an answer that leaves it open, nothing follows. Must not send.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.verdict import PASS
from notifications import choosing, contents, deliveries, repository, told
from notifications.contracts import ChannelKind
from notifications.models import Delivery, Message
from notifications.reasons import NotificationReason as Reason
from notifications.settings import NotificationSettings
from notifications.ways import Gathering
from offers.contracts import Way

_ALIVE = ("queued", "claimed", "sent")
_UNCLEAR = {Reason.PROVIDER_UNKNOWN.value, Reason.GAVE_UP.value}


@dataclass(frozen=True, slots=True)
class Further:
    """`channels`: what can be sent on from here."""

    channels: Collection[ChannelKind]
    settings: NotificationSettings

    def follow(self, session: Session, message_id: str, at: datetime) -> ChannelKind | None:
        """The channel the message now waits on, or None: another delivery of it is alive, or no way is left that is open."""
        message = session.scalar(select(Message).where(Message.id == message_id).with_for_update().execution_options(populate_existing=True))
        if message is None or message.state not in ("live", "elsewhere") or message.seen_at is not None:
            return None
        rows = session.execute(select(Delivery.channel, Delivery.state, Delivery.attempts, Delivery.reasons).where(Delivery.message_id == message_id, Delivery.channel != ChannelKind.INBOX.value)).all()
        said = contents.contents_of([message]).get(message_id)
        seen = {*(row.channel for row in rows), *(rule["facts"].get("channel") for rule in message.weighed)}
        left = tuple(way for way in told.ways(said.texts) if way is not Way.PUSH and not seen & {way.value, choosing.CHANNELS[way][0].value}) if said is not None else ()
        if said is None or not left or any(row.state in _ALIVE or row.attempts > 1 or _left_open(row.state, row.attempts, row.reasons) for row in rows):
            return None
        choice = self._choose(session, message, said, left, at)
        for way, fail in choice.closed:
            if way in left and (channel := choosing.CHANNELS[way][0]) in self.channels:
                _add(session, message, channel, "suppressed", (str(fail.reason),), at)
        weighed = [*message.weighed, *repository.recorded([rule for rule in choice.rules if rule.facts["channel"] in left])]
        session.execute(update(Message).where(Message.id == message_id).values(weighed=weighed).execution_options(synchronize_session=False))
        if choice.taken is None:
            return None
        channel = choosing.CHANNELS[choice.taken][0]
        return channel if _add(session, message, channel, "queued", (), at) else None

    def _choose(self, session: Session, message: Message, said: contents.Content, left: tuple[Way, ...], at: datetime) -> choosing.Choice:
        gathered = Gathering(
            session=session, shopper_id=message.shopper_id, channels=self.channels, tokens=(), consent_to_push=PASS, title=said.title, body=said.body,
            texts=said.texts, rules=self.settings.ways(), at=at,
        )  # fmt: skip
        return choosing.choose(left, gathered.known, left_s=int((message.expires_at - at).total_seconds()), rules=gathered.rules)


def _left_open(state: str, attempts: int, reasons: Collection[str]) -> bool:
    """It was tried, and may have arrived."""
    return attempts > 0 and (state == "expired" or not _UNCLEAR.isdisjoint(reasons))


def _add(session: Session, message: Message, channel: ChannelKind, state: str, reasons: tuple[str, ...], at: datetime) -> bool:
    """False if there is one on this channel already."""
    values = deliveries.values(message, channel.value, at, state=state, reasons=reasons)
    return insert_new(session, Delivery, values, unique=["message_id", "channel", "device_id"])
