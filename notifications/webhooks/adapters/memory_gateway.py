"""An endpoint in memory: keeps what it was sent and answers as it is told. The twin of http_gateway for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable

from notifications.webhooks.ports import WebhookAnswer, WebhookRequest


def _taken(_request: WebhookRequest) -> WebhookAnswer:
    return WebhookAnswer(status=200)


class MemoryGateway:
    """`answer` decides; `sent` are all requests in the order they came."""

    def __init__(self, answer: Callable[[WebhookRequest], WebhookAnswer] = _taken) -> None:
        self.answer = answer
        self.sent: list[WebhookRequest] = []
        self._lock = threading.Lock()

    def send(self, request: WebhookRequest) -> WebhookAnswer:
        with self._lock:
            self.sent.append(request)
        return self.answer(request)
