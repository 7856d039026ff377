"""Why a proof of presence is not taken.

Owns the classes. Messages hold no code.
"""

from __future__ import annotations

from app.kernel.errors import AppError, Conflict


class PresenceCodeUnknown(AppError):
    """This is no code of a place of ours; scan the one at the shelf or the till."""

    status = 422
    code = "presence_code_unknown"


class PresenceCodeOld(Conflict):
    """The code has changed since; scan the one that is shown now."""

    code = "presence_code_old"


class PresenceCodeUsed(Conflict):
    """This phone has used this code already; wait for the next one."""

    code = "presence_code_used"
