"""Why a proof of presence is not taken.

Owns the classes. Messages hold no code.
"""

from __future__ import annotations

from app.kernel.errors import AppError


class PresenceCodeUnknown(AppError):
    """This is no code of a place of ours; scan the one at the shelf or the till."""

    status = 422
    code = "presence_code_unknown"


class PresenceCodeOld(AppError):
    """The code has changed since; scan the one that is shown now."""

    status = 409
    code = "presence_code_old"


class PresenceCodeUsed(AppError):
    """This phone has used this code already; wait for the next one."""

    status = 409
    code = "presence_code_used"
