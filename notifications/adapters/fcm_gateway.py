"""Firebase Cloud Messaging, through the official SDK: the only file that imports firebase_admin.

Owns the wire message, the SDK's set-up and what its errors mean. Must not retry (rows do), must not raise, must not log
an address. The SDK is imported when the first gateway is built: it costs most of a second.

The SDK sleeps on Retry-After and backs off by itself inside the calling thread; both are switched off here. A 503 or a
time-out may belong to a message that was delivered, so both are RETRY with the same ids.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from app.kernel.clock import SystemClock
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from notifications.ports import Outcome, PushReceipt, PushRequest, TokenKind
from notifications.reasons import NotificationReason as Reason
from notifications.retries import retry_after_seconds

log = get_logger(__name__)

_BUILDING = threading.Lock()
AUTH_RETRY_S = 30.0
"""Wrong credentials are mended by a person: asking again at once is of no use."""


class FcmGateway:
    """`service_account` is the path of a service account file or its contents; `fcm_url` replaces Google's address and
    holds `{0}` for the project id. Raises ValueError or OSError if the account cannot be read."""

    channel = "fcm"

    def __init__(
        self,
        service_account: str | dict[str, str],
        *,
        fcm_url: str | None = None,
        timeout_s: float = 5.0,
        connections: int = 8,
    ) -> None:
        import firebase_admin
        import requests.adapters
        from firebase_admin import credentials, exceptions, messaging

        self._messaging: Any = messaging
        self._exceptions: Any = exceptions
        self._firebase: Any = firebase_admin
        certificate = credentials.Certificate(service_account)
        if fcm_url is not None:
            # google-auth asks Google which regions the account may be used from, beside every new token; a stand-in must not
            certificate.get_credential()._is_regional_access_boundary_lookup_required = lambda: False  # noqa: SLF001
        self._app: Any = firebase_admin.initialize_app(certificate, {"httpTimeout": timeout_s}, name=new_id("fcm"))
        service_class: Any = messaging._MessagingService  # noqa: SLF001 - the SDK has no public setting for the address
        with _BUILDING:
            googles = service_class.FCM_URL
            service_class.FCM_URL = fcm_url or googles
            try:
                service: Any = messaging._get_messaging_service(self._app)  # noqa: SLF001
            finally:
                service_class.FCM_URL = googles
        for prefix in ("http://", "https://", "https://fcm.googleapis.com"):
            adapter = requests.adapters.HTTPAdapter(
                pool_connections=connections, pool_maxsize=connections, max_retries=0
            )
            service._client.session.mount(prefix, adapter)  # noqa: SLF001

    def send(self, request: PushRequest) -> PushReceipt:
        try:
            name = self._messaging.send(self._wire(request), app=self._app)
        except Exception as error:  # noqa: BLE001 - one bad recipient or answer must never stop the others
            receipt = self._meaning(error)
            log.info(
                "push_not_accepted",
                message_id=request.message_id,
                outcome=receipt.outcome,
                reason=receipt.reason,
                error=type(error).__name__,
            )
            return receipt
        return PushReceipt(Outcome.ACCEPTED, provider_message_id=str(name))

    def close(self) -> None:
        self._firebase.delete_app(self._app)

    def _wire(self, request: PushRequest) -> Any:
        """A data message for Android and the web, so that the app shows it and can drop a repeat; an alert for iOS, which
        shows nothing otherwise, replaced by its collapse id."""
        m = self._messaging
        alert = m.ApsAlert(title=request.title, body=request.body)
        apns = m.APNSConfig(
            headers={
                "apns-collapse-id": request.collapse_key,
                "apns-expiration": str(int(request.expires_at.timestamp())),
                "apns-priority": "10",
            },
            payload=m.APNSPayload(aps=m.Aps(alert=alert, mutable_content=True, thread_id=request.collapse_key)),
        )
        message = m.Message(
            data=dict(request.data),
            android=m.AndroidConfig(
                collapse_key=request.collapse_key, priority="high", ttl=timedelta(seconds=request.ttl_s)
            ),
            apns=apns,
            webpush=m.WebpushConfig(headers={"TTL": str(request.ttl_s), "Urgency": "high"}),
        )
        # Set afterwards: the SDK warns of `token` as an argument, and tokens are what most phones in the field have.
        setattr(message, "fid" if request.kind is TokenKind.FID else "token", request.address)
        return message

    def _meaning(self, error: Exception) -> PushReceipt:
        e, m = self._exceptions, self._messaging
        after_s = self._retry_after_s(error)
        if isinstance(error, m.UnregisteredError):
            return PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)
        if isinstance(error, m.SenderIdMismatchError):
            # Not DEAD: a wrong service account on our side gives this for every phone, and would empty the table.
            return PushReceipt(Outcome.REFUSED, reason=Reason.SENDER_MISMATCH)
        if isinstance(error, (m.QuotaExceededError, e.ResourceExhaustedError)):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=after_s)
        if isinstance(
            error, (m.ThirdPartyAuthError, e.UnauthenticatedError, e.PermissionDeniedError)
        ) or _is_google_auth(error):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=after_s or AUTH_RETRY_S)
        if isinstance(error, (e.InvalidArgumentError, e.NotFoundError, ValueError)) and not isinstance(
            error, UnicodeError
        ):
            return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
        if (
            isinstance(error, (e.UnavailableError, e.InternalError))
            and getattr(error, "http_response", None) is not None
        ):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE, retry_after_s=after_s)
        return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN, retry_after_s=after_s)

    @staticmethod
    def _retry_after_s(error: Exception) -> float | None:
        response = getattr(error, "http_response", None)
        if response is None:
            return None
        # The provider's date is compared with real time, not with a clock a test may have moved.
        return retry_after_seconds(response.headers.get("Retry-After"), SystemClock().now())


def _is_google_auth(error: Exception) -> bool:
    from google.auth.exceptions import RefreshError

    return isinstance(error, RefreshError)
