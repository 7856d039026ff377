"""The gate of every route: `allow(...)` says who may call, and finds out who does.

Owns the FastAPI dependency, the walk over all routes that tests use, and the browser session of a shopper. Must not
decide about a single thing ("is this order hers?"): use cases do, and answer 404 for what is another's.

    Caller = Annotated[Principal, Depends(allow(Role.SHOPPER))]
    @router.get("/v1/coupons")
    def wallet(caller: Caller, call: Reading) -> Response: ...
"""
# No `from __future__ import annotations`: FastAPI reads the signature of a callable object, where strings do not resolve.

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.routing import iter_route_contexts
from fastapi.security.base import SecurityBase
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.routes import RouteTable
from app.kernel.verdict import Fail
from app.security import browser_keys
from app.security.cookies import session_cookies, set_session_cookie
from app.security.credentials import Known, Shown, resolve
from app.security.errors import CrossSiteRequest, RoleNotAllowed, ScopeMissing, SignInRequired
from app.security.holding import require_key
from app.security.limits import spend, tries
from app.security.origins import same_origin
from app.security.principals import ANYONE, EVERY_ROLE, NOBODY, STAFF, Anyone, Principal, Role
from app.security.sessions import open_session
from app.security.settings import SecuritySettings
from app.security.shoppers import register_device, seen

__all__ = ["ANYONE", "EVERY_ROLE", "STAFF", "Allow", "Principal", "Role", "allow", "caller_of", "declared_routes", "spend_at", "start_shopper_session"]


WHEN_KNOWN = "when_known"
"""Attribute of `app.state`: what is told of every request and its caller as soon as the gate lets it in, before anything else is done.
For what must hold at every route and belongs to another floor."""


class Allow:
    """The dependency that `allow(...)` makes; `.roles` is what the route declares."""

    def __init__(self, roles: Sequence[Role | Anyone], *, scope: str | None, tracking: bool, limit: str | None, limit_with_work: bool) -> None:
        self.roles: frozenset[Role | Anyone] = frozenset(roles)
        self.scope, self.tracking, self.limit, self.limit_with_work = scope, tracking, limit, limit_with_work
        self._known = tuple(r for r in roles if isinstance(r, Role))

    def __call__(self, request: Request) -> Principal:
        """Answers 401 when nobody known calls, 403 when somebody else, 429 when over the limit. Else the caller."""
        database: Database = request.app.state.house.database
        shown = _shown(request)
        known = _find(shown, database, self._known or EVERY_ROLE, self.tracking)
        if known is not None and (known.key is not None or shown.proved):
            # the token alone proves nothing: it was given to a key, and the key must sign this very request
            require_key(request, database, security_settings(request), token=shown.bearer or "", key=known.key or "none")
        principal = known.principal if known else NOBODY
        if known is not None and principal.browser_key is not None:
            token = shown.bearer or shown.cookies.get(Role.SHOPPER, "")
            principal = browser_keys.shown_by(request, database, security_settings(request), principal, token, known.key_seen_at)
        if principal.via == "cookie" or (ANYONE in self.roles and not principal.kind):
            # also before anyone is signed in: another site must not sign a visitor in as somebody else
            refuse_cross_site(request)
        self._check(principal)
        # read by app/kernel/http.py to scope idempotency keys; an unknown caller by the address it calls from
        request.state.principal = principal
        request.state.principal_id = principal.key or f"anyone:{address_of(request)}"
        if self.limit is not None:
            # on an open route the address counts even for the known: making a device would else make a new allowance
            who = f"ip:{address_of(request)}" if ANYONE in self.roles else principal.key
            device = (f"device:{principal.device_id}",) if principal.device_id else ()  # it stays when another signs in on it
            made = tries(security_settings(request).limit(self.limit), who, *device)
            if self.limit_with_work:
                request.state.tries = made  # app/kernel/http.py counts it in the transaction of the work
            else:
                made.alone(database)
        if known is not None and known.device_stale and principal.device_id is not None:
            with database.transaction() as session:
                seen(session, principal.device_id, at=database.clock.now())
        for told in getattr(request.app.state, WHEN_KNOWN, ()):
            told(request, principal)
        return principal

    def _check(self, principal: Principal) -> None:
        if ANYONE in self.roles:
            return
        if principal.kind is None:
            raise SignInRequired
        if principal.kind not in self.roles:
            raise RoleNotAllowed(f"this is for {', '.join(sorted(r.value for r in self.roles))}; you are a {principal.kind.value}")
        if principal.kind is Role.SERVER and self.scope is not None and self.scope not in principal.scopes:
            raise ScopeMissing(f"the API key needs the scope {self.scope}")


class _AllowKnown(Allow, SecurityBase):
    """The same, shown in the OpenAPI document as needing a bearer token."""

    model = HTTPBearerModel(description="A device token, session token or API key.")
    scheme_name = "caller"


def allow(
    *roles: Role | Anyone, scope: str | None = None, tracking: bool = False, limit: str | None = None, limit_with_work: bool = False
) -> Allow:
    """Who may call a route. `allow(ANYONE)` finds the caller too, but lets everybody in.

    `scope`: what an API key must hold when a server calls. `tracking`: a tracking key is enough (as Basic password or
    bearer); only for routes that report positions. `limit`: the name of a limit of SecuritySettings, spent before the
    endpoint runs: per caller, or per network address where ANYONE may call; and per device where one calls. `limit_with_work`: spent in the
    transaction of the endpoint's Command instead, for routes that are called all day; what is refused before that begins is no try.
    """
    if not roles:
        raise ValueError("a route declares at least one role, or ANYONE")
    if Role.SERVER in roles and scope is None:
        raise ValueError("a route for servers names the scope of the API key")
    kind = Allow if ANYONE in roles else _AllowKnown
    return kind(roles, scope=scope, tracking=tracking, limit=limit, limit_with_work=limit_with_work)


def _find(shown: Shown, database: Database, roles: Sequence[Role], tracking: bool) -> Known | None:
    if shown.bearer is None and shown.basic is None and not shown.cookies:
        return None
    with database.reading() as session:
        return resolve(session, shown, at=database.clock.now(), roles=roles, tracking=tracking)


def _shown(request: Request) -> Shown:
    header = request.headers.get("authorization")
    if header is None:
        return Shown(cookies=session_cookies(request.cookies))
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            user, password = "", ""
        return Shown(basic=(user, password))
    proved = scheme.lower() == "dpop"
    return Shown(bearer=rest.strip() if proved or scheme.lower() == "bearer" else "", proved=proved)


def refuse_cross_site(request: Request) -> None:
    """403 when another site's page made this unsafe request."""
    headers = request.headers
    verdict = same_origin(request.method, headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host"))
    if isinstance(verdict, Fail):
        raise CrossSiteRequest


def address_of(request: Request) -> str:
    """The network address of the caller (uvicorn has already believed the proxy it was told to)."""
    return request.client.host if request.client else "unknown"


def security_settings(request: Request) -> SecuritySettings:
    """The house's settings of this floor, or the defaults when the house has none."""
    found: Any = getattr(getattr(request.app.state.house, "settings", None), "security", None)
    return found if isinstance(found, SecuritySettings) else SecuritySettings()  # type: ignore[call-arg]


def caller_of(request: Request) -> Principal:
    """The caller a route's `allow` has found; `NOBODY` before."""
    return getattr(request.state, "principal", NOBODY)


def spend_at(request: Request, limit: str, target: str) -> None:
    """One more try at this one thing (a coupon's live code, a code sent to a contact), whoever makes it: 429 when there were too
    many. It stands beside the limit of the route, which counts callers. Call it before the transaction that looks whether it is right."""
    spend(request.app.state.house.database, security_settings(request).limit(limit), f"target:{target}")


def start_shopper_session(session: Session, request: Request, response: Response, *, at: datetime, name: str = "Browser", shopper_id: str | None = None) -> Principal:
    """A browser becomes a device of a new anonymous shopper (or of `shopper_id`) and gets its session cookie.

    Call inside the transaction whose commit precedes the answer; `response` is the one that is returned.
    """
    settings = security_settings(request)
    device = register_device(session, name, "web", at, shopper_id=shopper_id)
    opened = open_session(session, Role.SHOPPER, at=at, ttl_s=settings.session_ttl_s, shopper_id=device.shopper_id, device_id=device.device_id)
    set_session_cookie(response, request, opened, at=at, secure=settings.cookie_secure)
    return Principal(Role.SHOPPER, device.shopper_id, device.device_id, session_id=opened.id, via="cookie")


@dataclass(frozen=True, slots=True)
class DeclaredRoute:
    """One route with the gate it declares; `allow` None means it forgot, or is no API route (static files)."""

    method: str
    path: str
    name: str
    allow: Allow | None


def declared_routes(app: FastAPI) -> Iterator[DeclaredRoute]:
    """Every route of the app, also those of included routers and mounts; a route with several methods once for each."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, RouteTable):
            continue
        gate = _gate(getattr(context, "dependant", None))
        for method in sorted(getattr(context, "methods", None) or {"*"}):
            yield DeclaredRoute(method, str(getattr(context, "path", "")), str(getattr(context, "name", "")), gate)


def _gate(dependant: Dependant | None) -> Allow | None:
    for inner in dependant.dependencies if dependant else ():
        found = inner.call if isinstance(inner.call, Allow) else _gate(inner)
        if found is not None:
            return found
    return None
