"""Challenges: random bytes we hand out, good once, soon, and for whoever asked for them.

Owns the one conditional UPDATE that uses one up: of any number of answers that race exactly one finds it unused.
Must not know what is signed over a challenge (passkeys/, devices/).
"""

from __future__ import annotations

import hashlib
import secrets as randomness
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.security.models import ChallengeRow
from app.security.principals import Principal
from app.security.sealing import keyed_hash

CHALLENGE_BYTES = 32


def issue(session: Session, purpose: str, bound_to: str, *, at: datetime, ttl_s: int) -> bytes:
    """32 random bytes for `bound_to` (`asker`), good once within `ttl_s` seconds."""
    challenge = randomness.token_bytes(CHALLENGE_BYTES)
    row = ChallengeRow(
        challenge_hash=_hash(challenge), purpose=purpose, bound_to=keyed_hash("challenge", bound_to), created_at=at, expires_at=at + timedelta(seconds=ttl_s)
    )
    session.add(row)
    session.flush()
    return challenge


def use(session: Session, purpose: str, challenge: bytes, bound_to: str, *, at: datetime) -> bool:
    """True for the one who uses it; False when it is unknown, used, too old, or was given to somebody else."""
    live = update(ChallengeRow).where(
        ChallengeRow.challenge_hash == _hash(challenge),
        ChallengeRow.purpose == purpose,
        ChallengeRow.bound_to == keyed_hash("challenge", bound_to),
        ChallengeRow.expires_at > at,
        ChallengeRow.used_at.is_(None),
    )
    return moved(session, live.values(used_at=at))


def asker(principal: Principal, visit: str = "") -> str:
    """What a challenge is bound to: the session, else the device; for somebody unknown the cookie `visit`."""
    return principal.session_id or principal.device_id or f"visit:{visit}"


def _hash(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
