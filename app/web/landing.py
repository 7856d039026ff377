"""The first page: what this is, and the doors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.security.access import ANYONE, Principal, allow
from app.web import rendering

router = APIRouter(include_in_schema=False)


@router.get("/")
def landing(request: Request, _caller: Annotated[Principal, Depends(allow(ANYONE))]) -> Response:
    """What this is, and the doors to the pages."""
    demo = bool(request.app.state.house.settings.demo)
    return rendering.page(request, "landing.html", {"demo": demo})
