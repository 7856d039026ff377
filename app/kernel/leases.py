"""Leases by name: what one process at a time may do, however many are started.

Owns `kernel_lease`, the three conditional updates by which a lease is taken, prolonged and given back, and `Tenure`, the thread that
keeps one. Must not know what is done under it. A lease bounds how long a holder that has died is waited for; it cannot stop one that
was merely slow in the middle of its work. So whoever works under it asks `still()` before each piece, and each piece is safe to run twice.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, String, bindparam, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.db import Base, Database, Instant, insert_new, moved
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.kernel.processes import is_dead, this_process

log = get_logger(__name__)

TTL_S = {"postgresql": 8.0, "sqlite": 60.0}
"""SQLite has one process at work, which takes the lease at once: it need not write often to keep it."""
BEAT_S = 1.0


class LeaseRow(Base):
    """`epoch` counts the holders: only the newest can prolong it. No `owner`: nobody has it."""

    __tablename__ = "kernel_lease"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(120))
    epoch: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Lease:
    name: str
    epoch: int


_LEASES = cast("Any", LeaseRow.__table__)
_HELD = select(LeaseRow.owner, LeaseRow.epoch, LeaseRow.until).where(LeaseRow.name == bindparam("lease"))
_MINE = update(_LEASES).where(LeaseRow.name == bindparam("lease"), LeaseRow.epoch == bindparam("mine"), LeaseRow.owner.is_not(None))
_PROLONG = _MINE.values(until=bindparam("next_until"))
_GIVE_BACK = _MINE.values(owner=None, until=None)


def take(session: Session, name: str, owner: str, *, at: datetime, ttl_s: float, at_once: bool = False) -> Lease | None:
    """The lease, if nobody has it: it was given back, has run out, or its holder has provably ended. `at_once`: whoever has it."""
    held = session.execute(_HELD, {"lease": name}).first()
    if held is None:
        insert_new(session, LeaseRow, {"name": name, "owner": None, "epoch": 0, "until": None}, unique=["name"])
    gone = held.owner if held is not None and is_dead(held.owner) else None
    mine = update(LeaseRow).where(LeaseRow.name == name).values(owner=owner, epoch=LeaseRow.epoch + 1, until=at + timedelta(seconds=ttl_s))
    if not at_once:
        mine = mine.where(or_(LeaseRow.owner.is_(None), LeaseRow.until <= at, LeaseRow.owner == gone))
    taken = session.execute(mine.returning(LeaseRow.epoch).execution_options(synchronize_session=False)).first()
    return None if taken is None else Lease(name, taken.epoch)


def prolong(session: Session, lease: Lease, *, at: datetime, ttl_s: float) -> bool:
    """False: somebody else has taken it meanwhile."""
    return moved(session, _PROLONG, {"lease": lease.name, "mine": lease.epoch, "next_until": at + timedelta(seconds=ttl_s)})


def give_back(session: Session, lease: Lease) -> bool:
    """The next one need not wait. False: it was no longer ours."""
    return moved(session, _GIVE_BACK, {"lease": lease.name, "mine": lease.epoch})


def is_held(database: Database, name: str) -> bool:
    """Whether anybody has it now."""
    return any(row.owner is not None and row.until > database.clock.now() for row in database.glance(_HELD, {"lease": name}))


class Tenure:
    """A thread that takes a lease when it is free and keeps it: `start` and `stop` once each."""

    def __init__(self, database: Database, name: str, *, ttl_s: float | None = None, beat_s: float = BEAT_S) -> None:
        self._database, self.name, self._beat_s = database, name, beat_s
        self._ttl_s = ttl_s if ttl_s is not None else TTL_S[database.dialect]
        self._owner = this_process() or new_id("prc")
        self._at_once = database.dialect == "sqlite"
        self._lease: Lease | None = None
        self._prolonged_at_s = 0.0
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease-{name}", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def leads(self) -> bool:
        """As far as this process can tell by itself: the time it has asked for has not run out. (That clock goes on while a process is stopped.)"""
        return self._lease is not None and time.monotonic() < self._prolonged_at_s + self._ttl_s

    def still(self) -> bool:
        """Whether this process has it, by the database: ask before beginning anything."""
        lease = self._lease
        if lease is None or not self.leads:
            return False
        return any(row.epoch == lease.epoch and row.owner is not None for row in self._database.glance(_HELD, {"lease": self.name}))

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """It may have been given back."""
        self._woken.set()

    def stop(self) -> None:
        """Give it back; what was done under it must have ended."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        lease, self._lease = self._lease, None
        if lease is not None:
            try:
                with self._database.transaction() as session:
                    give_back(session, lease)
            except Exception as error:  # noqa: BLE001 - it runs out by itself
                log.warning("lease_not_given_back", lease=self.name, error=type(error).__name__)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001 - the database is away: the lease runs out, and is asked for again
                log.warning("lease_failed", lease=self.name, error=type(error).__name__)
            self._woken.wait(self._beat_s)

    def _beat(self) -> None:
        asked_at_s = time.monotonic()  # before the database is asked: what is reckoned from it ends rather too early
        at = self._database.clock.now()
        if self._lease is None:
            if not self._at_once and not self._free(at):
                return
            with self._database.transaction() as session:
                taken = take(session, self.name, self._owner, at=at, ttl_s=self._ttl_s, at_once=self._at_once)
            self._at_once = False
            if taken is not None:
                self._prolonged_at_s, self._lease = asked_at_s, taken
                log.info("lease_taken", lease=self.name, epoch=taken.epoch)
        elif asked_at_s >= self._prolonged_at_s + self._ttl_s / 4:
            with self._database.transaction() as session:
                kept = prolong(session, self._lease, at=at, ttl_s=self._ttl_s)
            if kept:
                self._prolonged_at_s = asked_at_s
            else:
                log.warning("lease_lost", lease=self.name, epoch=self._lease.epoch)
                self._lease = None

    def _free(self, at: datetime) -> bool:
        """A look first: who only waits shall not write."""
        held = self._database.glance(_HELD, {"lease": self.name})
        return not held or held[0].owner is None or held[0].until <= at or is_dead(held[0].owner)
