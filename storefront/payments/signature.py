"""Whether a webhook is genuine: HMAC-SHA256 over `<t>.<raw body>`, scheme v1, signed just now. Pure.

Owns the verification (Stripe's documented `Stripe-Signature` scheme). Stricter than the SDK, which accepts a time of
signing in the future: both sides of the tolerance are refused here. Must see the raw body, never a re-serialised one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from app.kernel.verdict import PASS, Fail, Verdict


def verify(header: str | None, body: bytes, secrets: Sequence[str], *, now_s: int, tolerance_s: int = 300) -> Verdict:
    """PASS, or Fail(signature_missing | _malformed | _wrong | _old | _from_the_future).

    `secrets` are all signing secrets in force (two while one is being rotated). The time is judged only after the
    signature holds, so that nobody learns anything by varying it.
    """
    if not header:
        return Fail("signature_missing")
    parts = [part.strip().split("=", 1) for part in header.split(",")]
    times = [value for name, *rest in parts for value in rest if name == "t"]
    given = [value for name, *rest in parts for value in rest if name == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12 or not given:
        return Fail("signature_malformed")
    signed = times[0].encode() + b"." + body
    genuine = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    # Compared in full for each pair: how long it takes says nothing about where it differs.
    matches = [hmac.compare_digest(one, other.encode()) for one in genuine for other in given[:10]]
    if not any(matches):
        return Fail("signature_wrong")
    age_s = now_s - int(times[0])
    if age_s > tolerance_s:
        return Fail("signature_old", {"age_s": age_s, "tolerance_s": tolerance_s})
    if age_s < -tolerance_s:
        return Fail("signature_from_the_future", {"age_s": age_s, "tolerance_s": tolerance_s})
    return PASS
