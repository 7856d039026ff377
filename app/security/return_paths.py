"""The name under which an e-mail of ours comes back: its id with a keyed hash, in the return address and as envelope id (RFC 3461).

Owns making and opening it, for the messages of offers and for letters about an account. It names one of them, does this one thing alone, and
cannot be made by anybody else, nor one of the one kind turned into one of the other. It is made of small letters and digits, because some mail
servers write addresses small. Must not know what became of what it names.
"""

from __future__ import annotations

import base64
import hmac
import re

from app.security.sealing import link_signature

MESSAGE, LETTER = "msg_", "ltr_"
"""How the id of each kind begins."""
NAMED_IN = "CFBL-Feedback-ID"
"""The header in which the name stands for whoever sends the mail back or complains of it (RFC 9477)."""
_PURPOSES = {MESSAGE: "returned_mail", LETTER: "returned_letter"}
_MARK_CHARS = 16
"""80 bits: RFC 2104 has no shorter ones, and a local part no room for more."""
_TOKEN = re.compile(rf"([0-9a-z]{{1,26}})([a-z2-7]{{{_MARK_CHARS}}})")
LOCAL_MOST_CHARS = 64
"""RFC 5321, 4.5.3.1.1."""
BASE_MOST_CHARS = LOCAL_MOST_CHARS - 1 - 26 - _MARK_CHARS
"""What is left of it for the operator's own part."""


def token_of(mail_id: str) -> str:
    """Of a message (`msg_...`) or a letter (`ltr_...`)."""
    kind, name = mail_id[:4], mail_id[4:]
    return name + _mark(_PURPOSES[kind], name)


def named_by(token: str) -> str | None:
    """The id of what it names; None: it was not made here, or was changed."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    return next((kind + found[1] for kind, purpose in _PURPOSES.items() if hmac.compare_digest(_mark(purpose, found[1]), found[2])), None)


def return_address(base: str, token: str) -> str:
    """`bounces@shop.example` with the name in it: `bounces+<token>@shop.example`."""
    local, _, domain = base.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(address: str) -> str | None:
    """What stands behind the plus of an address, if it could be a token."""
    local = address.strip().rpartition("@")[0].lower()
    _, plus, token = local.rpartition("+")
    return token if plus and _TOKEN.fullmatch(token) else None


def _mark(purpose: str, name: str) -> str:
    digest = bytes.fromhex(link_signature(purpose, name))
    return base64.b32encode(digest).decode().lower()[:_MARK_CHARS]
