"""The refusals of digital delivery. Must not know a framework."""

from __future__ import annotations

from app.kernel.errors import AppError


class NothingToDownload(AppError):
    """This line of the order has no file that could be fetched: it is nothing digital, was given back, or the order is not paid."""

    status = 409
    code = "nothing_to_download"


class DownloadsUsedUp(AppError):
    """This was fetched as often as it may be; ask the shop if you need it again. `most` says how often that is."""

    status = 409
    code = "downloads_used_up"


class DownloadClosed(AppError):
    """The time to fetch this is over, or has not begun; open it again on the page of your order."""

    status = 409
    code = "download_closed"


class RangeNotSatisfiable(AppError):
    """There are no such bytes in this file; ask for `bytes=from-to` within its size, or without a range. `size_bytes` says how long it is."""

    status = 416
    code = "range_not_satisfiable"
