"""The thread that looks at passes and tells one wallet's maker of those that have changed.

Owns when to look: at once when woken by a commit, else when something is due, else every `idle_s`. Each wallet has a thread and workers of
its own, so that one that hangs holds up nobody else. Must not know how a pass is looked at or told (changes and dispatch do).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.kernel.db import Database
from app.kernel.logs import get_logger
from notifications.breaking import Breaker
from notifications.looking import LookingThread, until_due_s
from notifications.passes import dispatch
from notifications.passes.dispatch import Claimed
from notifications.passes.forms import PassForms
from notifications.passes.ports import PassGateway
from notifications.settings import NotificationSettings

log = get_logger(__name__)


class PassLoop(LookingThread):
    """`start` once; `wake` from any thread; `stop` waits for what is on its way, `gateway.close()` is the owner's."""

    def __init__(self, database: Database, gateway: PassGateway, settings: NotificationSettings, forms: PassForms, *, idle_s: float = 2.0) -> None:
        super().__init__(f"passes-{gateway.wallet}", patience_s=forms.channels.timeout_s + 5)
        self.gateway = gateway
        self._database, self._settings, self._forms, self._idle_s = database, settings, forms, idle_s
        self._breaker = Breaker(f"passes {gateway.wallet}", settings.breaker())

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                begun = self.run_once()
            except Exception as error:
                log.exception("passes_failed", error=type(error).__name__, exc_info=error)
                begun = 0
            if not begun:
                self._woken.wait(until_due_s(self._database, lambda session: dispatch.next_due_at(session, self.gateway.wallet), self._breaker, self._idle_s))

    def run_once(self) -> int:
        """Look at what is due to be looked at, tell what is due to be told; how many of both. 0: nothing is due, or the other side is left
        alone for now."""
        database, settings, wallet = self._database, self._settings, self.gateway.wallet
        looked = dispatch.look_at_due(database, wallet, self._forms)
        limit = self._breaker.may_go(settings.push_workers, database.clock.now())
        with database.reading() as session:
            due_at = dispatch.next_due_at(session, wallet)
        if limit == 0 or due_at is None or due_at > database.clock.now():
            return looked
        with database.transaction() as session:
            claimed = dispatch.claim(session, wallet, self._forms, at=database.clock.now(), limit=limit, lease_s=settings.push_lease_s)
        if len(claimed) == 1:
            self._tell(claimed[0])
        elif claimed:
            with ThreadPoolExecutor(len(claimed), thread_name_prefix="pass") as executor:
                list(executor.map(self._tell, claimed))
        return looked + len(claimed)

    def _tell(self, claimed: Claimed) -> None:
        clock = self._database.clock
        self._breaker.begun(clock.now())
        receipt = dispatch.send(self.gateway, claimed)
        self._breaker.heard(receipt, clock.now())
        try:
            with self._database.transaction() as session:
                dispatch.record(session, claimed, receipt, rules=self._settings.retries(), at=clock.now())
        except Exception as error:
            log.exception("pass_not_recorded", copy_id=claimed.update.copy_id, error=type(error).__name__, exc_info=error)
