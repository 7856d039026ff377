"""What the room needs from outside itself: a log that keeps batches in order.

Owns the shape of a batch and the verbs said of a log. Must not know how a log is kept (adapters/).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from geofences.track import Key, Sample


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One batch as it is read back; `samples` are empty when the shopper was erased meanwhile."""

    position: int
    key: Key
    samples: tuple[Sample, ...]


class FixLog(Protocol):
    """An ordered log per partition. Positions count from 1 and become visible in order."""

    def append(
        self, session: Session, key: Key, samples: tuple[Sample, ...], *, digest: str, at: datetime
    ) -> int | None:
        """Append in the caller's transaction; the position, or None when the same batch of the device is there already."""
        ...

    def read(self, session: Session, partition: int, after: int, limit: int) -> list[LogBatch]:
        """Batches after a position, in order."""
        ...

    def trim(self, session: Session, partition: int, upto: int) -> None:
        """Forget the positions' contents up to and including `upto`: they are processed."""
        ...


def partition_of(_key: Key) -> int:
    """Embedded there is one partition."""
    return 0
