"""An operator's API of the CAMARA SIM Swap kind (`POST {url}/check`), with a token of its own (OAuth 2.0 client credentials).

Owns the words of that API. Must not log a number or a token, must not raise, and must not hold a caller for long: each step is bounded,
and after trouble nobody is asked for a while. Source: the API's public description (CAMARA project, sim-swap).
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from app.kernel.logs import get_logger
from app.security.policies.contracts import SimSwap
from app.security.sim_swap.settings import SimSwapSettings

log = get_logger(__name__)

REST_S = 10.0
"""So long nobody is asked after a time-out or a fault of theirs: who pays meanwhile does not wait for it again."""
LONGEST_REST_S = 300.0
RENEW_S = 30.0
ANSWER_MOST_BYTES = 16 * 1024


class _Trouble(Exception):
    """No answer. `rest_s`: how long not to ask."""

    def __init__(self, why: str, rest_s: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.rest_s = why, rest_s


class CamaraGateway:
    def __init__(self, settings: SimSwapSettings, *, connections: int = 8) -> None:
        import httpx2

        self._chosen, self._url = settings, settings.url.rstrip("/") + "/check"
        self._lock = threading.Lock()
        self._token, self._token_until, self._rest_until = "", 0.0, 0.0
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http: Any = httpx2.Client(timeout=settings.timeout_s, limits=limits, follow_redirects=False, trust_env=False)

    def check(self, number: str) -> SimSwap:
        if time.monotonic() < self._rest_until:
            return SimSwap.UNKNOWN
        try:
            return self._checked(number)
        except _Trouble as trouble:
            why, rest_s = trouble.why, trouble.rest_s
        except Exception as error:  # noqa: BLE001 - the operator's trouble must never be hers; its text may hold the number
            why, rest_s = type(error).__name__, REST_S
        self._rest(rest_s)
        log.warning("operator_gave_no_answer", why=why, rest_s=rest_s)
        return SimSwap.UNKNOWN

    def close(self) -> None:
        self._http.close()

    def _checked(self, number: str) -> SimSwap:
        asked = {"phoneNumber": number, "maxAge": self._chosen.max_age_h}
        status, said, rest_s = self._post(self._url, json=asked, headers={"Authorization": f"Bearer {self._access()}"})
        if status == 200 and isinstance(said.get("swapped"), bool):
            return SimSwap.YES if said["swapped"] else SimSwap.NO
        if status == 401:
            self._token_until = 0.0  # ended before its time; the next one asks for another
        code = said.get("code")
        told = code if isinstance(code, str) and code.isascii() and code.replace("_", "").isalpha() and len(code) <= 60 else ""
        raise _Trouble(f"{status} {told}".strip(), rest_s)

    def _access(self) -> str:
        with self._lock:
            if time.monotonic() < self._token_until:
                return self._token
            if time.monotonic() < self._rest_until:  # it failed for whoever held the lock before
                raise _Trouble("resting", 0.0)
            form = {"grant_type": "client_credentials", "scope": self._chosen.scope}
            by = (self._chosen.client_id, self._chosen.client_secret.get_secret_value())
            try:
                status, said, rest_s = self._post(self._chosen.token_url, data=form, auth=by)
            except Exception:
                self._rest(REST_S)  # before the lock goes to the next who waits
                raise
            token, life_s = said.get("access_token"), said.get("expires_in", 300)
            if status != 200 or not isinstance(token, str) or not token.isascii() or not isinstance(life_s, int):
                self._rest(max(rest_s, REST_S))
                raise _Trouble(f"no token: {status}", max(rest_s, REST_S))
            self._token, self._token_until = token, time.monotonic() + max(0, life_s - RENEW_S)
            return self._token

    def _rest(self, rest_s: float) -> None:
        self._rest_until = max(self._rest_until, time.monotonic() + rest_s)

    def _post(self, url: str, **what: Any) -> tuple[int, dict[str, Any], float]:
        """(status, the answer's object, how long to leave them alone)."""
        deadline = time.monotonic() + self._chosen.timeout_s
        body = b""
        with self._http.stream("POST", url, **what) as answer:
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > ANSWER_MOST_BYTES or time.monotonic() > deadline:
                    raise _Trouble("too slow or too long", REST_S)
            status, after = int(answer.status_code), answer.headers.get("Retry-After", "")
        rest_s = REST_S if status == 429 or status >= 500 else 0.0
        if after.isascii() and after.isdigit() and rest_s:
            rest_s = min(max(float(after[:9]), rest_s), LONGEST_REST_S)
        return status, _object(body), rest_s


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
