"""How a browser binds its session to a key of its own: what its pages are told, and the route.

Owns the HTTP side. Must not tell the key to anybody: its private half never leaves the browser, and the public one names nobody.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.security import browser_keys
from app.security.access import allow, caller_of, security_settings
from app.security.cookies import session_cookies
from app.security.dpop import token_hash
from app.security.holding import nonces, require_key
from app.security.principals import Principal, Role

router = APIRouter(tags=["people"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="passkey"))]


@router.post("/v1/sessions/key", status_code=204)
def bind_key(caller: Shopper, request: Request) -> Response:
    """Bind this browser's session to the key that signs this request (header `DPoP`, RFC 9449). What counts is from then on signed with it too."""
    if caller.session_id is None or caller.via != "cookie":
        raise Invalid.field("session", "only a browser's session is bound this way; a phone brings its key to POST /v1/devices")
    if not caller.key_shown:
        database: Database = request.app.state.house.database
        key = require_key(request, database, security_settings(request), token=session_cookies(request.cookies)[Role.SHOPPER])
        with database.transaction() as session:
            browser_keys.bind(session, caller.session_id, key, at=database.clock.now())
    return Response(status_code=204)


def key_of_page(request: Request) -> dict[str, Any] | None:
    """What the script of a phone page needs to sign (app/web/static/js/key.js): the key its session is bound to, the hash of the session's token, which
    the script cannot read, our time, and a nonce where we ask for one. None where no browser's session calls."""
    caller = caller_of(request)
    if caller.kind is not Role.SHOPPER or caller.via != "cookie":
        return None
    now_s = request.app.state.house.database.clock.now().timestamp()
    nonce = nonces(now_s)[0] if security_settings(request).dpop_nonce else None
    return {"bound": caller.browser_key, "ath": token_hash(session_cookies(request.cookies)[Role.SHOPPER]), "now": int(now_s * 1000), "nonce": nonce}
