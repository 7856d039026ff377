"""What can go wrong with a passkey.

Owns the named errors. Must not tell whether a passkey of somebody else exists.
"""

from __future__ import annotations

from app.kernel.errors import AppError, Conflict, Forbidden, NotFound


class NoSuchPasskey(NotFound):
    """There is no such passkey, or it is not yours."""


class PasskeyRefused(AppError):
    """This passkey could not be checked; try again, and use the one made for this account."""

    status = 422
    code = "passkey_refused"


class ChallengeOver(Conflict):
    """This was answered already, took too long, or was asked for elsewhere; begin again."""

    code = "challenge_over"


class PasskeyKnown(Conflict):
    """This passkey is registered already."""

    code = "passkey_known"


class PasskeySuspect(Forbidden):
    """Two of this passkey seem to be in use, so it opens nothing any more; remove it and make a new one."""

    code = "passkey_suspect"


class PasskeysNotHere(Conflict):
    """Browsers keep passkeys for a domain name only; open the page by its name (on your own machine: localhost, not 127.0.0.1)."""

    code = "passkeys_not_here"


class TooManyPasskeys(Conflict):
    """You have as many passkeys as fit; remove one first."""

    code = "too_many_passkeys"
