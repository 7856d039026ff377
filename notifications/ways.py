"""What is known of each way to one shopper: set up, agreed to, an address, how much she was sent there, whether the text fits.

Owns gathering it. Must not decide (choosing.py does). Whoever acts on it has taken the shopper's turn before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.db import prepared
from app.kernel.text_limits import with_tail
from app.kernel.verdict import PASS, Fail, Verdict
from app.privacy import gate
from notifications import wording
from notifications.addresses import contact_for, why_none
from notifications.choosing import CHANNELS, Known, WayRules
from notifications.contracts import ChannelKind
from notifications.models import REPLY, Delivery, Message
from notifications.ports import TokenKind
from notifications.reasons import NotificationReason as Reason
from notifications.repository import Token
from notifications.told import Said, on
from offers.contracts import Way

_COUNTED = ("queued", "claimed", "sent")
_SAID = select(func.count(Delivery.message_id.distinct())).join(Message, Message.id == Delivery.message_id).where(
    Message.kind != REPLY, Delivery.shopper_id == bindparam("shopper_id"), Delivery.channel.in_(bindparam("channels", expanding=True)), Delivery.state.in_(_COUNTED),
    Delivery.created_at > bindparam("since"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gathering:
    """One shopper, one message. `tokens` are those of the devices that are hers now; `channels` what can be sent on from here."""

    session: Session
    shopper_id: str
    channels: Collection[ChannelKind]
    tokens: Collection[Token]
    consent_to_push: Verdict
    title: str
    body: str
    texts: dict[str, object]
    rules: WayRules
    at: datetime

    def known(self, way: Way) -> Known:
        channel = CHANNELS[way][0]
        if way is Way.PUSH:
            reachable = PASS if self.tokens else Fail(Reason.NO_PUSH_TOKEN)
            return Known(self._set_up_for_push(), self.consent_to_push, reachable, PASS, self._said(way))
        if channel not in self.channels:
            return Known(False, PASS, PASS, PASS)
        consent = gate.may(self.session, self.shopper_id, channel.purpose, self.at)
        if isinstance(consent, Fail):
            return Known(True, consent, PASS, PASS)
        known = contact_for(self.session, self.shopper_id, channel)
        reachable = PASS if known is not None else Fail(why_none(self.session, self.shopper_id, channel))
        return Known(True, consent, reachable, fits(channel, on(channel, self.title, self.body, self.texts)), self._said(way))

    def _set_up_for_push(self) -> bool:
        """Without a phone it is the phone that is missing, whatever is set up here."""
        return not self.tokens or any(TokenKind(token.kind).channel in self.channels for token in self.tokens)

    def _said(self, way: Way) -> int:
        """Messages, not deliveries: three phones that show one message were told once. Answers to her count for nothing. Not asked where no cap is."""
        if way not in self.rules.most:
            return 0
        since = self.at - timedelta(seconds=self.rules.window_s)
        return prepared(self.session, _SAID, {"shopper_id": self.shopper_id, "channels": [c.value for c in CHANNELS[way]], "since": since}).scalar() or 0


def fits(channel: ChannelKind, said: Said) -> Verdict:
    """Whether the text can be told there with all that goes with it."""
    if channel is ChannelKind.EMAIL:
        return wording.fits(channel, said.title, said.html)
    return wording.fits(channel, said.title, with_tail(said.body, link=not said.risky), risky=said.risky)
