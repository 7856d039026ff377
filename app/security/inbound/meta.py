"""Meta's signature (WhatsApp, Messenger): `X-Hub-Signature-256` over the raw body. Pure.

Owns the check. Must see the raw body: Meta escapes characters in its JSON, so that one written again has another signature.
Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started: HMAC-SHA256 with the app's secret, hex, `sha256=` before
it. Meta signs no time: a request is told from its repeat by the ids of the messages in it (`receiving.first_time`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from app.kernel.verdict import PASS, Fail, Verdict

SCHEME = "sha256="


def signature(secret: str, body: bytes) -> str:
    return SCHEME + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(given: str | None, body: bytes, secrets: Sequence[str]) -> Verdict:
    """PASS, or Fail(signature_missing | _malformed | _wrong). The older SHA-1 header is not believed."""
    if not given:
        return Fail("signature_missing")
    if not given.startswith(SCHEME):
        return Fail("signature_malformed")
    matches = [hmac.compare_digest(signature(secret, body).encode(), given.encode("utf-8", "replace")) for secret in secrets if secret]
    return PASS if any(matches) else Fail("signature_wrong")


def subscribed(mode: str | None, token: str | None, ours: Sequence[str]) -> Verdict:
    """The question Meta asks once, with GET, before it sends anything: does the address belong to whoever entered it?"""
    matches = [hmac.compare_digest(one.encode(), (token or "").encode("utf-8", "replace")) for one in ours if one]
    return PASS if mode == "subscribe" and any(matches) else Fail("signature_wrong")
