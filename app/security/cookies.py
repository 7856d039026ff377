"""Session cookies: one for each role, so that a person may have the phone page, the till and the console open at once.

Owns their names and attributes. HttpOnly keeps scripts away, SameSite=Strict keeps other sites from sending them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from app.security.principals import STAFF, Role
from app.security.sessions import NewSession

COOKIE_ROLES = (Role.SHOPPER, *STAFF)


def cookie_name(role: Role) -> str:
    return f"moments_{role.value}"


def set_session_cookie(response: Response, request: Request, opened: NewSession, *, at: datetime, secure: bool = False) -> None:
    """Give the browser the session; Secure when the request came over HTTPS or `secure` says so."""
    response.set_cookie(
        cookie_name(opened.role),
        opened.token,
        max_age=max(1, int((opened.expires_at - at).total_seconds())),
        path="/",
        secure=secure or request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def drop_session_cookie(response: Response, role: Role) -> None:
    response.delete_cookie(cookie_name(role), path="/", httponly=True, samesite="strict")


def session_cookies(cookies: Mapping[str, str]) -> dict[Role, str]:
    """The session tokens among the request's cookies."""
    return {role: cookies[cookie_name(role)] for role in COOKIE_ROLES if cookies.get(cookie_name(role))}
