"""What a browser asked for: a page, a piece of one, or a new address after a form.

Owns that distinction. Must not know any room or page.
"""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

NOT_PAGES = ("/v1/", "/assets/", "/metrics", "/healthz", "/readyz", "/openapi.json")


def asked_by_htmx(request: Request) -> bool:
    """A piece of a page is wanted, to be swapped in."""
    return request.headers.get("hx-request") == "true"


def asked_for_page(request: Request) -> bool:
    """A person looks at this address: it belongs to a page and HTML is welcome."""
    return not request.url.path.startswith(NOT_PAGES) and "text/html" in request.headers.get("accept", "")


def go_to(request: Request, address: str) -> Response:
    """After a form: the browser goes on to `address` (303), by htmx's own header where htmx asked."""
    if asked_by_htmx(request):
        return Response(status_code=200, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    return RedirectResponse(address, status_code=303)
