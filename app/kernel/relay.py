"""The relay: what was emitted is brought to those who want it, to each once.

Owns claiming, delivering and the thread that does it. Must not know any room's events. Consumers run in a transaction that also writes
the inbox row (consumer, event): a crash before commit leaves nothing, a repeat finds the row. Delivery: a lease per attempt, exponential
backoff, and after `MAX_ATTEMPTS` a dead letter one can list and retry. Deliveries that are alike share a transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Update, and_, bindparam, not_, or_, select, true, update
from sqlalchemy.orm import Session

from app.kernel import trace_steps, tracing
from app.kernel.bulk import insert_many
from app.kernel.db import Database, connection_of, moved, prepared, touched
from app.kernel.logs import get_logger
from app.kernel.outbox import Envelope, InboxRow, OutboxDelivery, OutboxEvent, Subscriptions, handled_before

log = get_logger(__name__)

LEASE_S = 30.0
MAX_ATTEMPTS = 8
BACKOFF_FIRST_S = 0.5
BACKOFF_MOST_S = 300.0


_FREE = or_(OutboxDelivery.lease_until.is_(None), OutboxDelivery.lease_until <= bindparam("at"))
_DUE = and_(OutboxDelivery.state == "pending", OutboxDelivery.next_attempt_at <= bindparam("at"), _FREE)
_ITS = update(cast("Any", OutboxDelivery.__table__)).where(OutboxDelivery.event_id == bindparam("event"), OutboxDelivery.consumer == bindparam("whose"), OutboxDelivery.state == "pending")
_CLAIM = _ITS.where(_FREE).values(lease_until=bindparam("lease"), attempts=OutboxDelivery.attempts + 1)
_DONE = _ITS.values(state="done", lease_until=None)


ALIKE_MOST = 10
"""So many that are alike share a transaction where a shopper waits for it: more would keep a till from its turn."""

Claimed = tuple[Envelope, dict[str, Any], str]
"""An event, its payload, and for whom."""


def _whose(one: Claimed) -> dict[str, Any]:
    return {"event": one[0].event_id, "whose": one[2]}


def _move(session: Session, statement: Update, rows: list[dict[str, Any]]) -> None:
    """The conditional UPDATE for each of the rows, in one go."""
    if rows:
        connection_of(session).execute(statement, rows)


class Relay:
    """Delivers what is due. Several may run side by side: a lease and the inbox row keep them apart."""

    def __init__(self, database: Database, subscriptions: Subscriptions, *, prompt: bool | None = None, batch: int = 100) -> None:
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
        for group in self._groups(claimed):
            self._deliver(group)
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
            return touched(session, left)

    def _claim(self) -> list[Claimed]:
        now = self._database.clock.now()
        if not self._database.glance(self._any_due, {"at": now}):
            return []
        claimed: list[Claimed] = []
        with self._database.transaction() as session:
            due = prepared(session, self._due, {"at": now}).all()
            traces = trace_steps.found(session, [row.event_id for row in due])
            for row in due:
                envelope = Envelope(row.event_id, row.type, row.subject, row.created_at, row.attempts + 1, traces.get(row.event_id))
                claimed.append((envelope, row.payload, row.consumer))
            lease = now + timedelta(seconds=LEASE_S)
            _move(session, _CLAIM, [{**_whose(one), "at": now, "lease": lease} for one in claimed])
        return claimed

    def _groups(self, claimed: Sequence[Claimed]) -> list[list[Claimed]]:
        """What is delivered in one transaction. What is about one subject keeps its order.

        On SQLite a transaction is a turn that nobody else has, and its commit waits for the disk, so that a few share one whoever they are
        for. Where rows are locked one by one, what locks a campaign's or a shopper's shall not keep them for others' sake; whoever says that
        it can take a few (`on_few`) gets a tenth of what waits, so that nobody is told later than by a tenth for sharing.
        """
        kinds = self._subscriptions
        alone = ALIKE_MOST if self._database.dialect == "sqlite" else 1
        few = max(alone, min(ALIKE_MOST, len(claimed) // ALIKE_MOST))
        groups: list[list[Claimed]] = []
        newest: dict[tuple[str, str], int] = {}
        last_of: dict[str, int] = {}
        for one in claimed:
            kind, subject = (one[0].type, one[2]), one[0].subject
            most = len(claimed) if kind in kinds.together else few if kind in kinds.few else alone
            number = newest.get(kind, -1)
            if number < last_of.get(subject, 0) or len(groups[number]) >= most:
                groups.append([])
                number = newest[kind] = len(groups) - 1
            groups[number].append(one)
            last_of[subject] = number
        return groups

    def _deliver(self, group: Sequence[Claimed]) -> None:
        """All of one type and for one consumer; if that fails, each by itself, so that one bad event never stops the others."""
        envelope, _, consumer = group[0]
        try:
            adapter, handler = self._subscriptions.get(envelope.type, consumer)
            told = [(adapter.validate_python(payload), each) for each, payload, _ in group]
            traces = [one[0].trace for one in group]
            with tracing.following(consumer, traces, event_type=envelope.type, consumer=consumer), self._database.transaction() as session:
                if fresh := _fresh(session, consumer, told):
                    handler(session, fresh)
                _move(session, _DONE, [_whose(one) for one in group])
        except Exception as error:  # noqa: BLE001 - one bad event must not stop the others; it is kept and shown
            if len(group) == 1:
                self._failed(envelope, consumer, error)
                return
            for one in group:
                self._deliver([one])

    def _failed(self, envelope: Envelope, consumer: str, error: Exception) -> None:
        dead = envelope.attempt >= MAX_ATTEMPTS
        wait_s = min(BACKOFF_FIRST_S * 4 ** (envelope.attempt - 1), BACKOFF_MOST_S)
        log.warning("delivery_failed", event_type=envelope.type, consumer=consumer, attempt=envelope.attempt, dead=dead, error=type(error).__name__, exc_info=error)
        due_at = self._database.clock.now() + timedelta(seconds=wait_s)
        with self._database.transaction() as session:
            # Only the kind of error is kept: a message may quote what must not be stored.
            kept = {"state": "dead" if dead else "pending", "next_attempt_at": due_at, "last_error": type(error).__name__}
            moved(session, _ITS.values(lease_until=None, **kept), {"event": envelope.event_id, "whose": consumer})


def _fresh(session: Session, consumer: str, told: Sequence[tuple[Any, Envelope]]) -> list[tuple[Any, Envelope]]:
    """Those that this consumer has not handled before, noted as handled."""
    if len(told) == 1:
        return [] if handled_before(session, consumer, told[0][1].event_id) else list(told)
    now, ids = session.info["clock"].now(), [envelope.event_id for _, envelope in told]
    known = set(prepared(session, _HANDLED, {"consumer": consumer, "ids": ids}).scalars())
    insert_many(session, InboxRow, ("consumer", "event_id", "handled_at"), [(consumer, one, now) for one in ids if one not in known])  # a racer's row: all of this is undone, and each tried alone
    return [one for one in told if one[1].event_id not in known]


_HANDLED = select(InboxRow.event_id).where(InboxRow.consumer == bindparam("consumer"), InboxRow.event_id.in_(bindparam("ids", expanding=True)))


class RelayLoop:
    """A thread that runs a relay until `stop`; wakes at a commit that emitted, else looks every `idle_s`."""

    def __init__(self, database: Database, relay: Relay, *, idle_s: float = 0.5, breath_s: float = 0.0) -> None:
        """`breath_s`: so long after a wake what comes in meanwhile is waited for, and taken together."""
        self._relay, self._idle_s, self._breath_s = relay, idle_s, breath_s
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
            if not busy and self._woken.wait(self._idle_s):
                self._stopping.wait(self._breath_s)
