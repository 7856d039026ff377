"""Errors as pages: whoever looks with a browser is told in plain words what is wrong and where to go on.

Owns the choice between problem+json (programs), a whole page (people) and a short word on the page (htmx). Must not
change a status or invent a sentence: both come from the problem document of app/kernel/http.py.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from app.security.errors import StepUpNeeded
from app.web import rendering
from app.web.browser import asked_by_htmx, asked_for_page
from app.web.forms import MOST_LONG_FIELDS
from app.web.shopper.frame import OUTSIDE

TITLES = {
    401: "Please sign in first",
    403: "This page is not for you",
    404: "There is nothing here",
    409: "That is not possible now",
    410: "This is over",
    413: "That is too much at once",
    422: "Something is not right yet",
    429: "A little slower, please",
    500: "Something broke on our side",
    503: "Not available just now",
}
WAYS_IN = {"/console": "marketer", "/explain": "marketer", "/till": "clerk"}


def install_problem_pages(app: FastAPI) -> None:
    """Call after `install_problems`: every error handler learns to answer browsers in HTML."""
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _in_html(handler))


def _in_html(handler: Callable[..., Any]) -> Callable[..., Any]:
    async def answer(request: Request, error: Exception) -> Response:
        given = handler(request, error)
        response: Response = await given if inspect.isawaitable(given) else given
        if asked_for_page(request) and isinstance(error, StepUpNeeded) and not asked_by_htmx(request):
            return proof_page(request, response, await request.body(), error.detail)
        if asked_by_htmx(request) or asked_for_page(request):
            return problem_page(request, response)
        return response

    return answer


def proof_page(request: Request, response: Response, body: bytes, detail: str) -> Response:
    """A form that needs more proof is held for her: once she has shown that it is her, it goes on by itself."""
    fields = parse_qsl(body.decode("utf-8", "replace"))[:MOST_LONG_FIELDS] if request.method == "POST" else []
    context = OUTSIDE | {"method": request.method.lower(), "address": request.url.path, "fields": fields, "detail": detail}
    page = rendering.page(request, "shopper/proof.html", context, status=response.status_code, frame_self=True)
    page.headers["WWW-Authenticate"] = response.headers["WWW-Authenticate"]
    return page


def problem_page(request: Request, response: Response) -> Response:
    """The same answer for people. A shopper page without a shopper leads to the welcome page instead."""
    try:
        document: dict[str, Any] = json.loads(bytes(response.body))
        status, detail, code = int(document["status"]), str(document["detail"]), str(document["code"])
    except (ValueError, KeyError, TypeError):
        return response
    path = request.url.path
    if status == 401 and path.startswith("/m/") and request.method == "GET" and not asked_by_htmx(request):
        return RedirectResponse("/m", status_code=303)
    kept = {name: value for name, value in response.headers.items() if name in ("retry-after", "www-authenticate", "allow")}
    if asked_by_htmx(request):
        headers = kept | {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
        return rendering.fragment("toast.html", {"text": detail, "tone": "bad"}, status=status, headers=headers)
    if status == 404 and code == "not_found":
        detail = "The address may be mistyped, or what was here is gone, or it is not yours."
    way_in = next((role for start, role in WAYS_IN.items() if path.startswith(start)), "")
    page = rendering.page(
        request,
        "problem.html",
        {"status": status, "title": TITLES.get(status, "That did not work"), "detail": detail, "code": code, "way_in": way_in},
        status=status,
        frame_self=path.startswith("/m"),
    )
    page.headers.update(kept)
    return page
