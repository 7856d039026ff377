"""The thread that looks what is due, and the workers that send it.

Owns when to look and how many are on their way to each endpoint. Each endpoint has workers of its own in number, so that one that is slow
or dead holds up nobody else. Must not know how to send (dispatch does).
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from app.kernel.db import Database
from app.kernel.logs import get_logger
from notifications.looking import LookingThread
from notifications.webhooks import dispatch
from notifications.webhooks.dispatch import Claimed
from notifications.webhooks.ports import WebhookGateway
from notifications.webhooks.settings import WebhookSettings

log = get_logger(__name__)


class WebhookLoop(LookingThread):
    """`start` once; `wake` from any thread; `stop` waits for what is on its way."""

    def __init__(self, database: Database, gateway: WebhookGateway, settings: WebhookSettings, source: str, *, idle_s: float = 0.5) -> None:
        super().__init__("webhooks", patience_s=settings.timeout_s + 5)
        self._database, self._gateway, self._settings, self._source, self._idle_s = database, gateway, settings, source, idle_s
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()

    def _run(self) -> None:
        # threads are made as they are needed; there are enough for every endpoint to be as slow as it likes
        most = self._settings.endpoints_most * self._settings.at_once
        resumed = False
        with ThreadPoolExecutor(most, thread_name_prefix="webhook") as executor:
            while not self._stopping.is_set():
                self._woken.clear()
                try:
                    if not resumed:
                        dispatch.resume(self._database)
                        resumed = True
                    begun = self._look(executor)
                except Exception as error:
                    log.exception("webhooks_failed", error=type(error).__name__, exc_info=error)
                    begun = 0
                if not begun:
                    self._woken.wait(self._idle_s)

    def _look(self, executor: ThreadPoolExecutor) -> int:
        """Begin what may begin; returns how many rows were looked at."""
        with self._database.reading() as session:
            due = dispatch.due_endpoints(session, self._database.clock.now())
        looked_at = 0
        for endpoint_id, failures in due:
            width = 1 if failures >= dispatch.IN_TROUBLE else self._settings.at_once
            with self._lock:
                room = width - self._busy[endpoint_id]
            if room <= 0:
                continue
            at = self._database.clock.now()
            with self._database.transaction() as session:
                seen, claimed = dispatch.claim(session, endpoint_id, at=at, limit=room, lease_s=self._settings.lease_s, source=self._source)
            looked_at += seen
            for one in claimed:
                with self._lock:
                    self._busy[endpoint_id] += 1
                executor.submit(self._send, one)
        return looked_at

    def _send(self, claimed: Claimed) -> None:
        try:
            dispatch.send_and_record(self._database, self._gateway, self._settings, claimed)
        finally:
            with self._lock:
                self._busy[claimed.endpoint_id] -= 1
            self._woken.set()
