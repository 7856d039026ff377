"""What the code of a mail system (RFC 3463) means for a message, in its answer while we hand it over and in the report that comes back.

Owns that one reading. Pure.
"""

from __future__ import annotations

from app.security.contacts.mail_codes import NOBODY_THERE
from notifications.reasons import NotificationReason as Reason


def meaning(status: str) -> Reason:
    """Of what has ended without being delivered."""
    if status in NOBODY_THERE:
        return Reason.ADDRESS_REFUSED
    if status == "5.2.2":
        return Reason.MAILBOX_FULL
    return Reason.REFUSED_BY_POLICY if status.startswith("5.7.") else Reason.NOT_DELIVERED
