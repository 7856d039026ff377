"""What a mail system says became of a letter is written down, and what that means for the address it was sent to.

Owns these moves. An address is lost only where the mailbox is nobody's, it is the one that was meant, and it is still hers; a letter to an address
she has only named yet loses nothing, but she is told that the code could not be brought. A full mailbox, one refused by somebody's rules and one that
was only slow are written down and change nothing. A later word never unsays an earlier one. Must not read a report: whoever calls has.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Update, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.security.audit import journal
from app.security.contacts import losing, repository
from app.security.contacts.contracts import LetterView
from app.security.contacts.mail_codes import NOBODY_THERE
from app.security.contacts.models import LetterRow
from app.security.contacts.values import ContactKind, accepted

_L = LetterRow


def letter(session: Session, letter_id: str) -> LetterView | None:
    """What is known of a letter, as long as it is kept."""
    row = session.get(_L, letter_id)
    if row is None:
        return None
    return LetterView(row.id, row.shopper_id, row.kind, row.about, row.state, row.mail_status, row.created_at, row.sent_at, row.complained_at)


def went_to(session: Session, letter_id: str, address: str) -> bool:
    """Whether it was sent to this address; where, is kept as a keyed hash alone."""
    try:
        return session.scalar(select(_L.to_hash).where(_L.id == letter_id)) == repository.value_hash(ContactKind.EMAIL, accepted(ContactKind.EMAIL, address))
    except Invalid:
        return False


def delivered(session: Session, letter_id: str, status: str) -> bool:
    """True if that is news, as with all that follow."""
    return moved(session, _on_its_way(letter_id).values(mail_status=status))


def delayed(session: Session, letter_id: str, status: str) -> bool:
    return moved(session, _on_its_way(letter_id).where(_L.mail_status.is_(None)).values(mail_status=status))


def returned(session: Session, letter_id: str, status: str, at: datetime, *, meant: bool) -> bool:
    """It will not be delivered. `meant`: the report is of the address it was sent to, not of one that address has its mail sent on to."""
    row = session.get_one(_L, letter_id)
    repository.contacts(session, row.shopper_id, for_change=True)  # before the letter, as whoever loses a contact does
    nobody = meant and status in NOBODY_THERE
    if not moved(session, _on_its_way(letter_id).values(state=losing.NOBODY if nobody else "failed", mail_status=status)):
        return False
    if nobody:
        losing.lose(session, row.shopper_id, ContactKind(row.kind), at, told_of=letter_id, shown_before=row.sent_at or row.created_at, value_hash=row.to_hash)
    return True


def complained(session: Session, letter_id: str, at: datetime) -> bool:
    """Written down and nothing else: it was no offer, and she has not said that she wants none. Once for a letter."""
    row = session.get_one(_L, letter_id)
    if not moved(session, update(_L).where(_L.id == letter_id, _L.complained_at.is_(None)).values(complained_at=at)):
        return False
    journal.note(session, "letter.complained", by="house", about=row.shopper_id, detail={"letter": letter_id}, at=at)
    return True


def figures(session: Session) -> dict[str, tuple[str, float]]:
    """For /metrics: of the letters that are kept, a week's."""
    slow = select(func.count()).where(_L.state == "sent", _L.mail_status.startswith("4."))
    ended = select(_L.state, func.count()).where(_L.state.in_((losing.NOBODY, "failed"))).group_by(_L.state)
    counts: dict[str, int] = dict(session.execute(ended).all())  # pyright: ignore[reportArgumentType]
    return {
        "moments_letters_nobody": ("Letters of a week to mailboxes that nobody has.", counts.get(losing.NOBODY, 0)),
        "moments_letters_failed": ("Letters of a week that could not be brought otherwise.", counts.get("failed", 0)),
        "moments_letters_slow": ("Letters of a week that were delayed, and not heard of since.", session.scalar(slow) or 0),
    }


def _on_its_way(letter_id: str) -> Update:
    """Sent, and nothing was heard of it but that it takes its time."""
    return update(_L).where(_L.id == letter_id, _L.state == "sent", or_(_L.mail_status.is_(None), _L.mail_status.startswith("4.")))
