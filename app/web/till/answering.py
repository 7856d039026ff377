"""How a list of the till answers a form on it: the list anew, or the same page with what is wrong where it is wrong.

Owns that answer. Must not know what the form does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

from app.kernel.errors import AppError
from app.kernel.http import CommandCall
from app.web.browser import go_to


def done(request: Request, call: CommandCall, work: Any, *, home: str, refused: Callable[[AppError], Response]) -> Response:
    """`refused` makes the page that says why not. What is not hers to see is no page of hers either (404)."""
    try:
        call.run(work)
    except AppError as refusal:
        if refusal.status == 404:
            raise
        return refused(refusal)
    return go_to(request, home)
