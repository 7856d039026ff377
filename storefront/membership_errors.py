"""The refusals of memberships as named facts, each with its HTTP status. Must not know a framework."""

from __future__ import annotations

from app.kernel.errors import AppError, NotFound


class UnknownPlan(NotFound):
    """There is no such membership to join, or not in this currency."""

    code = "unknown_plan"


class UnknownMembership(NotFound):
    """You have no membership, or there is none of this name."""

    code = "unknown_membership"


class AlreadyMember(AppError):
    """You have a membership already; change or end that one."""

    status = 409
    code = "already_member"


class MembershipFileOutdated(AppError):
    """Somebody applied other plans since this file was exported; export it again and put your changes in."""

    status = 409
    code = "membership_file_outdated"


class MembershipNotNow(AppError):
    """That cannot be done with your membership as it is now; `state` says how it is."""

    status = 409
    code = "membership_not_now"


class MembershipPriceChanged(AppError):
    """It costs something else than you were shown; `amount_minor` says how much. Nothing was done."""

    status = 409
    code = "membership_price_changed"


class MembershipChangeUnpaid(AppError):
    """Your card did not pay for the change, so nothing was changed. Use another card and try again."""

    status = 402
    code = "membership_change_unpaid"


class InvoiceNotRefundable(AppError):
    """Nothing of this invoice can be given back: it was not paid, or all of it is back."""

    status = 409
    code = "invoice_not_refundable"
