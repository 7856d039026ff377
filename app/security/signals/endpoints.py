"""Where transmitters push their warnings: RFC 8935.

Owns the HTTP side, with the answers that standard asks for (202 without a body, or 400 with `err`). Who sends is known by the signature
alone, so the route is open and limited by address. Keys are read from a file, never fetched.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.db import Database
from app.kernel.http import RawBody, to_json
from app.kernel.logs import get_logger
from app.kernel.verdict import Fail
from app.security.access import allow, security_settings
from app.security.principals import ANYONE, Principal
from app.security.reasons import REASONS
from app.security.signals import effects, sets

router = APIRouter(tags=["security events"])
log = get_logger(__name__)

Transmitter = Annotated[Principal, Depends(allow(ANYONE, limit="security_event"))]
TYPE = "application/secevent+jwt"




@router.post("/v1/security-events", status_code=202)
def push_security_event(request: Request, _caller: Transmitter, body: RawBody) -> Response:
    """A signed security event token (RFC 8417). A token that was taken before is answered the same and changes nothing."""
    settings, database = security_settings(request), _database(request)
    if request.headers.get("content-type", "").split(";")[0].strip() != TYPE:
        return _refused(Fail("set_malformed", {"err": "invalid_request"}))
    if settings.set_keys_file is None or not settings.set_issuers or not settings.set_audience:
        return _refused(Fail("set_nobody_known", {"err": "access_denied"}))
    at = database.clock.now()
    try:
        keys = sets.keys_of(settings.set_keys_file)
    except sets.UnreadableKeys:
        log.warning("security_event_keys_unreadable")
        return _refused(Fail("set_nobody_known", {"err": "access_denied"}))
    told = sets.read(body.decode("ascii", "replace"), keys, issuers=settings.set_issuers, audience=settings.set_audience, at=at, max_age_s=settings.set_max_age_s)
    if isinstance(told, Fail):
        return _refused(told)
    with database.transaction() as session:
        done = effects.take(session, told, at=at, keep_s=2 * settings.set_max_age_s)
    log.info("security_event", kinds=[e.kind[:60] for e in told.events], done=list(done))
    return Response(status_code=202)


def _database(request: Request) -> Database:
    return request.app.state.house.database


def _refused(fail: Fail) -> Response:
    document = {"err": fail.facts["err"], "description": REASONS[fail.reason]}
    return Response(to_json(document), 400, {"Content-Language": "en"}, media_type="application/json")
