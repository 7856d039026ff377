"""What the room needs from outside itself: a log that keeps batches in order, on one machine or many; a broker that phones publish to.

Owns the shapes of a batch and of a delivery and the verbs said of both. Must not know how they are kept (adapters/).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.kernel.db import Database
from geofences.columns import FixColumns
from geofences.partition_store import Claimed


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One batch as it is read back; `columns` are empty when its positions have been forgotten meanwhile."""

    position: int
    columns: FixColumns
    partition: int = 0


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Batches in order, and the event time (seconds) before which there may be more than these."""

    batches: list[LogBatch]
    cut_s: float


class FixSink(Protocol):
    """Where fixes are put that have been taken in."""

    def append(self, session: Session, columns: FixColumns, *, digest: str, at: datetime) -> int | None:
        """Append in the caller's transaction, everybody's fixes to the partition that is hers; the (last) position, or None when the same
        batch of the sender is there already."""
        ...


class FixLog(FixSink, Protocol):
    """An ordered log per partition. Positions count from 1 and become visible in order."""

    def read(self, session: Session, after: Mapping[int, int], limit: int) -> tuple[list[LogBatch], bool]:
        """Of each partition the batches after a position, in order, about `limit` in all; and whether there are more."""
        ...

    def begun(self, database: Database, claimed: Mapping[int, Claimed]) -> list[LogBatch]:
        """Of partitions just claimed the batches that `read_back` does not have and that were read, in order: of each some of it may be
        worked in. Opens transactions of its own, if any."""
        ...

    def read_back(self, session: Session, upto: Mapping[int, int], since: datetime, most: int) -> ReadBack:
        """Of each partition the batches up to and including a position that were received at or after `since` and still hold their fixes;
        the newest of them, of at most `most` fixes."""
        ...

    def whole(self, session: Session, spans: Mapping[int, tuple[int, int]]) -> list[LogBatch]:
        """Of each partition the batches after one and up to another position that are still as they were sent, in order."""
        ...

    def coarsen(self, session: Session, batches: Sequence[tuple[LogBatch, datetime]]) -> None:
        """Put in the place of batches what may be kept of them, each with the time when it goes."""
        ...

    def trim(self, session: Session, upto: Mapping[int, int], before: datetime) -> None:
        """Forget the contents of what is processed (of each partition up to and including a position) and was received before a time, or
        is due."""
        ...

    def forget(self, session: Session, shopper_ids: Collection[str]) -> None:
        """Take the positions of some shoppers out, also where they stand among others'."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """One payload of a shared log. Positions count from 1 in each partition."""

    partition: int
    position: int
    payload: bytes


class IntakeProducer(Protocol):
    """The end of the shared log that is written to. Many threads use one: their small requests travel together."""

    def send(self, parts: Sequence[tuple[int, bytes]]) -> None:
        """Append each payload to its partition; comes back when all are kept for good.

        Raises IntakeBusy when that was not said within a bounded time, TooLarge for a payload that never will be. Some may then be
        kept all the same: the caller repeats the whole, and what stands there twice does no harm.
        """
        ...

    def close(self) -> None:
        """Wait, bounded, for what is still on its way. Safe to call twice."""
        ...


class IntakeConsumer(Protocol):
    """The end that is read: one member of a group that has divided the partitions among itself. Of one thread.

    Where reading begins is the caller's to say, for it keeps the positions that count; the log keeps none.
    """

    def open(
        self,
        assigned: Callable[[Sequence[int]], Mapping[int, int]],
        revoked: Callable[[Sequence[int]], None],
        lost: Callable[[Sequence[int]], None],
    ) -> None:
        """Join. All three are called in `poll` and `close`, never with no partition, and only of those that change hands.

        `assigned` answers up to which position each is done (0: nothing is); the next record is the one after. What it raises comes out
        of `poll`, nothing of them is read, and the next `poll` asks again. `revoked` is called while they are still this member's, so
        that a last flush counts; `lost` when they may be another's already. What these two raise comes out of `poll` too, with the
        partitions gone all the same.
        """
        ...

    def poll(self, most: int, wait_s: float) -> list[Record]:
        """What came, in order within each partition; as soon as there is something, and after `wait_s` nothing.

        A member that does not call it for longer than a session loses its partitions. Raises LogUnfit when it can never go on.
        """
        ...

    def pause(self, partitions: Collection[int]) -> None:
        """No records of these until `resume`, or until they were another's and come back, while `poll` keeps the membership alive. Those of
        others are passed over."""
        ...

    def resume(self, partitions: Collection[int]) -> None:
        """Go on after the last record that `poll` gave."""
        ...

    def rewind(self, positions: Mapping[int, int]) -> None:
        """Of partitions of this member read on after these positions, whatever was given already, and no longer paused."""
        ...

    def lag(self, partitions: Collection[int]) -> Mapping[int, int]:
        """How many records of this member's partitions `poll` has not given yet. Asks the log; raises IntakeBusy if it does not answer."""
        ...

    def close(self, *, leaving: bool = False) -> None:
        """Give back what it holds (`revoked`). A named member's partitions wait a session for it to come back, unless it is `leaving`."""
        ...


class IntakeReader(Protocol):
    """A look back into the shared log, beside the group and without a part in it."""

    def between(self, spans: Mapping[int, tuple[int, int]]) -> list[Record]:
        """Of each partition the records after one and up to another position, in order; without what the log has forgotten. Raises
        IntakeBusy when it does not answer within a bounded time."""
        ...

    def close(self) -> None:
        """Safe to call twice."""
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
