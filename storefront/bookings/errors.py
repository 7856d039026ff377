"""The refusals of bookings. Must not know a framework."""

from __future__ import annotations

from app.kernel.errors import AppError, NotFound


class ChooseTime(AppError):
    """This is given at a time: choose a store and a time of it first."""

    status = 422
    code = "choose_time"


class BookingFixed(AppError):
    """This can no longer be moved or cancelled here: the time to do so is over, or it is not booked any more. Ask the store."""

    status = 409
    code = "booking_fixed"


class BookingNotOpen(AppError):
    """It cannot be checked in now: it is not paid, was given up, is of another day, or is over and done with."""

    status = 409
    code = "booking_not_open"


class CheckInRefused(AppError):
    """The code does not prove this booking now."""

    status = 409
    code = "check_in_refused"


class UnknownService(NotFound):
    """There is no such service in that store."""

    code = "unknown_service"


class UnknownBooking(NotFound):
    """There is no such booking, or it is not yours."""

    code = "unknown_booking"
