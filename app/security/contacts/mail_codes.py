"""The code by which a mail system says why (RFC 3463), read from its answer while we hand something over.

Owns that reading, and which codes say that nobody has the mailbox. Pure.
"""

from __future__ import annotations

import re

NOBODY_THERE = frozenset({"5.1.1", "5.1.10"})
"""No such mailbox; a domain that takes no mail at all (RFC 3463, RFC 7505)."""
_IN_REPLY = re.compile(r"(5\.\d{1,3}\.\d{1,3})(?:\s|$)")


def told_in(reply: bytes) -> str:
    """The code at the beginning of the text of a refusal (RFC 2034), the same in every line that has one; else empty."""
    found = {match[1] for line in reply.decode("ascii", "replace").splitlines() if (match := _IN_REPLY.match(line))}
    return found.pop() if len(found) == 1 else ""
