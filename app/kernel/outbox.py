"""The transactional outbox and inbox: an event is stored with the change it announces, and handled once by each consumer.

Owns the event tables, `emit`, the subscriptions and the relay. Must not know any room's events. Consumers run in their own
transaction that also writes the inbox row (consumer, event): a crash before commit leaves nothing, a repeat finds the row.
Delivery: a lease per attempt, exponential backoff, and after `MAX_ATTEMPTS` a dead letter one can list and retry.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, cast

import pydantic
from sqlalchemy import (
    CursorResult,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    and_,
    bindparam,
    delete,
    func,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.bulk import Rows, RowsIf, insert_many, insert_together
from app.kernel.db import Base, Database, Instant, Json, insert_new, moved, prepared
from app.kernel.ids import new_id
from app.kernel.logs import get_logger

log = get_logger(__name__)

LEASE_S = 30.0
MAX_ATTEMPTS = 8
BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 300.0


class Event(Protocol):
    """A frozen dataclass of plain values with its dotted name, past tense."""

    TYPE: ClassVar[str]


E = TypeVar("E", bound=Event)


class OutboxEvent(Base):
    __tablename__ = "kernel_outbox_event"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class OutboxDelivery(Base):
    """One event for one consumer: `pending` until `done` or `dead`."""

    __tablename__ = "kernel_outbox_delivery"
    event_id: Mapped[str] = mapped_column(ForeignKey("kernel_outbox_event.id", ondelete="CASCADE"), primary_key=True)
    consumer: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(Instant)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index("ix_kernel_outbox_delivery_due", "state", "next_attempt_at"),)


class InboxRow(Base):
    """Proof that `consumer` has handled `event_id`; also used for events of outside providers."""

    __tablename__ = "kernel_inbox"
    consumer: Mapped[str] = mapped_column(String(80), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(Instant, index=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a delivery beside the event itself."""

    event_id: str
    type: str
    subject: str
    created_at: datetime
    attempt: int


Handler = Callable[[Session, Any, Envelope], None]
Look = Select[Any]
_ONLY_IF = "consumers_only_if"


class Subscriptions:
    """Who wants which event. Built once in bootstrap."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, str], tuple[pydantic.TypeAdapter[Any], Handler]] = {}
        self.prompt: set[str] = set()
        """Consumers a shopper waits for: a relay of their own delivers to them, so that they never queue behind bookkeeping."""
        self._only_if: dict[str, Look] = {}

    def on(
        self, event_class: type[E], *, consumer: str, handler: Callable[[Session, E, Envelope], None], prompt: bool = False,
        only_if: Look | None = None,
    ) -> None:  # fmt: skip
        """`consumer` names the pair for ever (`offers.decide`): it is the key of the inbox rows. `only_if` is a statement without values,
        asked in each transaction that emits: when it finds no row, nothing is owed to this consumer."""
        if prompt:
            self.prompt.add(consumer)
        if only_if is not None:
            self._only_if[consumer] = only_if
        key = (event_class.TYPE, consumer)
        if key in self._handlers:
            raise ValueError(f"{consumer} already handles {event_class.TYPE}")
        self._handlers[key] = (_adapter(event_class), cast("Handler", handler))

    def attach(self, database: Database) -> None:
        """From now on, what is emitted through `database` is due for these consumers."""
        table: dict[str, list[str]] = {}
        for event_type, consumer in self._handlers:
            table.setdefault(event_type, []).append(consumer)
        database.consumers.clear()
        database.consumers.update(table)
        database.remembered[_ONLY_IF] = dict(self._only_if)

    def get(self, event_type: str, consumer: str) -> tuple[pydantic.TypeAdapter[Any], Handler]:
        """Raises LookupError: this release has no such consumer (any more)."""
        found = self._handlers.get((event_type, consumer))
        if found is None:
            raise LookupError(f"no handler {consumer} for {event_type} in this release")
        return found

    def types(self) -> set[str]:
        return {event_type for event_type, _ in self._handlers}


@cache
def _adapter(event_class: type[Any]) -> pydantic.TypeAdapter[Any]:
    """Made once per event class: making one costs more than storing an event."""
    return pydantic.TypeAdapter(event_class)


_TOLD = ("id", "type", "subject", "payload", "created_at")
_OWED = ("event_id", "consumer", "state", "attempts", "next_attempt_at")


def emit(session: Session, event: Event, *, subject: str, beside: Sequence[Rows] = ()) -> str:
    """Store `event` in the caller's transaction; it is delivered after the commit, or never happened.

    `subject` is the id of whom it is about (shopper, order); `beside` are rows of what it announces, written with it. Returns the event id.
    """
    now = session.info["clock"].now()
    told = (new_id("evt"), event.TYPE, subject, _adapter(type(event)).dump_python(event, mode="json"), now)
    due = [((told[0], consumer, "pending", 0, now), look) for consumer, look in _concerned(session, event.TYPE)]
    surely = (OutboxDelivery, _OWED, [row for row, look in due if look is None])
    perhaps = [RowsIf(OutboxDelivery, _OWED, [row], look) for row, look in due if look is not None]  # looked at as it is written: a journey less
    insert_together(session, *beside, (OutboxEvent, _TOLD, [told]), surely, *perhaps)
    _wake_after_commit(session)
    return told[0]


def emit_if_owed(session: Session, event: Event, *, subject: str) -> str | None:
    """`emit` for what is told often and seldom heard: stored only if somebody is owed it. Returns the event id, or None."""
    return emit(session, event, subject=subject) if _consumers(session, event.TYPE) else None


def emit_many(session: Session, events: Sequence[tuple[Event, str]]) -> None:
    """`emit` for many (event, subject) in two statements."""
    if not events:
        return
    now = session.info["clock"].now()
    told = [(new_id("evt"), event.TYPE, subject, _adapter(type(event)).dump_python(event, mode="json"), now) for event, subject in events]
    insert_many(session, OutboxEvent, _TOLD, told)
    due = [(row[0], consumer, "pending", 0, now) for row in told for consumer in _consumers(session, row[1])]
    insert_many(session, OutboxDelivery, _OWED, due)
    _wake_after_commit(session)


def _consumers(session: Session, event_type: str) -> list[str]:
    """Who is owed an event of this type in this transaction."""
    known: dict[str, bool] = session.info.setdefault("wanted", {})
    for name, look in _concerned(session, event_type):
        if look is not None:
            known[name] = prepared(session, look, {}).first() is not None
    return [name for name, _ in _concerned(session, event_type)]


def _concerned(session: Session, event_type: str) -> list[tuple[str, Look | None]]:
    """Who is owed an event of this type, each with what must find a row first; without those who are known to be owed nothing."""
    names: Sequence[str] = session.info["consumers"].get(event_type, ())
    only_if: dict[str, Look] = session.info["remembered"].get(_ONLY_IF, {})
    known: dict[str, bool] = session.info.get("wanted", {})
    return [(name, None if name in known else only_if.get(name)) for name in names if known.get(name, True)]


def _wake_after_commit(session: Session) -> None:
    wakes: list[Callable[[], None]] = session.info["after_commit"]
    if session.info["wake_relays"] not in wakes:
        wakes.append(session.info["wake_relays"])


def handled_before(session: Session, consumer: str, event_id: str) -> bool:
    """Write the inbox row; True if it was there already, so that the caller does nothing twice."""
    values = {"consumer": consumer, "event_id": event_id, "handled_at": session.info["clock"].now()}
    return not insert_new(session, InboxRow, values, unique=["consumer", "event_id"])


_FREE = or_(OutboxDelivery.lease_until.is_(None), OutboxDelivery.lease_until <= bindparam("at"))
_DUE = and_(OutboxDelivery.state == "pending", OutboxDelivery.next_attempt_at <= bindparam("at"), _FREE)
_ITS = update(cast("Any", OutboxDelivery.__table__)).where(OutboxDelivery.event_id == bindparam("event"), OutboxDelivery.consumer == bindparam("whose"), OutboxDelivery.state == "pending")
_CLAIM = _ITS.where(_FREE).values(lease_until=bindparam("lease"), attempts=OutboxDelivery.attempts + 1)
_DONE = _ITS.values(state="done", lease_until=None)


class Relay:
    """Delivers what is due. Several may run side by side: a lease and the inbox row keep them apart."""

    def __init__(self, database: Database, subscriptions: Subscriptions, *, prompt: bool | None = None, batch: int = 50) -> None:
        """`prompt` True: only for consumers a shopper waits for; False: only for all others; None: for everybody."""
        self._database = database
        self._subscriptions = subscriptions
        waited_for = OutboxDelivery.consumer.in_(sorted(subscriptions.prompt))
        d, e, self._mine = OutboxDelivery, OutboxEvent, true() if prompt is None else waited_for if prompt else not_(waited_for)
        self._due = (
            select(d.event_id, d.consumer, d.attempts, e.type, e.subject, e.created_at, e.payload)
            .join(e, e.id == d.event_id).where(_DUE, self._mine)
            .order_by(d.event_id, d.consumer).limit(batch).with_for_update(of=d, skip_locked=True)
        )  # fmt: skip
        self._any_due = select(d.event_id).where(_DUE, self._mine).limit(1)

    def run_once(self) -> int:
        """Deliver one batch; returns how many deliveries were tried (0: nothing is due)."""
        claimed = self._claim()
        for envelope, payload, consumer in claimed:
            self._deliver(envelope, payload, consumer)
        return len(claimed)

    def run_until_idle(self, most: int = 1000) -> int:
        """For tests and one-shot commands: deliver until nothing is due now."""
        total = 0
        for _ in range(most):
            tried = self.run_once()
            total += tried
            if not tried:
                break
        return total

    def resume(self) -> int:
        """At the start of a process: take up at once what one that was killed had claimed, instead of waiting for its lease
        to run out. If it lives after all, the inbox row lets only one of the two handle an event. Returns how many."""
        d = OutboxDelivery
        left = update(d).where(d.state == "pending", d.lease_until.is_not(None), self._mine).values(lease_until=None)
        with self._database.transaction() as session:
            return cast("CursorResult[Any]", session.execute(left.execution_options(synchronize_session=False))).rowcount

    def _claim(self) -> list[tuple[Envelope, dict[str, Any], str]]:
        now = self._database.clock.now()
        if not self._database.glance(self._any_due, {"at": now}):
            return []
        claimed: list[tuple[Envelope, dict[str, Any], str]] = []
        with self._database.transaction() as session:
            for row in prepared(session, self._due, {"at": now}).all():
                if moved(session, _CLAIM, {"event": row.event_id, "whose": row.consumer, "at": now, "lease": now + timedelta(seconds=LEASE_S)}):
                    envelope = Envelope(row.event_id, row.type, row.subject, row.created_at, row.attempts + 1)
                    claimed.append((envelope, row.payload, row.consumer))
        return claimed

    def _deliver(self, envelope: Envelope, payload: dict[str, Any], consumer: str) -> None:
        try:
            adapter, handler = self._subscriptions.get(envelope.type, consumer)
            event = adapter.validate_python(payload)
            with self._database.transaction() as session:
                if not handled_before(session, consumer, envelope.event_id):
                    handler(session, event, envelope)
                moved(session, _DONE, {"event": envelope.event_id, "whose": consumer})
        except Exception as error:  # noqa: BLE001 - one bad event must not stop the others; it is kept and shown
            self._failed(envelope, consumer, error)

    def _failed(self, envelope: Envelope, consumer: str, error: Exception) -> None:
        dead = envelope.attempt >= MAX_ATTEMPTS
        wait_s = min(BACKOFF_FIRST_S * 4 ** (envelope.attempt - 1), BACKOFF_MOST_S)
        log.warning("delivery_failed", event_type=envelope.type, consumer=consumer, attempt=envelope.attempt, dead=dead, error=type(error).__name__, exc_info=error)
        due_at = self._database.clock.now() + timedelta(seconds=wait_s)
        with self._database.transaction() as session:
            # Only the kind of error is kept: a message may quote what must not be stored.
            kept = {"state": "dead" if dead else "pending", "next_attempt_at": due_at, "last_error": type(error).__name__}
            moved(session, _ITS.values(lease_until=None, **kept), {"event": envelope.event_id, "whose": consumer})


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetter:
    event_id: str
    consumer: str
    type: str
    subject: str
    attempts: int
    last_error: str | None
    created_at: datetime


def dead_letters(session: Session, limit: int = 100) -> list[DeadLetter]:
    """Deliveries that were given up, oldest first."""
    d, e = OutboxDelivery, OutboxEvent
    rows = session.execute(
        select(d.event_id, d.consumer, e.type, e.subject, d.attempts, d.last_error, e.created_at)
        .join(e, e.id == d.event_id).where(d.state == "dead").order_by(d.event_id).limit(limit)
    )  # fmt: skip
    return [DeadLetter(*row) for row in rows]


def retry_dead(session: Session, event_id: str, consumer: str | None = None) -> int:
    """Make dead deliveries of one event due again, with all their attempts; returns how many."""
    now = session.info["clock"].now()
    names = select(OutboxDelivery.consumer).where(OutboxDelivery.event_id == event_id, OutboxDelivery.state == "dead")
    if consumer is not None:
        names = names.where(OutboxDelivery.consumer == consumer)
    revived = 0
    for name in session.scalars(names).all():
        row = update(OutboxDelivery).where(OutboxDelivery.event_id == event_id, OutboxDelivery.consumer == name, OutboxDelivery.state == "dead")
        revived += moved(session, row.values(state="pending", attempts=0, next_attempt_at=now, lease_until=None))
    if revived:
        session.info["after_commit"].append(session.info["wake_relays"])
    return revived


KEEP_HANDLED = timedelta(days=7)
"""Deliveries that are done are forgotten after this; inbox rows stay four times as long, for late repeats."""


def sweep_handled(session: Session, at: datetime) -> int:
    """Forget old deliveries that are done, and inbox rows no repeat can come for any more; bounded. Dead letters stay."""
    stale = select(OutboxEvent.id).where(OutboxEvent.created_at <= at - KEEP_HANDLED)
    done = delete(OutboxDelivery).where(OutboxDelivery.state == "done", OutboxDelivery.event_id.in_(stale))
    old = delete(InboxRow).where(InboxRow.handled_at <= at - 4 * KEEP_HANDLED)
    return sum(cast("CursorResult[Any]", session.execute(s.execution_options(synchronize_session=False))).rowcount for s in (done, old))


def figures(session: Session) -> dict[str, tuple[str, float]]:
    """For /metrics: name -> (what it counts, value)."""
    counts: dict[str, int] = dict(session.execute(select(OutboxDelivery.state, func.count()).group_by(OutboxDelivery.state)).all())
    oldest = session.scalar(select(func.min(OutboxDelivery.next_attempt_at)).where(OutboxDelivery.state == "pending"))
    late_s = max(0.0, (session.info["clock"].now() - oldest).total_seconds()) if oldest else 0.0
    return {
        "moments_outbox_pending": ("Deliveries that wait.", counts.get("pending", 0)),
        "moments_outbox_dead": ("Deliveries that were given up; see `moments outbox list`.", counts.get("dead", 0)),
        "moments_outbox_late_seconds": ("How long the oldest due delivery has waited.", late_s),
    }


class RelayLoop:
    """A thread that runs a relay until `stop`; wakes at a commit that emitted, else looks every `idle_s`."""

    def __init__(self, database: Database, relay: Relay, *, idle_s: float = 0.5) -> None:
        self._relay, self._idle_s = relay, idle_s
        self._stopping = threading.Event()
        self._woken = threading.Event()
        database.relay_wakes.append(self._woken)
        self._thread = threading.Thread(target=self._run, name="outbox-relay", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        resumed = False
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                if not resumed:
                    self._relay.resume()
                    resumed = True
                busy = self._relay.run_once() > 0
            except Exception as error:
                log.exception("relay_failed", error=type(error).__name__, exc_info=error)
                busy = False
            if not busy:
                self._woken.wait(self._idle_s)
