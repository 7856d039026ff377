"""What the room needs from outside itself: a log that keeps batches in order, a broker that phones publish to.

Owns the shapes of a batch and of a delivery and the verbs said of both. Must not know how they are kept (adapters/).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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

    def read_back(self, session: Session, partition: int, upto: int, since: datetime, most: int) -> list[LogBatch]:
        """Batches up to and including a position that were received at or after `since` and still hold their fixes, in order;
        the newest of them, of at most `most` fixes."""
        ...

    def whole(self, session: Session, partition: int, upto: int) -> list[LogBatch]:
        """Batches up to and including a position that are still as they were sent, in order."""
        ...

    def coarsen(self, session: Session, partition: int, batches: Sequence[tuple[int, FixColumns, datetime]]) -> None:
        """Put in the place of batches (position, columns, when they go) what may be kept of them."""
        ...

    def trim(self, session: Session, partition: int, upto: int, before: datetime) -> None:
        """Forget the contents of what is processed (positions up to and including `upto`) and was received before a time, or is due."""
        ...

    def forget(self, session: Session, shopper_ids: Collection[str]) -> None:
        """Take the positions of some shoppers out, also where they stand among others'."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message a broker handed over; it stays the broker's until it is acknowledged. `connection` counts connections."""

    topic: str
    payload: bytes
    number: int
    connection: int


class MessageBroker(Protocol):
    """Where phones leave messages and look for commands. Delivers at least once: what is not acknowledged comes again."""

    def open(self, topics: Sequence[str], deliver: Callable[[Delivery], None]) -> None:
        """Connect in the background, again and again if need be, and hand over what comes. `deliver` must not block."""
        ...

    def acknowledge(self, delivery: Delivery) -> None:
        """It is kept and need not come again. Of an earlier connection: nothing happens, it comes again."""
        ...

    def send(self, topic: str, payload: bytes) -> None:
        """Leave a message for who listens; never raises, and is not repeated for who does not."""
        ...

    def again(self) -> None:
        """Connect anew, so that the broker hands over again what was not acknowledged."""
        ...

    def close(self) -> None:
        """Disconnect; what was not acknowledged stays with the broker. Safe to call twice."""
        ...
