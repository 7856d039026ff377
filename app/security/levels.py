"""How well somebody has shown who she is, and how long ago: the ladder that a step-up climbs.

Pure. Owns the three levels and whether what was proved is enough. Must not know what asks for a level, nor how one is proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel.verdict import PASS, Fail, Verdict
from app.security.policies.contracts import Acr

ORDER = (Acr.LINK, Acr.PASSWORD, Acr.PASSKEY)
"""Weakest first: holds a session or token; knew the password; was there herself. A live code is another thing: it proves a phone."""


@dataclass(frozen=True, slots=True)
class Proven:
    """When each level was last proved in this session or on this device; None: never."""

    session_at: datetime | None = None
    password_at: datetime | None = None
    passkey_at: datetime | None = None

    def at(self, acr: Acr) -> datetime | None:
        """The newest proof of this level or a higher one."""
        times = (self.session_at, self.password_at, self.passkey_at)[ORDER.index(acr) :]
        return max((t for t in times if t is not None), default=None)


def enough(proven: Proven, acr: Acr, max_age_s: int | None, at: datetime) -> Verdict:
    """Is `acr` (or better) proved, and no longer than `max_age_s` ago? `max_age_s` None asks for no freshness."""
    proved_at = proven.at(acr)
    age_s = None if proved_at is None else max(0, int((at - proved_at).total_seconds()))
    if age_s is not None and (max_age_s is None or age_s <= max_age_s):
        return PASS
    return Fail("step_up_needed", {"acr": str(acr), "max_age_s": max_age_s, "age_s": age_s})
