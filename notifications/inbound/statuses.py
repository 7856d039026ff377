"""A provider's report of a message is written down: delivered, read, or failed after it was taken.

Owns these moves. Reports come late, twice and in any order: a later word never unsays an earlier one (read is delivered too, and what was
delivered has not failed). Must not tell a provider whether it knows a message.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from notifications.contracts import ChannelKind
from notifications.ending import say_suppressed
from notifications.inbound.reports import Became, Report
from notifications.models import Delivery, Message
from notifications.reasons import NotificationReason as Reason

TEXTS = (ChannelKind.SMS.value, ChannelKind.WHATSAPP.value)


def heed(session: Session, report: Report, at: datetime) -> bool:
    """True if it says something new."""
    d = Delivery
    row = session.execute(
        select(d.id, d.message_id, d.shopper_id, d.channel, d.sent_at).where(d.provider_message_id == report.provider_message_id, d.channel.in_(TEXTS)).limit(1)
    ).one_or_none()
    if row is None:
        return False
    sent = update(d).where(d.id == row.id, d.state == "sent")
    if report.became is Became.DELIVERED:
        return moved(session, sent.where(d.delivered_at.is_(None)).values(delivered_at=at))
    if report.became is Became.READ:
        return moved(session, sent.where(d.read_at.is_(None)).values(read_at=at, delivered_at=func.coalesce(d.delivered_at, at)))
    if not moved(session, sent.where(d.delivered_at.is_(None)).values(state="failed", reasons=[Reason.NOT_DELIVERED.value])):
        return False
    message = session.execute(select(Message.coupon_id, Message.campaign_id).where(Message.id == row.message_id)).one()
    codes = [Reason.NOT_DELIVERED.value]
    if report.dead and row.channel == ChannelKind.SMS:
        codes = [Reason.ADDRESS_REFUSED.value]
        contacts.lose(session, row.shopper_id, ContactKind.PHONE, at, told_of=row.message_id, shown_before=row.sent_at)
    say_suppressed(session, row.message_id, row.shopper_id, row.channel, message.coupon_id, message.campaign_id, codes, at)
    return True
