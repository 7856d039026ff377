"""The errors of the room: named facts with their status.

Owns the classes. Messages never hold a coordinate.
"""

from __future__ import annotations

from app.kernel.errors import AppError


class NoConsentForLocation(AppError):
    """The shopper has not switched on "Where you are"; nothing was stored. Ask her, then send again."""

    status = 403
    code = "no_consent_location"


class ImportRefused(AppError):
    """The import was refused and nothing was changed; `problems` names each feature and the reason."""

    status = 422
    code = "import_refused"


class UnknownTrackingKey(AppError):
    """The id is no tracking key of a device; take the one shown when the device was registered."""

    status = 401
    code = "unknown_tracking_key"


class IntakeBusy(AppError):
    """The log did not take the fixes in time, or only some of them; send the same again in a moment."""

    status = 503
    code = "intake_busy"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, extra={"retry_after_s": 1})


class LogUnfit(AppError):
    """The shared log is not as it has to be, and no waiting mends that; the message says what to change."""

    status = 500
    code = "log_unfit"
