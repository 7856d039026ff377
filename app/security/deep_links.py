"""Links in messages: for one shopper, for a while, to one page of ours.

Owns making and opening them. A link can lead nowhere else: only a path of this house is ever signed, and it is looked at again
before it is followed. It does not say whose it is, and to anybody else it says nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from app.security.sealing import link_signature

_OWN_PATH = re.compile(r"/[a-z][A-Za-z0-9_/-]{0,300}(?:\?[A-Za-z0-9_=&-]{0,200})?")
"""A path as our pages have them: no second slash at its beginning, no backslash, dot, colon, percent sign or control character."""
_TOKEN = re.compile(r"([0-9]{1,11})\.([A-Za-z0-9_-]{1,700})\.([0-9a-f]{40})")
_SIGNATURE_CHARS = 40
PREFIX = "/l/"


class Opened(StrEnum):
    """Why a link does not lead on."""

    UNKNOWN = "unknown"
    NOT_HERS = "not_hers"
    EXPIRED = "expired"


def own_path(path: str) -> bool:
    """Whether it can only be a page of ours, also to a browser that means well."""
    return _OWN_PATH.fullmatch(path) is not None and "//" not in path


def signed_link(shopper_id: str, path: str, expires_at: datetime) -> str:
    """A path of ours that leads this shopper, and nobody else, to `path`. Raises ValueError for what is no path of ours."""
    if not own_path(path):
        raise ValueError("a link in a message leads to a page of ours")
    until_s = int(expires_at.timestamp())
    packed = base64.urlsafe_b64encode(path.encode()).decode().rstrip("=")
    return f"{PREFIX}{until_s}.{packed}.{_signature(shopper_id, until_s, path)}"


def open_link(token: str, shopper_ids: Iterable[str], at: datetime) -> str | Opened:
    """The path, for whoever it was signed for (`shopper_ids`: all by which she is known); otherwise why not.

    What was changed and what is another's cannot be told apart, by nobody.
    """
    found = _TOKEN.fullmatch(token)
    if found is None:
        return Opened.UNKNOWN
    until_s, packed, signature = int(found[1]), found[2], found[3]
    try:
        path = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return Opened.UNKNOWN
    if not any(hmac.compare_digest(signature, _signature(one, until_s, path)) for one in shopper_ids):
        return Opened.NOT_HERS
    if until_s <= at.timestamp():
        return Opened.EXPIRED
    return path if own_path(path) else Opened.UNKNOWN


def _signature(shopper_id: str, until_s: int, path: str) -> str:
    return link_signature("message", f"{shopper_id}\x1f{until_s}\x1f{path}")[:_SIGNATURE_CHARS]
