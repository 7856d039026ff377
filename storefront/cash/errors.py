"""Named errors of paying in cash; the status says what a caller does about it."""

from __future__ import annotations

from app.kernel.errors import AppError, Forbidden, NotFound


class CashRefused(AppError):
    """This order cannot be paid in cash; `reason` says why. It can be paid online."""

    status = 409
    code = "cash_refused"


class CashDue(AppError):
    """Nothing is handed over before its money is there: take the money first."""

    status = 409
    code = "cash_due"


class CashNotDue(AppError):
    """There is no money to be taken for this order now: it was taken already, or the order does not stand any more."""

    status = 409
    code = "cash_not_due"


class TooLittleCash(AppError):
    """What was handed over is less than what is due, or, by card terminal, not exactly that; `due_minor` says how much it is."""

    status = 422
    code = "too_little_cash"


class NothingToPayOut(AppError):
    """No money of this order waits to be paid out at a till."""

    status = 409
    code = "nothing_to_pay_out"


class NoDrawerOpen(AppError):
    """You have no drawer open in this currency: open one with what lies in it."""

    status = 409
    code = "no_drawer_open"


class DrawerAlreadyOpen(AppError):
    """You have a drawer open in this currency; count and close it first."""

    status = 409
    code = "drawer_already_open"


class DrawerTooLow(AppError):
    """There is not so much in the drawer."""

    status = 409
    code = "drawer_too_low"


class CashBackRefused(AppError):
    """This money is not handed out here; `reason` says why. It can go to her balance, or she goes to the store that took it."""

    status = 409
    code = "cash_back_refused"


class DrawerClosed(AppError):
    """That drawer was counted and closed already; nothing was changed."""

    status = 409
    code = "drawer_closed"


class CountDiffers(AppError):
    """What was counted is not what the books expect. Count once more; if it stays so, say why."""

    status = 409
    code = "count_differs"


class NotYourTill(Forbidden):
    """You open drawers only at a store you work at."""

    code = "not_your_till"


class UnknownDrawer(NotFound):
    """There is no such drawer."""

    code = "unknown_drawer"
