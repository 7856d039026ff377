"""A browser's push subscription: which ones are taken, and the one form in which they are kept.

Owns the check of what a page hands in. Its endpoint is an address somebody else tells us to post to, so only push services we know
are ever asked: by host, or by whole origin for a local stand-in. Must not send.
Source: W3C Push API (PushSubscriptionJSON), RFC 8291 section 3 (key and secret).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.kernel.errors import Invalid

ENDPOINT_MOST_CHARS = 2048
KEY_BYTES, AUTH_BYTES = 65, 16
PUSH_SERVICES = ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com")
"""The push services of Chromium, Firefox, Safari and Edge; a name stands for itself and what is below it."""


@dataclass(frozen=True, slots=True, repr=False)
class Subscription:
    """`p256dh` is the browser's public key (an uncompressed point of P-256), `auth` the secret it shares with us."""

    endpoint: str
    p256dh: bytes
    auth: bytes

    def text(self) -> str:
        """One line of ASCII: the form in which it is kept, always the same for the same subscription."""
        parts = {"endpoint": self.endpoint, "p256dh": _packed(self.p256dh), "auth": _packed(self.auth)}
        return json.dumps(parts, separators=(",", ":"), ensure_ascii=True)


def accepted(endpoint: str, p256dh: str, auth: str, services: Collection[str]) -> Subscription:
    """Raises Invalid naming the field."""
    if not may_post_to(endpoint, services):
        raise Invalid.field("endpoint", "the https address of a push service we know, as the browser gave it")
    return Subscription(endpoint, _bytes(p256dh, KEY_BYTES, "p256dh", first=4), _bytes(auth, AUTH_BYTES, "auth"))


def read(text: str) -> Subscription:
    """What `text()` has written. Raises ValueError or KeyError for anything else."""
    parts = json.loads(text)
    return Subscription(parts["endpoint"], _unpacked(parts["p256dh"]), _unpacked(parts["auth"]))


def origin_of(endpoint: str) -> str:
    """Scheme, host and port: who a signed word of ours is for (RFC 8292, `aud`)."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def may_post_to(endpoint: str, services: Collection[str]) -> bool:
    """Whether this address is one of a push service we know: no other host, port, name or password in front, and https."""
    if len(endpoint) > ENDPOINT_MOST_CHARS or not endpoint.isascii() or not endpoint.isprintable() or set(endpoint) & set(' \\"<>'):
        return False
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or parts.fragment:
        return False
    if origin_of(endpoint) in services:
        return True
    return parts.scheme == "https" and port in (None, 443) and any(host == s or host.endswith(f".{s}") for s in services)


def _bytes(typed: str, size: int, name: str, *, first: int | None = None) -> bytes:
    try:
        found = _unpacked(typed)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != size or (first is not None and found[0] != first):
        raise Invalid.field(f"keys.{name}", f"{size} bytes in base64url, as the browser gave them")
    return found


def _packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=").encode("ascii") + b"=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
