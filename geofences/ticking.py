"""Time in the shared log: twice a second a tick goes into every partition, and says up to where event time has come and which fences hold.

Owns that clock. One process at a time ticks, by a lease; two that overlap for a moment do no harm, since time never goes back. When the
database is away nobody ticks: time stands still in the log, and nobody's visit ends for it.
"""

from __future__ import annotations

import threading

from app.kernel.db import Database
from app.kernel.leases import Tenure
from app.kernel.logs import get_logger
from geofences.adapters.shared_records import Tick, of_tick
from geofences.log_keys import destroy_spent
from geofences.ports import IntakeProducer
from geofences.repository import fence_version

log = get_logger(__name__)

LEASE = "fix-log-clock"
SPENT_EVERY_S = 60.0


class Ticker:
    """`start` and `stop` once each; `tick` by hand in tests."""

    def __init__(self, database: Database, producer: IntakeProducer, partitions: int, *, lateness_s: float, every_s: float) -> None:
        self._database, self._producer, self._partitions = database, producer, partitions
        self._lateness_s, self._every_s = lateness_s, every_s
        self.tenure = Tenure(database, LEASE)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fix-log-clock", daemon=True)
        self._spent_at_s = 0.0

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self.tenure.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self.tenure.stop()

    def tick(self) -> None:
        """One tick into every partition, at the present time."""
        now_s = self._database.clock.now().timestamp()
        with self._database.reading() as session:
            said = of_tick(Tick(now_s - self._lateness_s, fence_version(session)))
        self._producer.send([(partition, said) for partition in range(self._partitions)])
        if now_s >= self._spent_at_s + SPENT_EVERY_S:
            self._spent_at_s = now_s
            destroy_spent(self._database)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                if self.tenure.still():
                    self.tick()
            except Exception as error:  # noqa: BLE001 - the database or the log is away: time stands still meanwhile
                log.warning("tick_failed", error=type(error).__name__)
