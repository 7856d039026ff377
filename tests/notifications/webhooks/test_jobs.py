"""One slow or dead endpoint holds up nobody else, and never has more on its way than it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from notifications.webhooks.jobs import WebhookLoop
from notifications.webhooks.ports import WebhookAnswer, WebhookRequest
from notifications.webhooks.settings import WebhookSettings
from tests.notifications.webhooks.conftest import SOURCE, Out


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if until():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


class TestWebhookLoop:
    def test_a_slow_endpoint_delays_no_other(self, out: Out) -> None:
        """Seen to fail with a loop that waited for each batch: nothing came to the quick one until the slow one had answered."""
        out.endpoint("order.paid", url="https://slow.example.com/"), out.endpoint("order.paid", url="https://quick.example.com/")
        released, at_once, most = threading.Event(), [0], [0]
        lock = threading.Lock()

        def answer(request: WebhookRequest) -> WebhookAnswer:
            if "slow" in request.url:
                with lock:
                    at_once[0] += 1
                    most[0] = max(most[0], at_once[0])
                released.wait(60)
                with lock:
                    at_once[0] -= 1
            return WebhookAnswer(status=200)

        out.gateway.answer = answer
        for n in range(6):
            out.order(f"ord_{n}")
        loop = WebhookLoop(out.database, out.gateway, WebhookSettings(at_once=2), SOURCE, idle_s=0.05)
        loop.start()
        try:
            _wait(lambda: sum("quick" in r.url for r in out.gateway.sent) == 6)
            assert (most[0], sum("slow" in r.url for r in out.gateway.sent)) == (2, 2)
            released.set()
            loop.wake()
            _wait(lambda: [state for _, state, _ in out.states()].count("delivered") == 12)
            assert most[0] == 2
        finally:
            released.set()
            loop.stop()
        assert not loop.running
