"""What a mail system means by the code it gives (RFC 3463), in its answer while we hand a message over and in the report that comes back.

Owns that one reading. Pure.
"""

from __future__ import annotations

import re

from notifications.reasons import NotificationReason as Reason

NOBODY_THERE = frozenset({"5.1.1", "5.1.10"})
"""No such mailbox; a domain that takes no mail at all (RFC 3463, RFC 7505)."""
_IN_REPLY = re.compile(r"(5\.\d{1,3}\.\d{1,3})(?:\s|$)")


def meaning(status: str) -> Reason:
    """Of what has ended without being delivered."""
    if status in NOBODY_THERE:
        return Reason.ADDRESS_REFUSED
    if status == "5.2.2":
        return Reason.MAILBOX_FULL
    return Reason.REFUSED_BY_POLICY if status.startswith("5.7.") else Reason.NOT_DELIVERED


def told_in(reply: bytes) -> str:
    """The code at the beginning of the text of a refusal (RFC 2034), the same in every line that has one; else empty."""
    found = {match[1] for line in reply.decode("ascii", "replace").splitlines() if (match := _IN_REPLY.match(line))}
    return found.pop() if len(found) == 1 else ""
