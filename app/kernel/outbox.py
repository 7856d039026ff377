"""The transactional outbox and inbox: an event is stored with the change it announces, and handled once by each consumer.

Owns the event tables, `emit`, the subscriptions, and what becomes of deliveries that are done or given up. The relay delivers (relay.py). Must
not know any room's events.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

import pydantic
from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import trace_steps, tracing
from app.kernel.bulk import Rows, RowsIf, insert_many, insert_together
from app.kernel.db import Base, Database, Instant, Json, insert_new, moved, prepared, touched
from app.kernel.ids import new_id


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
    trace: str | None = None


Handler = Callable[[Session, Sequence[tuple[Any, Envelope]]], None]
Look = Select[Any]
_ONLY_IF, _ABOUT = "consumers_only_if", "consumers_about"


class Subscriptions:
    """Who wants which event. Built once in bootstrap."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, str], tuple[pydantic.TypeAdapter[Any], Handler]] = {}
        self.prompt: set[str] = set()
        """Consumers a shopper waits for: a relay of their own delivers to them, so that they never queue behind bookkeeping."""
        self.together: set[tuple[str, str]] = set()
        """(type, consumer) of those who are told many events in one transaction."""
        self.few: set[tuple[str, str]] = set()
        """The same of those who are told a few, because a shopper waits."""
        self._only_if: dict[str, Look] = {}
        self._about: dict[tuple[str, str], Callable[[Any], bool]] = {}

    def on(
        self, event_class: type[E], *, consumer: str, handler: Callable[[Session, E, Envelope], None], prompt: bool = False,
        only_if: Look | None = None, about: Callable[[E], bool] | None = None,
    ) -> None:  # fmt: skip
        """`consumer` names the pair for ever (`offers.decide`): it is the key of the inbox rows. `only_if` is a statement without values,
        asked in each transaction that emits, `about` is asked of each event: when it finds no row or says no, nothing is owed to this consumer."""

        def one_by_one(session: Session, told: Sequence[tuple[Any, Envelope]]) -> None:
            for event, envelope in told:
                handler(session, event, envelope)
                session.flush()
                session.expunge_all()  # the next sees the rows as they are, as it would in a transaction of its own

        self._add(event_class.TYPE, consumer, event_class, one_by_one, prompt=prompt, only_if=only_if)
        if about is not None:
            self._about[event_class.TYPE, consumer] = about

    def on_many(
        self, event_class: type[E], *, consumer: str, handler: Callable[[Session, Sequence[tuple[E, Envelope]]], None], only_if: Look | None = None
    ) -> None:
        """As `on`, for a handler that takes many events of the type in one transaction, in order. Only for bookkeeping: it must lock nothing that
        anybody waits for."""
        self._add(event_class.TYPE, consumer, event_class, handler, prompt=False, only_if=only_if)
        self.together.add((event_class.TYPE, consumer))

    def on_few(self, event_class: type[E], *, consumer: str, handler: Callable[[Session, Sequence[tuple[E, Envelope]]], None]) -> None:
        """As `on` for somebody a shopper waits for, with a handler that takes a few events of the type in one transaction, in order. What it locks
        must be each shopper's own, and it must take all of it first, in an order that is the same for everybody."""
        self._add(event_class.TYPE, consumer, event_class, handler, prompt=True, only_if=None)
        self.few.add((event_class.TYPE, consumer))

    def _add(self, event_type: str, consumer: str, event_class: type[Any], handler: Handler, *, prompt: bool, only_if: Look | None) -> None:
        if (event_type, consumer) in self._handlers:
            raise ValueError(f"{consumer} already handles {event_type}")
        if prompt:
            self.prompt.add(consumer)
        if only_if is not None:
            self._only_if[consumer] = only_if
        self._handlers[event_type, consumer] = (_adapter(event_class), handler)

    def attach(self, database: Database) -> None:
        """From now on, what is emitted through `database` is due for these consumers."""
        table: dict[str, list[str]] = {}
        for event_type, consumer in self._handlers:
            table.setdefault(event_type, []).append(consumer)
        database.consumers.clear()
        database.consumers.update(table)
        database.remembered[_ONLY_IF] = dict(self._only_if)
        database.remembered[_ABOUT] = dict(self._about)

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
    due = [((told[0], consumer, "pending", 0, now), look) for consumer, look in _concerned(session, event)]
    surely = (OutboxDelivery, _OWED, [row for row, look in due if look is None])
    perhaps = [RowsIf(OutboxDelivery, _OWED, [row], look) for row, look in due if look is not None]  # looked at as it is written: a journey less
    insert_together(session, *beside, (OutboxEvent, _TOLD, [told]), surely, *perhaps, *_traced([told]))
    _wake_after_commit(session)
    return told[0]


def emit_if_owed(session: Session, event: Event, *, subject: str) -> str | None:
    """`emit` for what is told often and seldom heard: stored only if somebody is owed it. Returns the event id, or None."""
    return emit(session, event, subject=subject) if _consumers(session, event) else None


def emit_many(session: Session, events: Sequence[tuple[Event, str]], *, beside: Sequence[Rows] = ()) -> None:
    """`emit` for many (event, subject) in two statements, and one for each table of `beside`."""
    if len(events) <= 1:
        for event, subject in events:
            emit(session, event, subject=subject, beside=beside)
        if not events:
            insert_together(session, *beside)
        return
    session.flush()
    for model, columns, rows in beside:
        insert_many(session, model, columns, rows)
    now = session.info["clock"].now()
    told = [(new_id("evt"), event.TYPE, subject, _adapter(type(event)).dump_python(event, mode="json"), now) for event, subject in events]
    for model, columns, rows in ((OutboxEvent, _TOLD, told), *_traced(told)):
        insert_many(session, model, columns, rows)
    due = [(row[0], consumer, "pending", 0, now) for row, (event, _) in zip(told, events, strict=True) for consumer in _consumers(session, event)]
    insert_many(session, OutboxDelivery, _OWED, due)
    _wake_after_commit(session)


def _traced(told: Sequence[Sequence[Any]]) -> tuple[Rows, ...]:
    """What leads from the trace that is under way, if one is, to whoever is told these events."""
    if not tracing.on():
        return ()
    for event in told:
        tracing.happened("emitted", event_type=event[1])
    return trace_steps.rows([event[0] for event in told], told[0][4])


def _consumers(session: Session, event: Event) -> list[str]:
    """Who is owed this event in this transaction."""
    known: dict[str, bool] = session.info.setdefault("wanted", {})
    for name, look in _concerned(session, event):
        if look is not None:
            known[name] = prepared(session, look, {}).first() is not None
    return [name for name, _ in _concerned(session, event)]


def _concerned(session: Session, event: Event) -> list[tuple[str, Look | None]]:
    """Who is owed this event, each with what must find a row first; without those who are known to be owed nothing."""
    names: Sequence[str] = session.info["consumers"].get(event.TYPE, ())
    remembered = session.info["remembered"]
    if about := remembered.get(_ABOUT):
        names = [name for name in names if (asks := about.get((event.TYPE, name))) is None or asks(event)]
    only_if: dict[str, Look] = remembered.get(_ONLY_IF, {})
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
    return sum(touched(session, s) for s in (done, old)) + trace_steps.sweep(session, at)


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
