"""A letter to support, read: whom it is from, which case it belongs to, and what it says without what it quotes.

Owns taking a raw mail apart, and what follows: a case, or a word more in one. Whoever brings it has seen to it that its sender is real; even so it can only be
added to what is the sender's own, and the answer goes to the address she has shown to be hers, never to one the letter names. Keeps no file that hangs on it.
Sources: RFC 5322, RFC 3834 (letters of programs).
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import getaddresses

from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from app.security.inbound.receiving import first_time
from notifications.support import opening, repository
from notifications.support.contracts import Channel
from notifications.support.errors import CaseNotThere
from notifications.support.opening import SUBJECT_MOST_CHARS, TEXT_MOST_CHARS, Told
from notifications.support.reasons import SupportReason as Reason
from notifications.support.settings import SupportSettings

MOST_BYTES = 1024 * 1024
_CASE = re.compile(r"\bcas_[0-9a-z]{10,36}\b")
_QUOTED = re.compile(r"^(>|On .{5,200} wrote:$|-{2,}\s*Original Message|_{10,}$|-- $)")
_ANSWERED = re.compile(r"^((re|sv|vs|aw|fw|fwd)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """`case_id`: named in its subject or text, to be looked at; `id`: its Message-ID, which counts once."""

    id: str
    sender: str
    subject: str
    text: str
    case_id: str | None


def read(raw: bytes) -> Letter | Reason:
    """Never raises."""
    if len(raw) > MOST_BYTES:
        return Reason.LETTER_UNREADABLE
    try:
        mail = BytesParser(_class=EmailMessage, policy=default).parsebytes(raw)
        return _letter(mail)
    except Exception:  # noqa: BLE001 - the parser is not ours and a mail can hold anything
        return Reason.LETTER_UNREADABLE


def _letter(mail: EmailMessage) -> Letter | Reason:
    automatic = str(mail.get("Auto-Submitted", "no")).strip().lower() != "no" or mail.get("List-Id") is not None
    if automatic or str(mail.get("Precedence", "")).lower() in ("bulk", "list", "junk") or mail.get_content_type() == "multipart/report":
        return Reason.LETTER_AUTOMATIC
    senders = [address for _, address in getaddresses([str(value) for value in mail.get_all("From") or []]) if address]
    body = mail.get_body(preferencelist=("plain",))
    name = str(mail.get("Message-ID", "")).strip()
    if len(senders) != 1 or body is None or not name:
        return Reason.LETTER_UNREADABLE
    whole, subject = str(body.get_content()), " ".join(str(mail.get("Subject", "")).split())
    named = _CASE.search(f"{subject}\n{whole}")
    return Letter(name, senders[0], _ANSWERED.sub("", subject)[:SUBJECT_MOST_CHARS], own_words(whole), named[0] if named else None)


def own_words(text: str) -> str:
    """What stands above what is quoted."""
    kept: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if _QUOTED.match(line):
            break
        kept.append(line.rstrip())
    return "\n".join(kept).strip()[:TEXT_MOST_CHARS]


def take(database: Database, raw: bytes, settings: SupportSettings) -> Reason:
    """What became of it. A repeat does nothing."""
    letter = read(raw)
    if isinstance(letter, Reason):
        return letter
    if not letter.text:
        return Reason.LETTER_UNREADABLE
    try:
        address = contacts.accepted(ContactKind.EMAIL, letter.sender)
    except Invalid:
        return Reason.LETTER_FROM_NOBODY
    with database.transaction() as session:
        owners = contacts.owners_of(session, ContactKind.EMAIL, address)
        if not owners:
            return Reason.LETTER_FROM_NOBODY
        at = database.clock.now()
        if not first_time(session, "letter", letter.id, at):
            return Reason.LETTER_SEEN_BEFORE
        hers = next((row for who in owners if letter.case_id and (row := repository.find(session, letter.case_id, shopper_id=who)) is not None), None)
        if hers is not None:
            with suppress(CaseNotThere):  # it is closed by now: a new one
                opening.write(session, hers.shopper_id, hers.merged_into or hers.id, letter.text, settings, at=at)
                return Reason.LETTER_ADDED
        opening.open_case(session, owners[0], Told(letter.text, subject=letter.subject, channel=Channel.EMAIL), settings, at=at)
        return Reason.LETTER_OPENED_CASE
