"""The phone's page of questions that are often asked: a search, and the answers the shop has written.

Owns the page. Must not decide: conversations finds what is meant.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.shopper.frame import frame
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]


@router.get("/m/help")
def help_page(request: Request, caller: Shopper, call: Reading, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """What answers her question, the surest first; without one all of it. In the language she likes."""
    with call.database.reading() as session:
        language = notifications.liked(session, caller.id).language or "en"
        found = notifications.conversations.faq.search(session, q, language)
        context = frame(session, caller.id, "me", call.clock.now()) | {"found": found, "asked": q.strip()}
    return rendering.page(request, "shopper/often_asked.html", context, frame_self=True)
