from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from app.security.cookies import drop_session_cookie, session_cookies, set_session_cookie
from app.security.principals import Role
from app.security.sessions import NewSession
from tests.conftest import START


def _request(scheme: str) -> Request:
    return Request({"type": "http", "scheme": scheme, "server": ("shop.example", 443), "path": "/", "headers": [], "query_string": b""})


class TestSetSessionCookie:
    @pytest.mark.parametrize(("scheme", "setting", "secure"), [("http", False, False), ("http", True, True), ("https", False, True)])
    def test_no_script_and_no_other_site_gets_it(self, scheme: str, setting: bool, secure: bool) -> None:
        response = Response()
        set_session_cookie(response, _request(scheme), NewSession("ses_1", Role.CLERK, "st_x", START.replace(hour=13)), at=START, secure=setting)
        expected = "moments_clerk=st_x; HttpOnly; Max-Age=3600; Path=/; SameSite=strict" + ("; Secure" if secure else "")
        assert response.headers["set-cookie"] == expected


class TestDropSessionCookie:
    def test_names_the_same_cookie(self) -> None:
        response = Response()
        drop_session_cookie(response, Role.CLERK)
        assert response.headers["set-cookie"].startswith('moments_clerk=""; ')
        assert "Max-Age=0" in response.headers["set-cookie"]


class TestSessionCookies:
    def test_takes_ours_and_leaves_the_rest(self) -> None:
        assert session_cookies({"moments_shopper": "a", "moments_clerk": "", "moments_server": "b", "x": "y"}) == {Role.SHOPPER: "a"}
