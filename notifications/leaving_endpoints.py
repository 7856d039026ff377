"""The page behind the link that ends a channel, and the one click a mailbox makes by itself.

Owns answering. Looking changes nothing (mail scanners look); a POST without any cookie does (RFC 8058, 3.1).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.db import Database
from app.security.access import allow
from app.security.entrance import asking_page, done_page, refused_page
from app.security.principals import ANYONE, Principal
from notifications import leaving
from notifications.contracts import ChannelKind
from notifications.phrases import say, spoken

router = APIRouter(tags=["notifications"], include_in_schema=False)

LinkHolder = Annotated[Principal, Depends(allow(ANYONE))]

_TEXTS = (ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.WHATSAPP)


@router.get("/unsubscribe/{link_token}")
def look_at_leaving(link_token: str, _caller: LinkHolder) -> Response:
    """A page with a button."""
    try:
        found = leaving.opened(link_token)
    except leaving.LinkOfNobody as refusal:
        return refused_page(refusal.status, refusal.detail)
    language = spoken(found.language)
    return asking_page(say("leave.title", language), _of("leave.ask", found), say("leave.button", language), language=language)


@router.post("/unsubscribe/{link_token}")
def leave(link_token: str, _caller: LinkHolder, request: Request) -> Response:
    """End it, at once."""
    database: Database = request.app.state.house.database
    try:
        with database.transaction() as session:
            found = leaving.leave(session, link_token, database.clock.now())
    except leaving.LinkOfNobody as refusal:
        return refused_page(refusal.status, refusal.detail)
    language = spoken(found.language)
    return done_page(say("leave.done", language), _of("leave.left", found), link="/m/me", link_text=say("leave.my_data", language), language=language)


def _of(sentence: str, found: leaving.Leaving) -> str:
    return say(f"{sentence}.{found.channel if found.channel in _TEXTS else 'push'}", found.language)
