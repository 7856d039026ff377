"""What the room needs from outside itself: a log that keeps batches in order.

Owns the shape of a batch and the verbs said of a log. Must not know how a log is kept (adapters/).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from geofences.columns import FixColumns


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One batch as it is read back; `columns` are empty when its positions have been forgotten meanwhile."""

    position: int
    columns: FixColumns


class FixLog(Protocol):
    """An ordered log per partition. Positions count from 1 and become visible in order."""

    def append(self, session: Session, columns: FixColumns, *, digest: str, at: datetime) -> int | None:
        """Append in the caller's transaction; the position, or None when the same batch of the sender is there already."""
        ...

    def read(self, session: Session, partition: int, after: int, limit: int) -> list[LogBatch]:
        """Batches after a position, in order."""
        ...

    def read_back(self, session: Session, partition: int, upto: int, since: datetime) -> list[LogBatch]:
        """Batches up to and including a position that were received at or after `since` and still hold their fixes, in order."""
        ...

    def trim(self, session: Session, partition: int, upto: int, before: datetime) -> None:
        """Forget the contents of what is processed (positions up to and including `upto`) and was received before a time."""
        ...

    def forget(self, session: Session, shopper_ids: Collection[str]) -> None:
        """Take the positions of some shoppers out, also where they stand among others'."""
        ...
