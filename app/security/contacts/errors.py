"""What can go wrong with a contact.

Owns the named errors. Must not tell whether somebody else has an address.
"""

from __future__ import annotations

from app.kernel.errors import AppError, Conflict, NotFound


class ContactUnavailable(Conflict):
    """Nothing of this kind can be sent from here; use the other kind, or ask the operator to set it up."""

    code = "contact_unavailable"


class CodeUnknown(NotFound):
    """No code was asked for here; ask for one first."""

    code = "contact_code_unknown"


class CodeWrong(AppError):
    """This is not the code that was sent; look again."""

    status = 422
    code = "contact_code_wrong"


class CodeSpent(AppError):
    """This code can no longer be used: it is too old, was used, or was tried too often. Ask for a new one."""

    status = 410
    code = "contact_code_spent"


class ContactUnknown(NotFound):
    """There is no such contact of yours."""

    code = "contact_unknown"


class NothingChanged(Conflict):
    """This is your contact already."""

    code = "contact_unchanged"


class UndoUnknown(NotFound):
    """This link is not known here; it may have been cut off. Copy all of it."""

    code = "undo_unknown"


class UndoSpent(AppError):
    """This link was used already or is too old."""

    status = 410
    code = "undo_spent"
