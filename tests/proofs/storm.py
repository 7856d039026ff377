"""Moments, phones and a push provider that fails in every way it can, and processes that die while they send.

Owns the world of that proof: the real announcer, dispatcher and FCM adapter against the local FCM, on a clock that is moved. A phone shows what
reaches it once by message id, as the app does. Must not look into the tables to judge: it looks at what the provider was asked and delivered.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.demo.peers.fcm_peer import FcmPeer, Outcome, Step
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.ids import derived_id
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.people import register_device
from app.security.secrets import Secrets
from notifications import dispatch, facade
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.announce import Announcer
from notifications.contracts import ChannelKind
from notifications.ports import Outcome as Heard
from notifications.ports import PushReceipt, PushRequest
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued

TIMEOUT_S = 0.25
ROUNDS = 40
SHARES = ((0.20, Outcome.UNAVAILABLE_BUT_DELIVERED), (0.30, Outcome.TIMEOUT), (0.35, Outcome.QUOTA_EXCEEDED))
POINTS = ("claiming", "claimed", "looking", "answered", "recording", "recorded")
"""Where a process is killed: before a claim commits and after; before the last look; after an answer; before a record commits and after."""
LEASE_JUMP_S = 70.0
"""Longer than a lease; two hundred of them are shorter than an offer lives, and end before the evening."""
DEAD_SHARE, KILL_SHARE, WITHDRAW_SHARE, PER_PHONE = 0.05, 0.01, 0.05, 2


SECRETS = Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32)


def settings() -> NotificationSettings:
    return NotificationSettings(
        push_workers=16, push_attempts=50, push_retry_most_s=20, push_lease_s=60, cap_messages=1000, campaign_cap_messages=None, place_cap_messages=None,
        breaker_failures=1000,
    )  # fmt: skip


class Killed(BaseException):
    """The process is gone between the provider's answer and writing it down; nobody catches this."""


class Mortal:
    """The real adapter, in a process that is killed now and then."""

    channel = "fcm"

    def __init__(self, gateway: FcmGateway, chance: random.Random) -> None:
        self._gateway, self._chance, self._lock = gateway, chance, threading.Lock()
        self.killed_after: Counter[str] = Counter()
        self.unheard: Counter[str] = Counter()

    def send(self, request: PushRequest) -> PushReceipt:
        receipt = self._gateway.send(request)
        with self._lock:
            if receipt.outcome is not Heard.DEAD:
                self.unheard[request.address] += 1
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
        self.settings = settings()
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
                announcer.announce(session, [coupon], at)
                self.expected.setdefault(address, set()).add(derived_id("msg", coupon.coupon_id))
        if self.chance.random() < DEAD_SHARE or n == 0:  # one at least, however small the storm
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
            # later than the longest wait, so that all that failed alike is due together, however large the storm
            self.clock.set_to(max(due, self.clock.now()) + timedelta(seconds=self.settings.push_retry_most_s))
        raise AssertionError(f"something still waits after {ROUNDS} rounds")

    def forgotten(self, address: str) -> int:
        """How often the answer that this phone is dead died with a process, or came later than the real adapter waits."""
        return self.gateway.killed_after[address] + self.gateway.unheard[address]

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
            if address in self.dead and asked[address] > 1 + self.forgotten(address):
                found.append(f"{address} is dead and was used {asked[address]} times")
            if address in self.withdrawn and asked[address]:
                found.append(f"{address} was written to after she had withdrawn")
            if address not in self.dead | self.withdrawn and ids - mine:
                found.append(f"{address} lost {len(ids - mine)}")
        return found


class RealStorm(Storm):
    """The same, sent by processes of their own that are really killed: at each point in turn, and at any time."""

    def __init__(self, database: Database, clock: ManualClock, peer: FcmPeer, moments: int, *, vault_url: str, unheard_in: Path, kills: int, seed: int = 1) -> None:
        super().__init__(database, clock, peer, moments, seed)
        self.vault_url, self.kills, self.moments = vault_url, kills, moments
        self.unheard_in = unheard_in
        self._ahead_s = (clock.now() - datetime.now(UTC)).total_seconds()
        self.marks: list[int] = []
        """After how many sends a process died."""
        self.killed_at: Counter[str] = Counter()
        self._pid = 0

    def run(self) -> None:
        """Until nothing waits. Those that are killed leave leases; the next is started on a clock by which they have run out."""
        forge = subprocess.Popen((sys.executable, "-m", "tests.proofs.storm_child"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert forge.stdout is not None
            assert forge.stdout.readline() == "ready\n"
            for number in range(self.kills + 1):
                last = number == self.kills
                point = "" if last else (*POINTS, "any time")[number % (len(POINTS) + 1)]
                if self._child(forge, point, ahead_s=self._ahead_s + number * LEASE_JUMP_S) == 0:
                    return
            raise AssertionError("the last process, which nobody killed, did not come to its end")
        finally:
            with suppress(ProcessLookupError):
                if self._pid:
                    os.kill(self._pid, signal.SIGKILL)  # one that still sends does not end with its forge
            forge.kill()
            forge.wait()

    def _child(self, forge: subprocess.Popen[str], point: str, *, ahead_s: float) -> int:
        """How it ended: 0 when nothing waits any more."""
        assert forge.stdin is not None
        assert forge.stdout is not None
        asked = {
            "url": self.database.url.render_as_string(hide_password=False), "vault": self.vault_url, "account": self.peer.service_account(),
            "fcm_url": self.peer.fcm_url, "unheard_in": str(self.unheard_in), "ahead_s": ahead_s, "kill": point, "after": self.chance.randint(1, 2 if point != "looking" else min(20, 1 + self.moments // 12)),
        }  # fmt: skip
        forge.stdin.write(json.dumps(asked) + "\n")
        forge.stdin.flush()
        self._pid = pid = int(forge.stdout.readline())
        if point == "any time":
            time.sleep(self.chance.uniform(0.05, 0.6))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        status, self._pid = int(forge.stdout.readline()), 0
        if status == signal.SIGKILL:
            self.killed_at[point] += 1
            self._quiet()
            self.marks.append(len(self.peer.attempts()))
        elif status:
            raise AssertionError(f"a process ended by itself with {status}; its words are above")
        return status

    def _quiet(self) -> None:
        """What the dead one had handed over arrives before the next begins."""
        seen = -1
        while seen != (now := len(self.peer.attempts())):
            seen = now
            time.sleep(0.05)

    def forgotten(self, address: str) -> int:
        """Between two uses of a dead phone a process must have died, each time, or the answer came later than the real adapter waits."""
        unheard = self.unheard_in.read_text().splitlines().count(address) if self.unheard_in.exists() else 0
        uses = [n for n, message in enumerate(self.peer.attempts()) if str(message.get("fid") or message.get("token")) == address]
        return unheard + sum(any(before < mark <= after for mark in self.marks) for before, after in pairwise(uses))


def _coupon(name: str, shopper_id: str, at: Any) -> CouponIssued:
    return CouponIssued(
        coupon_id=f"cpn_{name}", decision_id=f"dec_{name}", campaign_id="cmp_1", moment_id=f"mom_{name}", visit_id=f"vis_{name}", shopper_id=shopper_id, place_id="plc_1",
        place_name="Ooey Gooey", title="Bonbon of the month", body="25 % off", issued_at=at, expires_at=at + timedelta(hours=6),
    )  # fmt: skip
