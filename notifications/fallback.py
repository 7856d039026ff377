"""Where there is no phone to push to: one further way she has agreed to and has shown to be hers, or the reasons why none.

Owns the order in which they are asked. Must not send, and must not choose a second one: a message leaves the house on one of them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from app.privacy import gate
from notifications.addresses import contact_for
from notifications.contracts import ChannelKind
from notifications.reasons import NotificationReason as Reason

ORDER = (ChannelKind.WHATSAPP, ChannelKind.SMS, ChannelKind.EMAIL)
"""What is read soonest first: an offer lives as long as she is there."""


def choose(
    session: Session, shopper_id: str, channels: Collection[ChannelKind], at: datetime
) -> tuple[ChannelKind | None, dict[ChannelKind, str]]:
    """The way to take, and for each that was passed over the reason. A channel that is not set up here is not spoken of."""
    against: dict[ChannelKind, str] = {}
    for channel in ORDER:
        if channel not in channels:
            continue
        consent = gate.may(session, shopper_id, channel.purpose, at)
        if isinstance(consent, Fail):
            against[channel] = consent.reason
        elif contact_for(session, shopper_id, channel) is None:
            against[channel] = Reason.NO_VERIFIED_CONTACT.value
        else:
            return channel, against
    return None, against
