"""A mail that was brought to us, read: a report that a message could not be delivered, or that its reader complained.

Owns taking a raw mail apart, and when a report is one. A mail can be written by anybody, so it is read whole or not at all, and what it
names is only a candidate: returned.py looks whether it was made here. Must not keep an address or a text.
Sources: RFC 3462 (multipart/report), 3464 (delivery status), 3463 (codes), 5965 (complaints), 9477 (CFBL-Feedback-ID).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
from email.message import Message as Part
from email.parser import BytesParser, HeaderParser
from email.policy import compat32
from email.utils import getaddresses

from app.kernel.verdict import Fail
from app.security import return_paths
from notifications.inbound.reasons import MailReason as Reason

MOST_BYTES = 256 * 1024
MOST_PARTS = 40
"""Counted before anything is parsed: each level of nesting needs a header of its own. A report on a message of ours has eight."""
MOST_RECIPIENTS = 20
_ARRIVED_AT = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CLASSES = {"failed": "45", "delayed": "4", "delivered": "2", "relayed": "2", "expanded": "2"}
"""What a status may begin with for each action (RFC 3464, 2.3.3; 3463, 2)."""
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
"""Of a feedback's types those that say: no more of this."""


@dataclass(frozen=True, slots=True, repr=False)
class Recipient:
    """What became of it for one address. `addresses`: where it ended, and where it was sent, if that is told."""

    addresses: tuple[str, ...]
    action: str
    status: str


@dataclass(frozen=True, slots=True, repr=False)
class Bounce:
    """`names`: all in it that may be a name of a message."""

    names: frozenset[str]
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Complaint:
    names: frozenset[str]


class _Unclear(ValueError):
    """A field is missing or there twice."""


def read(raw: bytes, *, to: str = "") -> Bounce | Complaint | Fail:
    """`to`: the address it arrived at, where whoever brings it knows that. Never raises."""
    if len(raw) > MOST_BYTES:
        return Fail(Reason.MAIL_TOO_LARGE)
    if raw.lower().count(b"content-type:") > MOST_PARTS:
        return Fail(Reason.MAIL_NESTED)
    try:
        mail: Part = BytesParser(policy=compat32).parsebytes(raw)
        return _report(mail, to) if mail.keys() else Fail(Reason.MAIL_UNREADABLE)
    except _Unclear:
        return Fail(Reason.MAIL_UNCLEAR)
    except Exception:  # noqa: BLE001 - the parser is not ours and a mail can hold anything
        return Fail(Reason.MAIL_UNREADABLE)


def _report(mail: Part, to: str) -> Bounce | Complaint | Fail:
    if mail.get_content_type() != "multipart/report":
        return Fail(Reason.MAIL_NO_REPORT)
    if any(isinstance(defect, (CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect)) for defect in mail.defects):
        return Fail(Reason.MAIL_CUT_OFF)
    parts = [part for part in mail.get_payload() if isinstance(part, Part)] if mail.is_multipart() else []
    kind = str(mail.get_param("report-type") or "").lower()
    names = {name for name in map(return_paths.token_in, _arrived_at(mail, to)) if name} | set(_in_original(parts))
    if kind == "delivery-status":
        about, *recipients = _blocks(_only(parts, "message/delivery-status"))
        names |= _candidate(_one(about, "Original-Envelope-Id"))
        if not 0 < len(recipients) <= MOST_RECIPIENTS:
            raise _Unclear
        return Bounce(frozenset(names), tuple(map(_recipient, recipients)))
    if kind == "feedback-report":
        (about,) = _blocks(_only(parts, "message/feedback-report"))
        if (_one(about, "Feedback-Type") or "").lower() not in _COMPLAINTS:
            return Fail(Reason.MAIL_SAYS_NOTHING_NEW if _one(about, "Feedback-Type") else Reason.MAIL_UNCLEAR)
        sent_from = return_paths.token_in((_one(about, "Original-Mail-From") or "").strip("<>"))
        return Complaint(frozenset(names | _candidate(_one(about, "Original-Envelope-Id")) | ({sent_from} if sent_from else set())))
    return Fail(Reason.MAIL_NO_REPORT)


def _recipient(block: Part) -> Recipient:
    action = (_one(block, "Action") or "").split(maxsplit=1)[:1]
    status = _STATUS.match(_one(block, "Status") or "")
    addresses = tuple(_address(value) for name in ("Final-Recipient", "Original-Recipient") if (value := _one(block, name)))
    if status is None or not addresses or not action or status[1] not in _CLASSES.get(action[0].lower(), ""):
        raise _Unclear
    return Recipient(addresses, action[0].lower(), status[0])


def _blocks(part: Part) -> list[Part]:
    """The groups of fields of a status or feedback part; the parser makes a message of each."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        raise _Unclear
    blocks = [block for block in payload if isinstance(block, Part) and block.keys()]
    if not blocks:
        raise _Unclear
    return blocks


def _only(parts: Iterable[Part], content_type: str) -> Part:
    found = [part for part in parts if part.get_content_type() == content_type]
    if len(found) != 1:
        raise _Unclear
    return found[0]


def _one(block: Part, name: str) -> str | None:
    """A field that may stand there once."""
    values = block.get_all(name) or []
    if len(values) > 1:
        raise _Unclear
    return " ".join(str(values[0]).split()) if values else None


def _address(typed: str) -> str:
    """`rfc822; jane@example.org` -> `jane@example.org`."""
    return typed.partition(";")[2].strip().strip("<>") or typed


def _arrived_at(mail: Part, to: str) -> Iterator[str]:
    written = [str(value) for name in _ARRIVED_AT for value in mail.get_all(name) or []]
    yield from (address for _, address in getaddresses([*written, to]))


def _in_original(parts: Iterable[Part]) -> Iterator[str]:
    """The name that stands in the message itself, where it was sent back, whole or its head."""
    for part in parts:
        kind, payload = part.get_content_type(), part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list) and isinstance(payload[0], Part):
            yield from _candidate(str(payload[0].get(return_paths.NAMED_IN, "")))
        elif kind == "text/rfc822-headers" and isinstance(payload, str):
            yield from _candidate(str(HeaderParser(policy=compat32).parsestr(payload).get(return_paths.NAMED_IN, "")))


def _candidate(written: str | None) -> set[str]:
    return {written.strip().lower()} if written and written.strip() else set()
