"""The errors of beacons: named facts with their status.

Owns the classes. No message shows a key or a position.
"""

from __future__ import annotations

from app.kernel.errors import AppError


class BeaconImportRefused(AppError):
    """The import was refused and nothing was changed; `problems` names each row and the reason."""

    status = 422
    code = "beacon_import_refused"
