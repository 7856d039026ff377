"""No push begins after a withdrawal has committed, in any order of grant, withdraw, enqueue, relay, claim, send, retry, death and restart.

A push begins with the last look at the consent, right before the network is called (notifications/dispatch.py). Planted bugs each of
these fails on (planted below, every time): that look left out; consent asked before the claim and remembered; a retry that does not ask
again.
"""

from __future__ import annotations

import gc
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.verdict import PASS
from app.security.sealing import use_secrets
from app.security.secrets import Secrets
from app.security.shoppers import register_device
from notifications import dispatch, facade
from notifications.ports import PushReceipt, PushRequest
from tests.proofs.pushing import BegunTooLate, World
from tests.proofs.rig import Told

FULL = [pytest.mark.full, pytest.mark.timeout(14_400)]
AT_ONCE = 8
"""Pushes on their way when the withdrawal comes."""


@pytest.fixture
def world(database: Database, clock: ManualClock) -> Iterator[World]:
    use_secrets(Secrets("kfixed", {"kfixed": b"s" * 32}, b"c" * 32, b"l" * 32, b"p" * 32))
    if database.dialect == "sqlite":  # nobody pulls the plug here; what is committed is the question, not what is on the disk
        event.listen(database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    made = World(database, clock)
    yield made
    made.stop()


def prove(world: World, count: int, forks: int) -> str:
    """Grows until there were `count` different interleavings; fails at the first push that should not have begun."""
    played: set[tuple[str, ...]] = set()
    pushed = 0
    gc.freeze()  # whoever makes statements by the thousand should not have all modules looked through each time
    try:
        for seed in itertools.count():
            for steps, begun in world.grow(seed, forks):
                pushed += bool(begun) and steps not in played
                played.add(steps)
            if len(played) >= count:
                break
    finally:
        gc.unfreeze()
    assert pushed > count / 4  # there was something to stop
    return f"{len(played)} different interleavings, in {pushed} of them pushes begun, none after a withdrawal"


class TestWithdrawal:
    @pytest.mark.parametrize(("count", "forks"), [(200, 3), pytest.param(100_000, 5, marks=FULL)])
    def test_no_push_begins_after_it(self, world: World, count: int, forks: int, record_property: Told) -> None:
        record_property("proved", prove(world, count, forks))

    @pytest.mark.parametrize("count", [10, pytest.param(2_000, marks=FULL)])
    def test_nor_where_every_step_really_commits(self, world: World, count: int, record_property: Told) -> None:
        played = [world.play(seed) for seed in range(count)]
        record_property("proved", f"{len({steps for steps, _ in played})} different interleavings, {sum(begun for _, begun in played)} pushes begun, none after a withdrawal")

    @pytest.mark.parametrize("seed", [1, 2])
    def test_what_grows_is_what_is_played(self, world: World, seed: int) -> None:
        """The same steps lead to as many pushes, whether a commit is one or the release of a savepoint."""
        [grown] = world.grow(seed, 0)
        assert grown == world.play(seed)


def no_look(_database: Database, _claimed: dispatch.Claimed) -> None:
    return None


def asked_before_the_claim(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dispatch.gate, "may_many", lambda _session, ids, _purpose, _at: dict.fromkeys(ids, PASS))
    patch.setattr(dispatch, "last_look", no_look)


def without_the_last_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dispatch, "last_look", no_look)


def retry_does_not_ask(patch: pytest.MonkeyPatch) -> None:
    look = dispatch.last_look
    patch.setattr(dispatch, "last_look", lambda database, claimed: look(database, claimed) if claimed.attempts == 1 else None)


class Race:
    """`round` withdraws in one thread while another sends; each push is held against whether the withdrawal had committed when the
    look at the consent that it followed began."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.late: dict[int, bool] = {}
        self.begun, self.too_late = 0, 0
        self.go, self.gone = threading.Event(), threading.Event()
        look = dispatch.last_look
        with world.database.transaction() as session:  # a push to each: to one phone one is on its way at a time
            for n in range(1, AT_ONCE):
                phone = register_device(session, "Phone", "android", world.clock.now(), shopper_id=world.shopper_id)
                facade.register_push_token(session, phone.device_id, phone.shopper_id, f"address-of-her-phone-{n}", "token")

        def noted(database: Database, claimed: dispatch.Claimed) -> str | None:
            self.late[id(claimed.request)] = self.gone.is_set()
            return look(database, claimed)

        patch.setattr(dispatch, "last_look", noted)
        patch.setattr(world.network, "send", self._send)

    def rounds(self, afters: Iterable[int]) -> list[int]:
        """How many pushes had begun in each `round`."""
        begun: list[int] = []
        for after in afters:
            self.round(after)
            begun.append(self.begun)
        return begun

    def round(self, after: int) -> None:
        """The withdrawal sets out when so many pushes have begun. Raises when one began too late."""
        world, at = self.world, self.world.clock.now() + timedelta(days=1, minutes=1)
        world.clock.set_to(at)
        self.begun, self.after = 0, after
        self.late.clear(), self.go.clear(), self.gone.clear()
        world._say(granted=True)
        world._enqueue()
        world.relay.run_once()
        withdrawing = threading.Thread(target=self._withdraw)
        withdrawing.start()
        with ThreadPoolExecutor(2) as senders:
            dispatch.run_once(world.database, world.network, world.settings, senders)
        self.go.set()
        withdrawing.join()
        world.relay.run_until_idle()
        if self.too_late:
            raise BegunTooLate(f"{self.too_late} of {self.begun} pushes")

    def _withdraw(self) -> None:
        assert self.go.wait(20)
        self.world._say(granted=False)
        self.gone.set()

    def _send(self, request: PushRequest) -> PushReceipt:
        self.begun += 1
        self.too_late += self.late.get(id(request), self.gone.is_set())
        if self.begun >= self.after:
            self.go.set()
            time.sleep(0.02)  # a provider takes its time, longer than a commit
        return self.world.network.accept()


class TestRace:
    @pytest.mark.parametrize("rounds", [4, pytest.param(500, marks=FULL)])
    def test_withdraw_and_send_at_once(self, world: World, monkeypatch: pytest.MonkeyPatch, record_property: Told, rounds: int) -> None:
        choose = random.Random(rounds)
        begun = Race(world, monkeypatch).rounds(choose.randint(1, 3) for _ in range(rounds))
        assert min(begun) < AT_ONCE  # some were stopped
        record_property("proved", f"{rounds} withdrawals while {AT_ONCE} pushes were on their way: {sum(begun)} had begun, none after it had committed")

    @pytest.mark.parametrize("plant", [asked_before_the_claim, without_the_last_look])
    def test_planted(self, world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
        plant(monkeypatch)
        race = Race(world, monkeypatch)
        with pytest.raises(BegunTooLate, match="pushes"):
            race.rounds(itertools.repeat(1, 30))


class TestPlanted:
    @pytest.mark.parametrize("plant", [asked_before_the_claim, without_the_last_look, retry_does_not_ask])
    def test_a_push_begins_too_late(self, world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
        plant(monkeypatch)
        with pytest.raises(BegunTooLate, match="seed "):
            prove(world, 2_000, 4)
