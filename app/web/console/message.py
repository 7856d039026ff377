"""How a campaign's message will look, for the marketer: lock screen, banner, text message, WhatsApp, e-mail, in each language.

Owns parsing and choosing the template. Must not decide what a device shows (notifications does) and changes nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
LANGUAGE_MOST_CHARS = 35
CALLED_MOST_CHARS = 60


@router.get("/console/campaigns/{campaign_id}/message")
def message(
    request: Request,
    campaign_id: Id,
    _caller: Marketer,
    call: Reading,
    language: Annotated[str, Query(max_length=LANGUAGE_MOST_CHARS)] = "",
    called: Annotated[str, Query(max_length=CALLED_MOST_CHARS)] = "Aino",
) -> Response:
    """With values as they may be; `called` is what the shopper wants to be called, which may be nothing."""
    with call.database.reading() as session:
        found = notifications.preview(session, campaign_id, language=language, called=called)
    return rendering.page(request, "console/message.html", {"here": "campaigns", "campaign_id": campaign_id, "found": found, "called": called})
