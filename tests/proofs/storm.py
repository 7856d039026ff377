"""Moments, phones and a push provider that fails in every way it can, and processes that die while they send.

Owns the world of that proof: the real announcer, dispatcher and FCM adapter against the local FCM, on a clock that is moved. A phone shows what
reaches it once by message id, as the app does. Must not look into the tables to judge: it looks at what the provider was asked and delivered.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from app.demo.peers.fcm_peer import FcmPeer, Outcome, Step
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.ids import derived_id
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.people import register_device
from notifications import dispatch, facade
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.announce import Announcer
from notifications.contracts import ChannelKind
from notifications.ports import PushReceipt, PushRequest
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued

TIMEOUT_S = 0.25
ROUNDS = 40
SHARES = ((0.20, Outcome.UNAVAILABLE_BUT_DELIVERED), (0.30, Outcome.TIMEOUT), (0.35, Outcome.QUOTA_EXCEEDED))
DEAD_SHARE, KILL_SHARE, WITHDRAW_SHARE, PER_PHONE = 0.05, 0.01, 0.05, 2


class Killed(BaseException):
    """The process is gone between the provider's answer and writing it down; nobody catches this."""


class Mortal:
    """The real adapter, in a process that is killed now and then."""

    channel = "fcm"

    def __init__(self, gateway: FcmGateway, chance: random.Random) -> None:
        self._gateway, self._chance, self._lock = gateway, chance, threading.Lock()
        self.killed_after: Counter[str] = Counter()

    def send(self, request: PushRequest) -> PushReceipt:
        receipt = self._gateway.send(request)
        with self._lock:
            if self._chance.random() < KILL_SHARE:
                self.killed_after[request.address] += 1
                raise Killed
        return receipt

    def close(self) -> None:
        self._gateway.close()


class Storm:
    """`run()` plays it to the end; the rest is what there was to see."""

    def __init__(self, database: Database, clock: ManualClock, peer: FcmPeer, moments: int, seed: int = 1) -> None:
        self.database, self.clock, self.peer, self.chance = database, clock, peer, random.Random(seed)
        self.settings = NotificationSettings(
            push_workers=16, push_attempts=50, push_retry_most_s=20, push_lease_s=60, cap_messages=1000, campaign_cap_messages=None, place_cap_messages=None,
            breaker_failures=1000,
        )  # fmt: skip
        self.gateway = Mortal(FcmGateway(peer.service_account(), fcm_url=peer.fcm_url, timeout_s=TIMEOUT_S, connections=16), self.chance)
        self.expected: dict[str, set[str]] = {}
        self.dead: set[str] = set()
        self.withdrawn: set[str] = set()
        self._people: list[tuple[str, str]] = []
        for n in range(0, moments, PER_PHONE):
            self._phone(n)

    def _phone(self, n: int) -> None:
        address, at = f"address-of-phone-{n}", self.clock.now()
        with self.database.transaction() as session:
            device = register_device(session, "Phone", "android", at)
            grant(session, device.shopper_id, Purpose.MARKETING_PUSH, source="test", at=at)
            facade.register_push_token(session, device.device_id, device.shopper_id, address, "token")
            announcer = Announcer(self.settings, frozenset({ChannelKind.FCM}), lambda _s: None, lambda: None)
            for k in range(PER_PHONE):
                coupon = _coupon(f"{n}_{k}", device.shopper_id, at)
                announcer.announce(session, coupon, at)
                self.expected.setdefault(address, set()).add(derived_id("msg", coupon.coupon_id))
        if self.chance.random() < DEAD_SHARE:
            self.dead.add(address)
            self.peer.always(address, Outcome.UNREGISTERED)
            return
        if self.chance.random() < WITHDRAW_SHARE:
            self.withdrawn.add(address)
            with self.database.transaction() as session:
                withdraw(session, device.shopper_id, Purpose.MARKETING_PUSH, source="test", at=at)
        for _ in range(6):
            drawn = self.chance.random()
            outcome = next((outcome for share, outcome in SHARES if drawn < share), Outcome.OK)
            self.peer.program(address, Step(outcome, retry_after="2" if outcome is Outcome.QUOTA_EXCEEDED else None, hold_s=TIMEOUT_S * 1.5))

    def run(self) -> None:
        """Until nothing waits. A killed process leaves leases; the clock goes on, and the next takes them up."""
        for _ in range(ROUNDS):
            for process in range(1000):
                with ThreadPoolExecutor(self.settings.push_workers) as executor:
                    try:
                        if dispatch.run_once(self.database, self.gateway, self.settings, executor) == 0:
                            break
                    except Killed:
                        continue
                assert process < 999
            with self.database.reading() as session:
                due = dispatch.next_due_at(session, "fcm")
            if due is None:
                return
            self.clock.set_to(max(due, self.clock.now()) + timedelta(seconds=1))
        raise AssertionError(f"something still waits after {ROUNDS} rounds")

    def wrong(self) -> list[str]:
        """What should not have been."""
        shown: dict[str, set[str]] = {}
        for one in self.peer.delivered():
            shown.setdefault(one.token, set()).add(one.data["message_id"])
        asked = Counter(str(message.get("fid") or message.get("token")) for message in self.peer.attempts())
        found: list[str] = []
        for address, ids in self.expected.items():
            mine = shown.get(address, set())
            if mine - ids:
                found.append(f"{address} showed a moment twice, or what was not meant for it")
            if address in self.dead and asked[address] > 1 + self.gateway.killed_after[address]:
                found.append(f"{address} is dead and was used {asked[address]} times")
            if address in self.withdrawn and asked[address]:
                found.append(f"{address} was written to after she had withdrawn")
            if address not in self.dead | self.withdrawn and ids - mine:
                found.append(f"{address} lost {len(ids - mine)}")
        return found


def _coupon(name: str, shopper_id: str, at: Any) -> CouponIssued:
    return CouponIssued(
        coupon_id=f"cpn_{name}", decision_id=f"dec_{name}", campaign_id="cmp_1", moment_id=f"mom_{name}", visit_id=f"vis_{name}", shopper_id=shopper_id, place_id="plc_1",
        place_name="Ooey Gooey", title="Bonbon of the month", body="25 % off", issued_at=at, expires_at=at + timedelta(hours=6),
    )  # fmt: skip
