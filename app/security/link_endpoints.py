"""The route behind every link in a message.

Owns the answer to whoever opens one. It leads on whoever it is for, and shows nothing of it to anybody else.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.kernel.db import Database
from app.security.access import allow
from app.security.deep_links import Opened, open_link
from app.security.entrance import done_page
from app.security.principals import ANYONE, Principal, Role
from app.security.shoppers import same_person

router = APIRouter(tags=["people"])

Visitor = Annotated[Principal, Depends(allow(ANYONE))]

REFUSED = {
    Opened.UNKNOWN: (404, "This link does not work", "It may have been cut off; open it from the message again."),
    Opened.NOT_HERS: (403, "This link is for somebody else", "A message from us opens on the phone it was sent to, and nowhere else. Nothing of it is shown here."),
    Opened.EXPIRED: (410, "This link is too old", "What it led to has ended."),
}


@router.get("/l/{token}", include_in_schema=False)
def follow_link(token: str, caller: Visitor, request: Request) -> Response:
    """Go on to the page it was signed for."""
    database: Database = request.app.state.house.database
    if caller.kind is not Role.SHOPPER:
        if open_link(token, (), database.clock.now()) is Opened.UNKNOWN:
            return _refused(Opened.UNKNOWN)
        # from a mail program the browser does not say who she is until she comes from a page of ours: this one
        sentence = "Links in our messages open on the phone they were sent to. If this is it, go on."
        return done_page("Is this your phone?", sentence, link=request.url.path, link_text="Go on", status=401)
    with database.reading() as session:
        ids = same_person(session, caller.id)
    found = open_link(token, ids, database.clock.now())
    return _refused(found) if isinstance(found, Opened) else RedirectResponse(found, status_code=303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def _refused(why: Opened) -> Response:
    status, title, sentence = REFUSED[why]
    return done_page(title, sentence, link="/m", link_text="Our page", status=status)
