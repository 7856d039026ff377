"""Named errors of a cart that changes hands."""

from __future__ import annotations

from app.kernel.errors import AppError, NotFound


class UnknownCartCode(NotFound):
    """There is no cart with this code; check what you typed, or have a new one shown."""

    code = "unknown_cart_code"


class CartCodeOver(AppError):
    """This code was used already, or its three minutes are over; have a new one shown."""

    status = 409
    code = "cart_code_over"
