"""When the database could not do something now, and would in a moment: the one error of it, whichever engine says so how.

Owns `DatabaseBusy` and telling it from what is broken. Nothing of the transaction has happened, so the same may be asked again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from app.kernel.errors import AppError

_LOCK_NOT_AVAILABLE, _DEADLOCK, _NOT_SERIALIZABLE = "55P03", "40P01", "40001"
"""PostgreSQL's codes (its documentation, appendix A): a lock was waited for too long; two waited for each other; a copy could not follow."""
_SQLITE_BUSY = 5


class DatabaseBusy(AppError):
    """The database could not take another write in time; try again in a moment."""

    status = 503
    code = "database_busy"

    def __init__(self) -> None:
        super().__init__(extra={"retry_after_s": 1})


def is_busy(error: BaseException) -> bool:
    """Also where no connection came free in time."""
    if isinstance(error, NoConnection):
        return True
    if not isinstance(error, DBAPIError):
        return False
    said: Any = error.orig
    if getattr(said, "sqlstate", None) in (_LOCK_NOT_AVAILABLE, _DEADLOCK, _NOT_SERIALIZABLE):
        return True
    return (getattr(said, "sqlite_errorcode", None) or 0) & 0xFF == _SQLITE_BUSY
