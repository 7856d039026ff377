"""The refusals of giving back and exchanging as named facts, each with its HTTP status. Must not know a framework."""

from __future__ import annotations

from app.kernel.errors import AppError, NotFound


class NotReturnable(AppError):
    """These pieces cannot come back; `reason` says why. Ask us if something is wrong with them."""

    status = 409
    code = "not_returnable"


class NotExchangeable(AppError):
    """These pieces cannot be exchanged so; `reason` says why. They may come back for money."""

    status = 409
    code = "not_exchangeable"


class ReturnAlreadyAsked(AppError):
    """You have asked already to give pieces of this order back; withdraw that first, or bring them."""

    status = 409
    code = "return_already_asked"


class UnknownReturn(NotFound):
    """You have not asked to give pieces of this order back."""

    code = "unknown_return"
