"""SMS and WhatsApp, through Twilio's SDK: the only file that imports it.

Owns what is asked of the SDK and what its answers mean. Must not retry, must not raise, must not log a number or a text. Twilio has
no key by which it would know a repeat, and a phone shows every SMS: so what may have arrived is UNKNOWN and not sent again.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

from app.kernel.clock import SystemClock
from app.kernel.logs import get_logger
from app.kernel.verdict import Fail
from notifications import wording
from notifications.contracts import ChannelKind
from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.reasons import NotificationReason as Reason
from notifications.retries import retry_after_seconds

log = get_logger(__name__)

TWILIO_URL = "https://api.twilio.com"
STATUS_PATH = "/v1/inbound/twilio/status"
"""Where Twilio tells us what became of a text (notifications/inbound)."""
AUTH_RETRY_S = 30.0
_NO_SUCH_NUMBER = frozenset({21211, 21214, 21217, 21219, 21408, 21610, 21612, 21614, 30003, 30004, 30005, 30006, 63003, 63024})
"""Not a number, none that takes texts, a country we may not write to, or its owner has answered STOP."""
_NOT_SENT_YET = frozenset({"NewConnectionError", "ConnectTimeoutError", "ConnectTimeout", "NameResolutionError"})


class TwilioGateway:
    """One of the two channels. `sender` is a number in E.164 or a messaging service (`MG...`); `template` is the
    approved text that begins a conversation by WhatsApp. `origin` makes links whole; `url` replaces Twilio's address for a local stand-in."""

    def __init__(
        self,
        channel: ChannelKind,
        *,
        account: str,
        token: str,
        sender: str,
        origin: str,
        template: str = "",
        url: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        from twilio.base.exceptions import TwilioRestException
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        self.channel = channel.value
        self._refused: type[Any] = TwilioRestException
        self._sender, self._template, self._origin = sender, template, origin.rstrip("/")
        self._heard = heard = threading.local()

        class Wire(TwilioHttpClient):
            """Keeps the answer's headers, which the SDK's error leaves out."""

            def request(self, method: str, uri: str, *args: Any, **more: Any) -> Any:
                heard.headers = {}
                where = uri.replace(TWILIO_URL, url.rstrip("/"), 1) if url else uri
                answer = super().request(method, where, *args, **more)
                heard.headers = answer.headers or {}
                return answer

        self._client: Any = Client(account, token, http_client=Wire(timeout=timeout_s, max_retries=0, logger=_silent()))

    def send(self, request: PushRequest) -> PushReceipt:
        try:
            wanted = self._wire(request)
            if isinstance(wanted, PushReceipt):
                return wanted
            made = self._client.messages.create(**wanted)
            if not isinstance(made.sid, str) or not made.sid:
                return PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN)
            return PushReceipt(Outcome.ACCEPTED, provider_message_id=made.sid)
        except Exception as error:  # noqa: BLE001 - one bad recipient or answer must never stop the others
            receipt = self._meaning(error)
            log.info(
                "text_not_accepted",
                message_id=request.message_id,
                channel=self.channel,
                outcome=receipt.outcome,
                reason=receipt.reason,
                error=type(error).__name__,
            )
            return receipt

    def close(self) -> None:
        self._client.http_client.session.close() if self._client.http_client.session else None

    def _wire(self, request: PushRequest) -> dict[str, Any] | PushReceipt:
        """What is asked of the SDK, or why nothing is."""
        if request.ttl_s <= 0:
            return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)
        extras = request.extras
        link = self._origin + request.link if request.link and not extras.risky else ""
        text = wording.short_text(request.title, request.body, link)
        by_whatsapp = self.channel == ChannelKind.WHATSAPP
        fits = wording.whatsapp(text) if by_whatsapp else wording.sms(text, risky=extras.risky)
        if isinstance(fits, Fail):
            return PushReceipt(Outcome.REFUSED, reason=fits.reason)
        prefix = "whatsapp:" if by_whatsapp else ""
        wanted: dict[str, Any] = {"to": prefix + request.address}
        # Twilio keeps a text for at most ten hours; an offer that has ended by then is not told
        wanted["validity_period"] = max(1, min(request.ttl_s, 36_000))
        if self._origin.startswith("https://"):  # Twilio refuses a message whose report it cannot bring
            wanted["status_callback"] = self._origin + STATUS_PATH
        if self._sender.startswith("MG"):
            wanted["messaging_service_sid"] = self._sender
        else:
            wanted["from_"] = prefix + self._sender
        if by_whatsapp and not extras.in_window:
            if not self._template:
                return PushReceipt(Outcome.REFUSED, reason=Reason.TEMPLATE_NEEDED)
            variables = {"1": request.title, "2": request.body, "3": link}
            return wanted | {"content_sid": self._template, "content_variables": json.dumps(variables)}
        return wanted | {"body": text}

    def _meaning(self, error: Exception) -> PushReceipt:
        if not isinstance(error, self._refused):
            if _names(error) & _NOT_SENT_YET:
                return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_UNAVAILABLE)
            return PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN)
        told: Any = error
        after_s = retry_after_seconds(self._heard.headers.get("Retry-After"), SystemClock().now())
        if told.code in _NO_SUCH_NUMBER:
            return PushReceipt(Outcome.REFUSED, reason=Reason.ADDRESS_REFUSED)
        if told.code == 63016:
            return PushReceipt(Outcome.REFUSED, reason=Reason.TEMPLATE_NEEDED)
        if told.code == 21617:
            return PushReceipt(Outcome.REFUSED, reason=Reason.TEXT_TOO_LONG)
        if told.status == 429:
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_QUOTA, retry_after_s=after_s)
        if told.status in (401, 403):
            return PushReceipt(Outcome.RETRY, reason=Reason.PROVIDER_AUTH, retry_after_s=after_s or AUTH_RETRY_S)
        if told.status >= 500 or told.status < 400:
            return PushReceipt(Outcome.UNKNOWN, reason=Reason.PROVIDER_UNKNOWN)
        return PushReceipt(Outcome.REFUSED, reason=Reason.PROVIDER_REFUSED)


def _silent() -> logging.Logger:
    """The SDK writes every request and answer into its log, the account among it."""
    mute = logging.getLogger("notifications.twilio_sdk")
    mute.disabled = True
    return mute


def _names(error: BaseException) -> set[str]:
    """The kinds of what went wrong, inside out: the network library wraps its own errors."""
    found: set[str] = set()
    seen: list[Any] = [error]
    while seen and len(found) < 12:
        one = seen.pop()
        found.add(type(one).__name__)
        seen += [e for e in (getattr(one, "reason", None), one.__context__, *one.args) if isinstance(e, BaseException)]
    return found
