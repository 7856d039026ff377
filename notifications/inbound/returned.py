"""What a mail system says became of an e-mail of ours is written down, and a complaint of an offer ends offers by e-mail.

Owns these moves for offers, and what each answer means for her address; of letters about an account it brings what was said to their owner. It is lost only where the mailbox is nobody's and it is hers that was meant;
a full one, one refused by somebody's rules and one that was only slow stay. As in statuses.py, a later word never unsays an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, moved
from app.kernel.errors import Invalid
from app.kernel.logs import get_logger
from app.kernel.verdict import Fail
from app.privacy.consents import withdraw
from app.privacy.holding import alone
from app.security import return_paths
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from notifications import mail_statuses
from notifications.addresses import contact_for
from notifications.contracts import ChannelKind
from notifications.ending import say_suppressed
from notifications.inbound.mails import Bounce, Complaint, Recipient, read
from notifications.inbound.reasons import MailReason
from notifications.models import Delivery, Message
from notifications.reasons import NotificationReason as Reason

log = get_logger(__name__)

SOURCE = "complaint"
_D = Delivery


def take(database: Database, raw: bytes, *, to: str = "") -> MailReason:
    """Read a mail and heed it, in one transaction. What cannot be read changes nothing."""
    found = read(raw, to=to)
    if isinstance(found, Fail):
        reason = MailReason(found.reason)
    else:
        with database.transaction() as session:
            reason = heed(session, found, database.clock.now())
    log.info("mail_was_brought", reason=reason.value, size_bytes=len(raw))
    return reason


def heed(session: Session, report: Bounce | Complaint, at: datetime) -> MailReason:
    if not report.names:
        return MailReason.MAIL_NAMES_NOTHING
    named = {mail_id for name in report.names if (mail_id := return_paths.named_by(name))}
    if len(named) != 1:
        return MailReason.MAIL_NAMES_SEVERAL if named else MailReason.MAIL_FORGED
    (mail_id,) = named
    if mail_id.startswith(return_paths.LETTER):
        return _of_letter(session, mail_id, report, at)
    row = session.scalars(select(_D).where(_D.message_id == mail_id, _D.channel == ChannelKind.EMAIL.value)).one_or_none()
    if row is None:
        return MailReason.MAIL_OF_NOTHING
    if row.state in ("queued", "claimed"):
        return MailReason.MAIL_TOO_EARLY
    new = _complained(session, row, at) if isinstance(report, Complaint) else _came_back(session, row, report.recipients, at)
    return MailReason.MAIL_HEEDED if new else MailReason.MAIL_SAYS_NOTHING_NEW


def meaning(recipient: Recipient) -> Reason | None:
    """What stands in the way, by its status; None: nothing does."""
    if recipient.action in ("delivered", "relayed", "expanded"):
        return None
    if recipient.action == "delayed":
        return Reason.DELIVERY_DELAYED
    return mail_statuses.meaning(recipient.status)


def _came_back(session: Session, row: Delivery, recipients: Collection[Recipient], at: datetime) -> bool:
    known = contact_for(session, row.shopper_id, ChannelKind.EMAIL)
    told, hers = _said(recipients, lambda address: known is not None and _same(address, known.value))
    against = meaning(told)
    on_its_way = update(_D).where(_D.id == row.id, _D.state == "sent", _D.delivered_at.is_(None))
    if against is None:
        return told.action == "delivered" and moved(session, on_its_way.values(delivered_at=at, reasons=[]))
    if against is Reason.DELIVERY_DELAYED:
        return moved(session, on_its_way.where(_D.mail_status.is_(None)).values(reasons=[against.value], mail_status=told.status))
    new = _failed(session, row, on_its_way, against, told.status, at)
    left_open = row.state != "sent" and Reason.PROVIDER_UNKNOWN.value in row.reasons  # it had been handed over, it turns out
    if against is Reason.ADDRESS_REFUSED and hers and (new or left_open):
        return contacts.lose(session, row.shopper_id, ContactKind.EMAIL, at, told_of=row.message_id, shown_before=row.sent_at or row.created_at) or new
    return new


def _of_letter(session: Session, letter_id: str, report: Bounce | Complaint, at: datetime) -> MailReason:
    """About her account: a code, or that something was changed. What follows from it is for whoever owns letters to say."""
    letters = contacts.returning
    letter = letters.letter(session, letter_id)
    if letter is None:
        return MailReason.MAIL_OF_NOTHING
    if letter.state in ("queued", "claimed"):
        return MailReason.MAIL_TOO_EARLY
    if isinstance(report, Complaint):
        new = letters.complained(session, letter_id, at)
    else:
        told, meant = _said(report.recipients, lambda address: letters.went_to(session, letter_id, address))
        match told.action:
            case "delivered":
                new = letters.delivered(session, letter_id, told.status)
            case "delayed":
                new = letters.delayed(session, letter_id, told.status)
            case "failed":
                new = letters.returned(session, letter_id, told.status, at, meant=meant)
            case _:  # relayed, expanded: on its way to where nobody reports from
                new = False
    return MailReason.MAIL_HEEDED if new else MailReason.MAIL_SAYS_NOTHING_NEW


def _said(recipients: Collection[Recipient], meant: Callable[[str], bool]) -> tuple[Recipient, bool]:
    """What became of it where it was meant to go, and whether the report is of that address at all. It has ended where all have."""
    hers = [r for r in recipients if any(map(meant, r.addresses))]
    return next((r for r in hers or recipients if r.action != "failed"), next(iter(hers or recipients))), bool(hers)


def _failed(session: Session, row: Delivery, on_its_way: Update, against: Reason, status: str, at: datetime) -> bool:
    if not moved(session, on_its_way.values(state="failed", reasons=[against.value], mail_status=status)):
        return False
    message = session.execute(select(Message.coupon_id, Message.campaign_id).where(Message.id == row.message_id)).one()
    say_suppressed(session, row.message_id, row.shopper_id, row.channel, message.coupon_id, message.campaign_id, [against.value], at)
    return True


def _complained(session: Session, row: Delivery, at: datetime) -> bool:
    """Once for a message: who agrees again after it is not undone by a repeat of the mail."""
    alone(session, (row.shopper_id,))  # before the row, as whoever erases her does
    if not moved(session, update(_D).where(_D.id == row.id, _D.complained_at.is_(None)).values(complained_at=at)):
        return False
    withdraw(session, row.shopper_id, ChannelKind.EMAIL.purpose, source=SOURCE, at=at)
    return True


def _same(address: str, hers: str) -> bool:
    try:
        return contacts.accepted(ContactKind.EMAIL, address) == hers
    except Invalid:
        return False
