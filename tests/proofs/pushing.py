"""One shopper, one message channel, two processes that send, and a scheduler that decides who moves next.

Owns the world of the proof that no push begins after a withdrawal has committed: each step is the real code (consents, relay, announce,
claim, send, record), in an order drawn from a seed; beside it a model that knows only what has committed. Must not look into the tables
to judge: it looks at what reaches the network.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete

from app.kernel.clock import ManualClock
from app.kernel.db import Base, Database
from app.kernel.outbox import Relay, Subscriptions, emit
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


class World:
    """`play(seed)` runs one interleaving and says which pushes should not have begun."""

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
        self.claimed: dict[str, list[dispatch.Claimed]] = {"a": [], "b": []}
        self._coupons, self._untold, self._announced = 0, False, False

    def play(self, seed: int) -> tuple[tuple[str, ...], list[str]]:
        """The steps of that seed, and the ids of messages whose push began without consent."""
        choose = random.Random(seed)
        self._begin_anew()
        steps: list[str] = []
        for _ in range(LENGTH):
            steps.append(choose.choice(self._possible()))
            self._do(steps[-1])
        self._do("wait")
        self._do("claim a")
        while self.claimed["a"]:
            self._do("send a")
        return tuple(steps), self.network.wrong

    def _possible(self) -> list[str]:
        """What would do something now; repeated ones come more often. `retry`: the provider says later. `die sending`: it was sent, and
        the process died before it could note so."""
        found = ["withdraw", "withdraw"] if self.network.agreed else ["grant", "grant"]
        if self._coupons < 3:
            found += ["enqueue", "enqueue"] if self.network.agreed else ["enqueue"]
        if self._untold:
            found += ["relay", "relay"]
        if self._announced:
            found += ["claim a", "claim b", "wait"]
        for process, waiting in self.claimed.items():
            if waiting:
                found += [f"{verb} {process}" for verb in ("send", "send", "retry", "die sending", "restart")]
        if self.claimed["a"] and self.network.agreed:
            found.append("withdrawn while a sends")
        return found

    def _begin_anew(self) -> None:
        self.clock.set_to(START)
        with self.database.transaction() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name.startswith(EMPTIED):
                    session.execute(delete(table))
        self.claimed = {"a": [], "b": []}
        self.network.agreed, self.network.wrong, self.network.answer = False, [], self.network.accept
        self._coupons, self._untold, self._announced = 0, False, False

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
            with self.database.transaction() as session:
                self.claimed[process] += dispatch.claim(session, "fcm", at=self.clock.now(), limit=4, lease_s=LEASE_S)[1]
        elif verb == "restart":
            self.claimed[process] = []
        else:
            self._send(process, {"send": self.network.accept, "retry": _later, "die sending": _die}[verb])

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
            dispatch._send_and_record(self.database, self.network, self.settings.retries(), one)
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


def _later() -> PushReceipt:
    return PushReceipt(Outcome.RETRY, reason="provider_unavailable")


def _die() -> PushReceipt:
    raise Died
