"""The name under which an e-mail comes back: a message id with a keyed hash, in the return address and as envelope id (RFC 3461).

Owns making and opening it. It names one message, does this one thing alone, and cannot be made by anybody else. It is made of small letters
and digits, because some mail servers write addresses small. Must not know what became of the message.
"""

from __future__ import annotations

import base64
import hmac
import re

from app.security.sealing import link_signature

_PURPOSE = "returned_mail"
_PREFIX = "msg_"
_MARK_CHARS = 16
"""80 bits: RFC 2104 has no shorter ones, and a local part no room for more."""
_TOKEN = re.compile(rf"([0-9a-z]{{1,26}})([a-z2-7]{{{_MARK_CHARS}}})")
LOCAL_MOST_CHARS = 64
"""RFC 5321, 4.5.3.1.1."""
BASE_MOST_CHARS = LOCAL_MOST_CHARS - 1 - 26 - _MARK_CHARS
"""What is left of it for the operator's own part."""


def token_of(message_id: str) -> str:
    name = message_id.removeprefix(_PREFIX)
    return name + _mark(name)


def message_of(token: str) -> str | None:
    """The message it names; None: it was not made here, or was changed."""
    found = _TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(_mark(found[1]), found[2]):
        return None
    return _PREFIX + found[1]


def return_address(base: str, token: str) -> str:
    """`bounces@shop.example` with the name in it: `bounces+<token>@shop.example`."""
    local, _, domain = base.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(address: str) -> str | None:
    """What stands behind the plus of an address, if it could be a token."""
    local = address.strip().rpartition("@")[0].lower()
    _, plus, token = local.rpartition("+")
    return token if plus and _TOKEN.fullmatch(token) else None


def _mark(name: str) -> str:
    digest = bytes.fromhex(link_signature(_PURPOSE, name))
    return base64.b32encode(digest).decode().lower()[:_MARK_CHARS]
