"""The errors of sensitive places: named facts with their status. Messages never hold a coordinate."""

from __future__ import annotations

from app.kernel.errors import AppError


class SensitiveImportRefused(AppError):
    """The import of sensitive places was refused and nothing was changed; `problems` names each feature and the reason."""

    status = 422
    code = "sensitive_import_refused"
