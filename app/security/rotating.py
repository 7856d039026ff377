"""The live code of a thing on one phone, a coupon or an order to be fetched: eight digits that are others every fifteen seconds.

Pure. Owns the one-time password (RFC 4226, RFC 6238), the step, and how far two clocks may be apart. Must not know coupons, orders
or keys: a secret is handed in.

A step is 15 s and a neighbouring step is taken too, so a picture of a code is worthless at most 30 s after it was made.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

STEP_S = 15
NEIGHBOURS = 1
"""So many steps before and after are good as well: the time a hand needs, and clocks that are a little apart."""
DIGITS = 8
LOOK_STEPS = 240
"""A code of the last or next hour is recognised as late or early, so that a clerk learns whose clock is wrong."""

_HASHES = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Step:
    """The code was made `late` steps ago: 0 now, negative ahead of our clock."""

    number: int
    late: int

    @property
    def good(self) -> bool:
        return abs(self.late) <= NEIGHBOURS


def hotp(secret: bytes, counter: int, *, digits: int = DIGITS, algorithm: str = "sha256") -> str:
    """RFC 4226 section 5.3: HMAC of the counter, dynamically truncated to decimal digits."""
    mac = hmac.new(secret, counter.to_bytes(8, "big"), _HASHES[algorithm]).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(unix_s: float, step_s: int = STEP_S) -> int:
    return int(unix_s // step_s)


def live_code(secret: bytes, unix_s: float) -> str:
    return hotp(secret, step_of(unix_s))


def step_made(secret: bytes, code: str, unix_s: float) -> Step | None:
    """The step in which `code` was made, the nearest to now first; None if in no step of the hour around."""
    now = step_of(unix_s)
    for away in range(LOOK_STEPS + 1):
        for late in (away, -away) if away else (0,):
            if now - late >= 0 and hmac.compare_digest(
                hotp(secret, now - late).encode(), code.encode("utf-8", "replace")
            ):
                return Step(now - late, late)
    return None


def device_secret(period_key: bytes, coupon: bytes, device: bytes) -> bytes:
    """The secret of this coupon on this phone. A till that holds the key of the week makes it again; a phone cannot make another's."""
    return hmac.new(period_key, b"live" + len(coupon).to_bytes(1, "big") + coupon + device, hashlib.sha256).digest()
