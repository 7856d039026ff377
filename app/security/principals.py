"""Who is calling: the five kinds of caller and what is known about one.

Owns `Role`, `Principal`, `ANYONE`. Must not know how a caller proved it (app/security/credentials.py) nor what a
route permits (app/security/access.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Role(StrEnum):
    """The kinds of caller. Staff are marketer, clerk and operator; `server` is a program with an API key."""

    SHOPPER = "shopper"
    MARKETER = "marketer"
    CLERK = "clerk"
    OPERATOR = "operator"
    SERVER = "server"


STAFF = (Role.MARKETER, Role.CLERK, Role.OPERATOR)
EVERY_ROLE = tuple(Role)


class Anyone(Enum):
    """The type of `ANYONE`: a route that answers without asking who calls."""

    ANYONE = "anyone"


ANYONE = Anyone.ANYONE


@dataclass(frozen=True, slots=True)
class Principal:
    """One caller. `kind` is None for an unknown caller (only on routes open to `ANYONE`), then `id` is empty.

    `id` is the shopper id, the person id of staff, or the id of the API key. `device_id` is known when a shopper calls
    from a registered device. `place_ids` are the places a clerk is bound to. `session_id` is set when a session (cookie
    or bearer) was shown. `scopes` belong to API keys. `via` says how it was proved: device, session, cookie, api_key,
    basic, tracking_key, none. `browser_key` is the thumbprint of the key that the browser of the session keeps, and
    `key_shown` whether this request is signed with it.
    """

    kind: Role | None
    id: str
    device_id: str | None = None
    place_ids: tuple[str, ...] = ()
    session_id: str | None = None
    scopes: tuple[str, ...] = ()
    via: str = "none"
    browser_key: str | None = None
    key_shown: bool = False

    @property
    def holds_key(self) -> bool:
        """False for a session whose browser keeps a key that this request was not signed with: it may be a copy."""
        return self.browser_key is None or self.key_shown

    @property
    def key(self) -> str:
        """One string per caller, to scope idempotency keys and limits by; empty for an unknown caller."""
        return f"{self.kind}:{self.id}" if self.kind else ""

    def works_at(self, place_id: str) -> bool:
        """True when this caller may act for the place: an operator everywhere, a clerk where bound."""
        return self.kind is Role.OPERATOR or (self.kind is Role.CLERK and place_id in self.place_ids)


NOBODY = Principal(None, "")
