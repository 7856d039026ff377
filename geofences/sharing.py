"""Who works on which partitions where several processes share one database: each keeps its share, gives up what is over it, takes what is free.

Owns that agreement; nobody leads. Workers tell one another that they live, in rows, and work out the same shares from them. Who writes is decided
by the claim alone (partition_store.py): two who disagree for a moment cost time, never a moment twice. Must not run anything.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

from app.kernel.db import Database
from geofences import partition_store as store


def share_of(worker: str, workers: Sequence[str], partitions: int) -> int:
    """How many partitions a worker should have: as many as any other, or one more. All shares add up to `partitions`."""
    if worker not in workers:
        return 0
    each, over = divmod(partitions, len(workers))
    return each + (sorted(workers).index(worker) < over)


class Sharing:
    """One worker's part in it. `alone`: it is the only process there can be (SQLite)."""

    def __init__(self, database: Database, worker: str, partitions: int, lease_s: float, *, alone: bool) -> None:
        self._database, self.worker, self._partitions, self._lease_s, self.alone = database, worker, partitions, lease_s, alone
        self._looked_at: datetime | None = None

    def due(self, at: datetime) -> bool:
        """Whether it is time to look again who lives; three times in a lease."""
        return self._looked_at is None or (at - self._looked_at).total_seconds() >= self._lease_s / 3

    def look(self, held: Set[int], at: datetime) -> tuple[list[int], list[int]]:
        """(partitions to take, partitions to give up), of which only one is ever not empty."""
        self._looked_at = at
        if self.alone:
            return sorted(set(range(self._partitions)) - held), []
        with self._database.transaction() as session:
            workers = store.announce(session, self.worker, at=at, lease_s=self._lease_s)
            missing = share_of(self.worker, workers, self._partitions) - len(held)
            free = store.claimable(session, self.worker, self._partitions, at=at) if missing > 0 else []
        if missing > 0:
            return [partition for partition in free if partition not in held][:missing], []
        return [], sorted(held)[missing:] if missing else []

    def leave(self) -> None:
        """The share is the others' at their next look."""
        if not self.alone:
            with self._database.transaction() as session:
                store.leave(session, self.worker)
