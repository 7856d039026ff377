"""What a phone's proof about itself is bound to: our challenge, the moment and the coupon it is asked for.

Pure. Owns the one hash that both vendors' proofs carry: as `requestHash` in Play Integrity, as `clientDataHash` in App Attest.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode


def request_hash(challenge: bytes, moment_id: str = "", coupon_id: str = "") -> bytes:
    """SHA-256 over the challenge (in base64url, as it was told), the moment and the coupon, with a line feed between."""
    told = urlsafe_b64encode(challenge).rstrip(b"=").decode()
    return hashlib.sha256("\n".join((told, moment_id, coupon_id)).encode()).digest()


def as_text(hashed: bytes) -> str:
    """Base64url without padding: the form in which Play Integrity carries it."""
    return urlsafe_b64encode(hashed).rstrip(b"=").decode()
