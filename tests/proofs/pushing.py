"""One shopper, one message channel, two processes that send, and a scheduler that decides who moves next.

Owns the world of the proof that no push begins after a withdrawal has committed: each step is the real code (consents, relay, announce,
claim, send, record), in an order drawn from a seed; beside it a model that knows only what has committed. Must not look into the tables
to judge: it looks at what reaches the network.

Steps follow one another, they never run at once, so a commit is for them the moment from which others see it. `play` really commits.
`grow` does not play what many interleavings begin with again for each of them: it sets a savepoint, goes one way, rolls back, goes the
next. There a commit is the release of a savepoint, and every statement is executed as in `play`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from app.kernel.clock import ManualClock
from app.kernel.db import Base, Database
from app.kernel.outbox import Subscriptions, emit
from app.kernel.relay import Relay
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.people import register_device
from notifications import dispatch, facade, wiring
from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued
from tests.conftest import START

LENGTH = 12
LEASE_S = 60.0
EMPTIED = ("notifications_message", "notifications_delivery", "notifications_recipient", "kernel_outbox", "kernel_inbox", "privacy_consent", "privacy_standing")


WAYS = 4
"""How many different steps are tried where interleavings part."""


class BegunTooLate(AssertionError):
    """A push began when the last word that had committed was a withdrawal. Says the seed and the steps."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the world knew at some step, beside the database."""

    at: datetime
    agreed: bool
    sent: int
    claimed: dict[str, tuple[dispatch.Claimed, ...]]
    coupons: int
    untold: bool
    announced: bool


class Died(BaseException):
    """The process is gone; nobody catches this."""


class Network:
    """Where pushes begin. Every one is held against the model at that instant."""

    channel = "fcm"

    def __init__(self) -> None:
        self.agreed = False
        self.sent = 0
        self.wrong: list[str] = []
        self.answer: Callable[[], PushReceipt] = self.accept

    def accept(self) -> PushReceipt:
        return PushReceipt(Outcome.ACCEPTED, provider_message_id="n/1")

    def send(self, request: PushRequest) -> PushReceipt:
        self.sent += 1
        if not self.agreed:
            self.wrong.append(request.message_id)
        return self.answer()

    def close(self) -> None:
        return None


NOTHING = Note(START, agreed=False, sent=0, claimed={"a": (), "b": ()}, coupons=0, untold=False, announced=False)


class World:
    """`play` and `grow` tell of each interleaving its steps and how many pushes began; they raise at one that should not have."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock, self.network = database, clock, Network()
        self.settings = NotificationSettings(push_lease_s=LEASE_S)
        parts = wiring.build(database, self.settings, gateway=self.network)
        self.stop = parts.stop
        subscriptions = Subscriptions()
        parts.subscribe(subscriptions)
        subscriptions.attach(database)
        self.relay = Relay(database, subscriptions)
        with database.transaction() as session:
            device = register_device(session, "Phone", "android", clock.now())
            facade.register_push_token(session, device.device_id, device.shopper_id, "address-of-her-phone", "token")
        self.shopper_id = device.shopper_id
        self.claimed: dict[str, list[dispatch.Claimed]] = {}
        self._return_to(NOTHING)

    def play(self, seed: int) -> tuple[tuple[str, ...], int]:
        """One interleaving, with commits."""
        choose = random.Random(seed)
        with self.database.transaction() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name.startswith(EMPTIED):
                    session.execute(delete(table))
        self._return_to(NOTHING)
        steps: tuple[str, ...] = ()
        while len(steps) < LENGTH:
            steps = self._then(seed, steps, choose.choice(self._possible()))
        self._to_the_end(seed, steps)
        return steps, self.network.sent

    def grow(self, seed: int, forks: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """Up to WAYS ** forks interleavings that begin alike, none twice, in a database without words and messages."""
        choose = random.Random(seed)
        with rewinding(self.database) as connection:
            connection.begin_nested()  # within a savepoint, sessions set one of their own
            self._return_to(NOTHING)
            steps: tuple[str, ...] = ()
            while len(steps) < LENGTH - forks:
                steps = self._then(seed, steps, choose.choice(self._possible()))
            yield from self._part(connection, choose, seed, steps)

    def _part(self, connection: Connection, choose: random.Random, seed: int, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        if len(steps) == LENGTH:
            self._to_the_end(seed, steps)
            yield steps, self.network.sent
            return
        here, possible = self._note(), self._possible()
        choose.shuffle(possible)
        for step in list(dict.fromkeys(possible))[:WAYS]:
            savepoint = connection.begin_nested()
            yield from self._part(connection, choose, seed, self._then(seed, steps, step))
            savepoint.rollback()
            self._return_to(here)

    def _then(self, seed: int, steps: tuple[str, ...], step: str) -> tuple[str, ...]:
        self._do(step)
        if self.network.wrong:
            raise BegunTooLate(f"seed {seed}: {' | '.join((*steps, step))}")
        return (*steps, step)

    def _to_the_end(self, seed: int, steps: tuple[str, ...]) -> None:
        """Where the last word was a withdrawal, whatever still waits gets its chance. (Where it was a grant, it may.)"""
        if self.network.agreed or not self._announced:
            return
        for step in ("wait", "claim a"):
            steps = self._then(seed, steps, step)
        while self.claimed["a"]:
            steps = self._then(seed, steps, "send a")

    def _note(self) -> Note:
        claimed = {process: tuple(waiting) for process, waiting in self.claimed.items()}
        return Note(self.clock.now(), self.network.agreed, self.network.sent, claimed, self._coupons, self._untold, self._announced)

    def _return_to(self, note: Note) -> None:
        self.clock.set_to(note.at)
        self.network.agreed, self.network.sent, self.network.wrong, self.network.answer = note.agreed, note.sent, [], self.network.accept
        self.claimed = {process: list(waiting) for process, waiting in note.claimed.items()}
        self._coupons, self._untold, self._announced = note.coupons, note.untold, note.announced

    def _possible(self) -> list[str]:
        """What would do something now; repeated ones come more often. `retry`: the provider says later. `die sending`: it was sent, and
        the process died before it could note so."""
        on_its_way = any(self.claimed.values())
        found = ["withdraw"] * (3 if on_its_way else 1) if self.network.agreed else ["grant"] * 3
        if self._coupons < 3:
            found += ["enqueue"] * (3 if self.network.agreed and not self._coupons else 1)
        if self._untold:
            found += ["relay"] * (4 if self.network.agreed and self._coupons and not self._announced else 1)
        if self._announced:
            found += ["claim a", "claim b", "wait"] if on_its_way else ["claim a", "claim a", "claim b", "claim b", "wait"]
        for process, waiting in self.claimed.items():
            if waiting:
                found += [f"{verb} {process}" for verb in ("send", "send", "retry", "die sending", "restart")]
        if self.claimed["a"] and self.network.agreed:
            found.append("withdrawn while a sends")
        return found

    def _do(self, step: str) -> None:
        self.clock.advance(1)
        verb, _, process = step.rpartition(" ") if step[-2:] in (" a", " b") else (step, "", "")
        if step == "withdrawn while a sends":
            self._send("a", self._withdrawn_meanwhile)
        elif verb in ("grant", "withdraw"):
            self._say(granted=verb == "grant")
        elif verb == "enqueue":
            self._enqueue()
        elif verb == "relay":
            self.relay.run_once()
            self._untold, self._announced = False, self._coupons > 0
        elif verb == "wait":
            self.clock.advance(LEASE_S * 3)
        elif verb == "claim":
            self._claim(process)
        elif verb == "restart":
            self.claimed[process] = []
        else:
            self._send(process, {"send": self.network.accept, "retry": _later, "die sending": _die}[verb])

    def _claim(self, process: str) -> None:
        """As `dispatch.run_once` does: look whether there is anything, then take it."""
        with self.database.reading() as session:
            if session.execute(dispatch._ANY_DUE, {"way": "fcm", "at": self.clock.now()}).first() is None:
                return
        with self.database.transaction() as session:
            self.claimed[process] += dispatch.claim(session, "fcm", at=self.clock.now(), limit=4, lease_s=LEASE_S)[1]

    def _say(self, *, granted: bool) -> None:
        """The model changes with the commit and not before."""
        with self.database.transaction() as session:
            (grant if granted else withdraw)(session, self.shopper_id, Purpose.MARKETING_PUSH, source="test", at=self.clock.now())
        self.network.agreed, self._untold = granted, True

    def _withdrawn_meanwhile(self) -> PushReceipt:
        """What has begun is not called back; what it leads to later must not begin."""
        self._say(granted=False)
        return _later()

    def _send(self, process: str, answer: Callable[[], PushReceipt]) -> None:
        if not self.claimed[process]:
            return
        one = self.claimed[process].pop(0)
        self.network.answer = answer
        try:
            dispatch._write_down(self.database, self.network.channel, self.settings.retries(), [(one, dispatch._send(self.database, self.network, one))])
        except Died:
            self.claimed[process] = []
        finally:
            self.network.answer = self.network.accept

    def _enqueue(self) -> None:
        self._coupons, self._untold = self._coupons + 1, True
        at, n = self.clock.now(), self._coupons
        coupon = CouponIssued(
            coupon_id=f"cpn_{n}", decision_id=f"dec_{n}", campaign_id="cmp_1", moment_id=f"mom_{n}", visit_id=f"vis_{n}", shopper_id=self.shopper_id, place_id="plc_1",
            place_name="Ooey Gooey", title="Bonbon of the month", body="25 % off", issued_at=at, expires_at=at + timedelta(hours=4),
        )  # fmt: skip
        with self.database.transaction() as session:
            emit(session, coupon, subject=self.shopper_id)


@contextmanager
def rewinding(database: Database) -> Iterator[Connection]:
    """Until the end, all of `database` happens on one connection, in one transaction that comes to nothing; a commit releases a savepoint."""
    engine, reading = database.engine, database._reading_engine
    with engine.connect() as connection:
        outermost = connection.begin()
        database.engine = database._reading_engine = connection  # type: ignore[assignment]
        database.glance = lambda statement, values: connection.execute(statement, dict(values)).all()  # type: ignore[method-assign]
        try:
            yield connection
        finally:
            database.engine, database._reading_engine = engine, reading
            del database.glance
            outermost.rollback()


def _later() -> PushReceipt:
    return PushReceipt(Outcome.RETRY, reason="provider_unavailable")


def _die() -> PushReceipt:
    raise Died
