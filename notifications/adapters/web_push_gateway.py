"""Web Push: a message sealed for one browser and handed to its push service.

Owns the encryption (RFC 8291, by http-ece), the signed word by which the push service knows us (VAPID, RFC 8292) and the headers of
RFC 8030. Must not retry, must not raise, must not log an endpoint. No redirect is followed and no push service is asked that the
settings do not name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Collection
from typing import Any

from app.kernel.clock import SystemClock
from app.kernel.logs import get_logger
from app.security.sealing import derived_key
from notifications.contracts import ChannelKind
from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.reasons import NotificationReason as Reason
from notifications.retries import retry_after_seconds
from notifications.subscriptions import Subscription, may_post_to, origin_of, read

log = get_logger(__name__)

AUTH_RETRY_S = 30.0
WORD_LIFE_S = 12 * 3600
"""RFC 8292 allows a day; half of it leaves room for a clock that is wrong."""
RECORD_BYTES = 4096
PAYLOAD_MOST_BYTES = RECORD_BYTES - 86 - 17
"""One record of 4096 bytes less the header with a key (86) and the tag and delimiter (17): RFC 8291, section 4."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points P-256 has."""


def _private_key() -> Any:
    """Our key for push services, from the secrets file that the first run makes (mode 0600): nothing else to keep or to lose."""
    from cryptography.hazmat.primitives.asymmetric import ec

    seed = hashlib.sha512(b"web push" + derived_key("web_push", 0)).digest()
    return ec.derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, ec.SECP256R1())


def _point(public: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def public_key() -> str:
    """What a browser subscribes with (`applicationServerKey`), base64url."""
    return _packed(_point(_private_key().public_key()))


def sealed(plain: bytes, to: Subscription, *, sender: Any = None, salt: bytes | None = None) -> bytes:
    """`plain` in one aes128gcm record that only this browser opens. Raises ValueError if its key is no point of the curve."""
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec

    mine = sender or ec.generate_private_key(ec.SECP256R1())
    return http_ece.encrypt(
        plain, salt=salt, private_key=mine, dh=to.p256dh, auth_secret=to.auth, rs=RECORD_BYTES, version="aes128gcm"
    )


class WebPushGateway:
    """`contact` is a mailto: or https: address where the push service finds who is in charge (RFC 8292, `sub`)."""

    channel = ChannelKind.WEB_PUSH.value

    def __init__(self, contact: str, services: Collection[str], *, timeout_s: float = 5.0, connections: int = 8) -> None:
        import httpx2
        from joserfc.jwk import ECKey

        self._services, self._contact = frozenset(services), contact
        private = _private_key()
        point = _point(private.public_key())
        self._key, self._public = ECKey.import_key(private), _packed(point)
        self._words: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx2.Client(timeout=timeout_s, limits=limits, follow_redirects=False, trust_env=False)

    def send(self, request: PushRequest) -> PushReceipt:
        try:
            receipt = self._send(request)
        except Exception as error:  # noqa: BLE001 - one bad recipient or answer must never stop the others
            log.info("web_push_failed", message_id=request.message_id, error=type(error).__name__)
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNKNOWN)
        if receipt.outcome is not Outcome.ACCEPTED:
            log.info("web_push_not_accepted", message_id=request.message_id, outcome=receipt.outcome, reason=receipt.reason)
        return receipt

    def close(self) -> None:
        self._http.close()

    def _send(self, request: PushRequest) -> PushReceipt:
        try:
            to = read(request.address)
        except (ValueError, KeyError, TypeError):
            return PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)
        if not may_post_to(to.endpoint, self._services):
            return PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED)
        if request.ttl_s <= 0:
            return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
        plain = json.dumps({**request.data, "collapse_key": request.collapse_key}, ensure_ascii=False).encode()
        if len(plain) > PAYLOAD_MOST_BYTES:
            return PushReceipt(Outcome.REFUSED, reason=Reason.PAYLOAD_TOO_LARGE)
        try:
            body = sealed(plain, to)
        except ValueError:  # no point of the curve: nobody can ever open what is sent there
            return PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(request.ttl_s),
            "Urgency": "high" if request.extras.urgent else "normal",
            "Topic": _packed(hashlib.sha256(request.collapse_key.encode()).digest())[:32],
            "Authorization": f"vapid t={self._word(origin_of(to.endpoint))}, k={self._public}",
        }
        return self._meaning(self._http.post(to.endpoint, content=body, headers=headers))

    def _word(self, audience: str) -> str:
        """Signed once an hour for each push service, not once a message."""
        from joserfc import jwt

        now_s = SystemClock().now().timestamp()  # the push service compares with its own clock, not with one a test may have moved
        with self._lock:
            until_s, word = self._words.get(audience, (0.0, ""))
            if until_s <= now_s:
                claims = {"aud": audience, "exp": int(now_s) + WORD_LIFE_S, "sub": self._contact}
                word = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._key, algorithms=["ES256"])
                self._words[audience] = (now_s + 3600, word)
            return word

    @staticmethod
    def _meaning(answer: Any) -> PushReceipt:
        status: int = answer.status_code
        after_s = retry_after_seconds(answer.headers.get("Retry-After"), SystemClock().now())
        if 200 <= status < 300:
            return PushReceipt(Outcome.ACCEPTED, provider_message_id=f"http {status}")
        if status in (404, 410):
            return PushReceipt(Outcome.DEAD, reason=Reason.TOKEN_DEAD)
        if status == 413:
            return PushReceipt(Outcome.REFUSED, reason=Reason.PAYLOAD_TOO_LARGE)
        if status == 429:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=after_s)
        if status == 401:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=after_s or AUTH_RETRY_S)
        if status == 403:  # subscribed with another key than ours: not DEAD, since a wrong secrets file looks the same
            return PushReceipt(Outcome.REFUSED, reason=Reason.SENDER_MISMATCH)
        if status >= 500:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE, retry_after_s=after_s)
        return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
