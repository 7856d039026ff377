"""How a delivery ends without having been sent, and that this is told.

Owns the move from waiting to its end, with the reasons. Must not decide them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.outbox import emit
from notifications.contracts import PushSuppressed
from notifications.models import Delivery, Message


def drop(
    session: Session, delivery: Delivery, message: Message, state: str, codes: Sequence[str], *, at: datetime
) -> bool:
    """End a delivery that waits; False if another process has moved it meanwhile."""
    waiting = update(Delivery).where(
        Delivery.id == delivery.id, Delivery.state == delivery.state, Delivery.attempts == delivery.attempts
    )
    plain = codes_of(*codes)
    if not moved(session, waiting.values(state=state, reasons=plain, claim=None, lease_until=None)):
        return False
    say_suppressed(
        session, message.id, message.shopper_id, delivery.channel, message.coupon_id, message.campaign_id, plain, at
    )
    return True


def say_suppressed(
    session: Session,
    message_id: str,
    shopper_id: str,
    channel: str,
    coupon_id: str | None,
    campaign_id: str | None,
    codes: list[str],
    at: datetime,
) -> None:
    emit(session, suppressed(message_id, shopper_id, channel, coupon_id, campaign_id, codes, at), subject=shopper_id)


def suppressed(message_id: str, shopper_id: str, channel: str, coupon_id: str | None, campaign_id: str | None, codes: Sequence[str], at: datetime) -> PushSuppressed:
    return PushSuppressed(
        message_id=message_id,
        shopper_id=shopper_id,
        channel=channel,
        coupon_id=coupon_id,
        campaign_id=campaign_id,
        reason_codes=tuple(codes),
        decided_at=at,
    )


def codes_of(*codes: str | None) -> list[str]:
    return [str(c) for c in codes if c]
