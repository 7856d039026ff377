"""Where fixes go that arrive here: into the table, in the caller's transaction; or into a shared log, when no transaction is open.

Owns that difference for whoever takes fixes in. Must not know how records travel (adapters/).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from geofences.adapters.shared_log import Outgoing
from geofences.errors import IntakeBusy
from geofences.models import SharedLogRow
from geofences.ports import IntakeProducer

T = TypeVar("T")


class SharedIntake:
    """The way of this process into the shared log; a producer is made when the first fixes come. Of any number of threads."""

    def __init__(self, database: Database, make: Callable[[], IntakeProducer], partitions: int) -> None:
        self._database, self._make, self._partitions = database, make, partitions
        self._producer: IntakeProducer | None = None
        self._log_name = ""
        self._lock = threading.Lock()

    def send(self, parts: Sequence[tuple[int, bytes]]) -> None:
        with self._lock:
            producer = self._producer = self._producer or self._make()
        producer.send(parts)

    def taking(self, work: Callable[[Session, Outgoing], T]) -> T:
        """What `work` says, after a look at the database in which it appends, and once that is kept. Raises IntakeBusy if it may not be."""
        with self._database.reading() as session:
            outgoing = Outgoing(self, self._name(session), self._partitions)
            said = work(session, outgoing)
        outgoing.send()
        return said

    def _name(self, session: Session) -> str:
        if not self._log_name:
            self._log_name = session.scalar(select(SharedLogRow.name)) or ""
            if not self._log_name:
                raise IntakeBusy("the log has not begun yet: no worker has run")
        return self._log_name

    def close(self) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()
