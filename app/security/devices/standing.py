"""How far a phone is believed: what it last proved about itself, and how that grows old.

Pure. Owns the ladder and the decay. Must not know how evidence is checked (play_integrity.py, app_attest.py) nor what follows from
a level: the policies say that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.security.policies.contracts import Standing as Known


class Level(StrEnum):
    """Weakest first, but for the last: `revoked` is a phone we were warned about, or that was signed out."""

    UNKNOWN = "unknown"
    SOFTWARE = "software"
    ATTESTED = "attested"
    STRONG = "strong"
    REVOKED = "revoked"


LADDER = (Level.UNKNOWN, Level.SOFTWARE, Level.ATTESTED, Level.STRONG)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one phone. `level` and `at` of its last attestation; `has_key`: its token is bound to a key;
    `frozen_why` of the phone or of whoever it belongs to."""

    level: Level | None = None
    at: datetime | None = None
    has_key: bool = False
    revoked: bool = False
    frozen_why: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A level, every reason for it, and since when the evidence counts."""

    level: Level
    reasons: tuple[str, ...]
    at: datetime | None = None

    @property
    def known(self) -> Known:
        """In the words of the policies."""
        if self.level is Level.REVOKED:
            return Known.FALLEN
        return Known.GOOD if self.level in (Level.ATTESTED, Level.STRONG) else Known.UNKNOWN


def judged(evidence: Evidence, at: datetime, fresh_s: int) -> Standing:
    """The standing at `at`. Evidence older than `fresh_s` counts one step less, older than twice that two steps less, and so on, down
    to what the phone is without any: `software` with a key of its own, else `unknown`."""
    if evidence.revoked or evidence.frozen_why is not None:
        why = ("device_signed_out",) if evidence.revoked else ()
        return Standing(Level.REVOKED, (*why, *((f"device_{evidence.frozen_why}",) if evidence.frozen_why else ())), evidence.at)
    bare = Level.SOFTWARE if evidence.has_key else Level.UNKNOWN
    own = ("device_has_key",) if evidence.has_key else ("device_without_key",)
    if evidence.level is None or evidence.at is None:
        return Standing(bare, (*own, "device_not_attested"))
    periods = int((at - evidence.at).total_seconds() // fresh_s)
    reached = max(LADDER.index(evidence.level) - max(0, periods), LADDER.index(bare))
    told = "device_attestation_old" if periods > 0 else "device_attested"
    return Standing(LADDER[reached], (*own, told), evidence.at)
