"""What can be wrong with a word about consent.

Owns the named errors of app/privacy.
"""

from __future__ import annotations

from app.kernel.errors import Conflict


class OptedOutBySignal(Conflict):
    """Your browser asks every site not to profile, approach or count you (Global Privacy Control), so this stays off. Switch the signal off for this site, or say it in the app."""

    code = "opted_out_by_signal"


class NotForMinors(Conflict):
    """You told us that you are under age, so this stays off."""

    code = "not_for_minors"
