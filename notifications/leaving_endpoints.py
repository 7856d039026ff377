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

router = APIRouter(tags=["notifications"], include_in_schema=False)

LinkHolder = Annotated[Principal, Depends(allow(ANYONE))]

_NAMES = {ChannelKind.EMAIL: "by e-mail", ChannelKind.SMS: "by SMS", ChannelKind.WHATSAPP: "by WhatsApp"}


@router.get("/unsubscribe/{link_token}")
def look_at_leaving(link_token: str, _caller: LinkHolder) -> Response:
    """A page with a button."""
    try:
        _, channel = leaving.opened(link_token)
    except leaving.LinkOfNobody as refusal:
        return refused_page(refusal.status, refusal.detail)
    return asking_page("No more offers?", f"We will not tell you of offers {_how(channel)} any more. Nothing else changes.", "Get no more")


@router.post("/unsubscribe/{link_token}")
def leave(link_token: str, _caller: LinkHolder, request: Request) -> Response:
    """End it, at once."""
    database: Database = request.app.state.house.database
    try:
        with database.transaction() as session:
            channel = leaving.leave(session, link_token, database.clock.now())
    except leaving.LinkOfNobody as refusal:
        return refused_page(refusal.status, refusal.detail)
    return done_page("Done", f"You get no more offers {_how(channel)}.", link="/m/me", link_text="My data")


def _how(channel: ChannelKind) -> str:
    return _NAMES.get(channel, "by push")
