"""The refusals of revenue as named facts, each with its HTTP status. Must not know a framework."""

from __future__ import annotations

from app.kernel.errors import AppError, NotFound


class RevenueFileOutdated(AppError):
    """Somebody applied other terms since this file was exported; export it again and put your changes in."""

    status = 409
    code = "revenue_file_outdated"


class UnknownStatement(NotFound):
    """There is no statement of this partner for this month."""

    code = "unknown_statement"


class UnknownPlacement(NotFound):
    """Nothing sponsored has this name any more."""

    code = "unknown_placement"


class PeriodNotOver(AppError):
    """A month is closed when it is over, as the shop's clock has it."""

    status = 409
    code = "period_not_over"


class StatementUnderWay(AppError):
    """Another month of this partner is being closed at the same time; try again."""

    status = 409
    code = "statement_under_way"
