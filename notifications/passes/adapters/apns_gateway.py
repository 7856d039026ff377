"""Apple's push service, told that a device holds passes that have changed: an empty word over HTTP/2, with the certificate of the pass type.

Owns the request and what its answers mean. Must not retry, must not raise, must not log a token. The certificate is the one passes are
signed with; it says who we are, and its pass type is the topic. Nothing but an empty object is sent: what has changed the device asks of us.
Sources: Apple, "Sending notification requests to APNs", "Handling notification responses from APNs", "Adding a Web Service to Update Passes".
"""

from __future__ import annotations

import json
from collections import deque
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
"""A certificate that is not taken is mended by a person: asking again at once is of no use."""
_GONE = {"BadDeviceToken", "Unregistered", "ExpiredToken"}
"""What says that nobody lives at this token any more. (`DeviceTokenNotForTopic` does not: a wrong certificate gives it for every token.)"""


class ApnsGateway:
    """`certificate` is a PEM file with the certificate of the pass type and its key; `trust` one with who vouches for the other side in place
    of the system's (tests). Raises ValueError or OSError if they cannot be read."""

    wallet = Wallet.APPLE

    def __init__(self, url: str, certificate: str, pass_type: str, *, timeout_s: float = 10.0, trust: str | None = None) -> None:
        import ssl

        import httpx2

        self._errors: Any = httpx2
        tls = ssl.create_default_context(cafile=trust)
        tls.load_cert_chain(certificate)
        self._url, headers = url.rstrip("/"), {"apns-topic": pass_type, "apns-push-type": "background", "apns-priority": "5"}
        self._make: Any = lambda: httpx2.Client(
            http1=False, http2=True, verify=tls, headers=headers, timeout=timeout_s, follow_redirects=False, trust_env=False
        )
        # A line for each request under way, kept for the next. Of those that share one, the first not answered in time breaks it for all.
        self._idle: deque[Any] = deque()

    def send(self, update: PassUpdate) -> PushReceipt:
        try:
            receipt = self._meaning(self._post(f"{self._url}/3/device/{quote(update.address, safe='')}"))
        except Exception as error:  # noqa: BLE001 - one bad recipient or answer must never stop the others
            receipt, why = self._failure(error), type(error).__name__
        else:
            why = ""
        if receipt.outcome is not Outcome.ACCEPTED:
            log.info("pass_push_not_accepted", copy_id=update.copy_id, outcome=receipt.outcome, reason=receipt.reason, error=why)
        return receipt

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _post(self, url: str) -> Any:
        try:
            line = self._idle.pop()
        except IndexError:
            line = self._make()
        try:
            return line.post(url, content=b"{}")
        finally:
            self._idle.append(line)

    def _failure(self, error: Exception) -> PushReceipt:
        import ssl

        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):  # its certificate is not trusted here, or ours not there
                return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=AUTH_RETRY_S)
            cause = cause.__cause__ or cause.__context__
        away = isinstance(error, (self._errors.ConnectError, self._errors.ConnectTimeout))
        return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE if away else Reason.PROVIDER_UNKNOWN)

    @staticmethod
    def _meaning(answer: Any) -> PushReceipt:
        status: int = answer.status_code
        after_s = retry_after_seconds(answer.headers.get("Retry-After"), SystemClock().now())
        if status == 200:
            return PushReceipt(Outcome.ACCEPTED, provider_message_id=str(answer.headers.get("apns-id", "http 200"))[:80])
        said = _said(answer.content)
        if status == 410 or (status == 400 and said in _GONE):
            return PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)
        if status == 400 and said == "DeviceTokenNotForTopic":
            return PushReceipt(Outcome.REFUSED, reason=Reason.SENDER_MISMATCH)
        if status == 403:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=after_s or AUTH_RETRY_S)
        if status == 429:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=after_s)
        if status >= 500:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE, retry_after_s=after_s)
        return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)


def _said(content: bytes) -> str:
    """The reason Apple gives with a refusal; empty where there is none that can be read."""
    try:
        found = json.loads(content)
    except ValueError:
        return ""
    return str(found.get("reason", "")) if isinstance(found, dict) else ""
