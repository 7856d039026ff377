"""Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature` (v1) over the raw body. Pure.

Owns the signature in both directions: what we send is signed with it, what comes in is believed by it. Must see the raw body, never
one that was parsed and written again.
Source: https://www.standardwebhooks.com, specification 1.0: HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64, `v1,` before it;
several signatures stand side by side with a space, so that a receiver goes on while a secret is being changed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from app.kernel.verdict import PASS, Fail, Verdict

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins, not one
TOLERANCE_S = 300
MOST_SIGNATURES = 10


def secret_text(key: bytes) -> str:
    """A key as it is given to people."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def key_of(secret: str) -> bytes | None:
    """The key in a secret, with or without its prefix; None when it is empty or not base64."""
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def signature(key: bytes, message_id: str, timestamp_s: int | str, body: bytes) -> str:
    """One `v1,...`."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(keys: Sequence[bytes], message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The three headers; every key signs, the newest first."""
    signatures = " ".join(signature(key, message_id, at_s, body) for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(at_s), "webhook-signature": signatures}


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now_s: float, tolerance_s: int = TOLERANCE_S) -> Verdict:
    """PASS, or Fail(signature_missing | _malformed | _wrong | _old | _from_the_future).

    `secrets` are all in force (two while one is being changed). Names of headers count in any case. The time is judged only after
    the signature holds, so that nobody learns anything by varying it.
    """
    said = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, given = (said.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not message_id or not timestamp or not given:
        return Fail("signature_missing")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return Fail("signature_malformed")
    keys = [key for secret in secrets if (key := key_of(secret)) is not None]
    offered = [one.encode("utf-8", "replace") for one in given.split(" ") if one.startswith("v1,")][:MOST_SIGNATURES]
    genuine = [signature(key, message_id, timestamp, body).encode() for key in keys]
    # compared in full for each pair: how long it takes says nothing about where it differs
    matches = [hmac.compare_digest(one, other) for one in genuine for other in offered]
    return judged(any(matches), now_s - int(timestamp), tolerance_s)


def judged(genuine: bool, age_s: float, tolerance_s: int) -> Verdict:
    """The answer to a signature that holds or not, made so long ago."""
    if not genuine:
        return Fail("signature_wrong")
    if age_s > tolerance_s:
        return Fail("signature_old", {"age_s": age_s, "tolerance_s": tolerance_s})
    if age_s < -tolerance_s:
        return Fail("signature_from_the_future", {"age_s": age_s, "tolerance_s": tolerance_s})
    return PASS
