"""Google Wallet, told what a saved pass says from now on: one PATCH of the object, with the merchant's service account.

Owns the request and what its answers mean. Must not retry, must not raise, must not log what a pass says. An object that is not there was
never saved, which is no failure of anybody. The library for the account is imported when the gateway is built.
Source: Google, Wallet API, REST resource offerobject (patch).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.kernel.clock import SystemClock
from app.kernel.logs import get_logger
from notifications.passes.ports import PassUpdate, Wallet
from notifications.ports import Outcome, PushReceipt
from notifications.reasons import NotificationReason as Reason
from notifications.retries import retry_after_seconds

log = get_logger(__name__)

AUTH_RETRY_S = 30.0
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a secret


class ObjectsGateway:
    """`account` is the path of a service account file. Raises ValueError, KeyError or OSError if it cannot be read."""

    wallet = Wallet.GOOGLE

    def __init__(self, url: str, account: str, *, timeout_s: float = 10.0, connections: int = 8) -> None:
        import google.auth.exceptions
        import google.auth.transport.requests
        import requests.adapters
        from google.oauth2 import service_account

        told = {"token_uri": TOKEN_URL, **json.loads(Path(account).read_text(encoding="utf-8"))}
        credentials: Any = service_account.Credentials.from_service_account_info(told, scopes=[SCOPE])
        if not url.startswith("https://walletobjects.googleapis.com"):
            # google-auth asks Google which regions the account may be used from, beside every new token; a stand-in must not
            credentials._is_regional_access_boundary_lookup_required = lambda: False  # noqa: SLF001
        self._url, self._timeout_s = url.rstrip("/"), timeout_s
        self._errors: Any = (google.auth.exceptions.GoogleAuthError, requests.exceptions)
        self._http: Any = google.auth.transport.requests.AuthorizedSession(credentials, max_refresh_attempts=1, refresh_timeout=timeout_s)
        self._http.trust_env = False
        for prefix in ("http://", "https://"):
            self._http.mount(prefix, requests.adapters.HTTPAdapter(pool_connections=connections, pool_maxsize=connections, max_retries=0))

    def send(self, update: PassUpdate) -> PushReceipt:
        try:
            address = f"{self._url}/walletobjects/v1/offerObject/{quote(update.address, safe='.')}"
            answer = self._http.patch(address, json=dict(update.form), timeout=self._timeout_s, allow_redirects=False)
            receipt, why = self._meaning(answer), ""
        except Exception as error:  # noqa: BLE001 - one bad recipient or answer must never stop the others
            receipt, why = self._failure(error), type(error).__name__
        if receipt.outcome is not Outcome.ACCEPTED:
            log.info("pass_object_not_accepted", copy_id=update.copy_id, outcome=receipt.outcome, reason=receipt.reason, error=why)
        return receipt

    def close(self) -> None:
        self._http.close()

    def _failure(self, error: Exception) -> PushReceipt:
        of_account, of_http = self._errors
        if isinstance(error, of_account) and not getattr(error, "retryable", False):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=AUTH_RETRY_S)
        timed_out = isinstance(error, of_http.Timeout)
        away = isinstance(error, of_http.ConnectTimeout) or (isinstance(error, of_http.ConnectionError) and not timed_out and "refused" in str(error).lower())
        return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE if away else Reason.PROVIDER_UNKNOWN)

    @staticmethod
    def _meaning(answer: Any) -> PushReceipt:
        status: int = answer.status_code
        after_s = retry_after_seconds(answer.headers.get("Retry-After"), SystemClock().now())
        if status == 200:
            return PushReceipt(Outcome.ACCEPTED, provider_message_id="http 200")
        if status == 404:
            return PushReceipt(Outcome.REFUSED, reason=Reason.PASS_NOT_SAVED)
        if status in (401, 403):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=after_s or AUTH_RETRY_S)
        if status == 429:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=after_s)
        if status >= 500:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE, retry_after_s=after_s)
        return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
