"""The thread that sends what is queued.

Owns when to look: at once when woken by a commit, else when the next retry or lease is due, else every `idle_s`. Must not know how
to send (dispatch does).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.kernel.db import Database
from app.kernel.logs import get_logger
from notifications import dispatch
from notifications.breaking import Breaker
from notifications.fallback import Further
from notifications.looking import LookingThread, until_due_s
from notifications.ports import PushGateway
from notifications.settings import NotificationSettings

log = get_logger(__name__)


class DispatchLoop(LookingThread):
    """`start` once; `wake` from any thread; `stop` waits for what is on its way, `gateway.close()` is the owner's."""

    def __init__(
        self, database: Database, gateway: PushGateway, settings: NotificationSettings, *, idle_s: float = 0.5, further: Further | None = None
    ) -> None:
        super().__init__("push-dispatch", patience_s=settings.fcm_timeout_s + 5)
        self._database, self._gateway, self._settings, self._idle_s = database, gateway, settings, idle_s
        self._further = further
        self._breaker = Breaker(gateway.channel, settings.breaker())

    def _run(self) -> None:
        with ThreadPoolExecutor(self._settings.push_workers, thread_name_prefix="push") as executor:
            while not self._stopping.is_set():
                self._woken.clear()
                if not self._look(executor):
                    self._woken.wait(until_due_s(self._database, lambda session: dispatch.next_due_at(session, self._gateway.channel), self._breaker, self._idle_s))

    def _look(self, executor: ThreadPoolExecutor) -> bool:
        try:
            return dispatch.run_once(self._database, self._gateway, self._settings, executor, self._breaker, self._further) > 0
        except Exception as error:
            log.exception("dispatch_failed", error=type(error).__name__, exc_info=error)
            return False
