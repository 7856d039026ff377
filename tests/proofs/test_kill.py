"""kill -9 at every statement, commit, send and answer of a piece of work; after a restart nothing acknowledged is lost,
nothing is doubled, and every coupon can be redeemed exactly once.

The points are not listed by hand: work is done once to count them, then again and again, killed at one after the other.
Planted bug this fails on (kept planted in test_planted.py): one commit split in two.
"""

from __future__ import annotations

import random
import threading
import time
from statistics import median

import pytest

from tests.proofs.rig import Back, Rig, Told
from tests.proofs.wire import Asked, Lost, ask
from tests.proofs.works import WORKS, Checkout, CheckoutOfTwo, Redeem, Undo, Work, try_to

BACK_WITHIN_S = 5.0
"""Asked of every restart: it listens, and has taken up what the dead one left, with nobody's help."""
POINTS = 60
"""At least so many of each piece of work."""
CLIENTS = 8
PATIENCE_S = 60.0


def arm(rig: Rig, scope: str, kill_at: int | None) -> None:
    address = f"/proof/arm?scope={scope.replace(' ', '%20')}" + ("" if kill_at is None else f"&kill_at={kill_at}")
    assert ask(rig.url, "POST", address).status == 200


def outlived(rig: Rig) -> list[str] | None:
    """The points that the armed work has passed, once it has ended; None when the process died of it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            said = ask(rig.url, "GET", "/proof/points").json
        except (Lost, OSError):
            rig.kill()
            return None
        if said["finished"]:
            return list(said["passed"])
        time.sleep(0.02)
    raise AssertionError(f"the work that was armed never came, or never ended: {said}")


def killed_at(rig: Rig, asked: Asked, point: int) -> bool:
    """Do it with the process killed at that point; False when the work has fewer points."""
    arm(rig, f"{asked.method} {asked.path}", point)
    try_to(rig, asked)
    return outlived(rig) is None


def run(rig: Rig, kind: type[Work], scope: str, kill_at: int | None = None) -> tuple[list[str] | None, Back | None]:
    """One piece of work, killed at that point of that scope (or not). All that is promised is looked at.

    Returns the points passed, or the restart.
    """
    work = kind(rig)
    rig.told_everything()
    arm(rig, scope, kill_at)
    work.do()
    points, back = outlived(rig), None
    if points is None:
        back = rig.revive()
        assert back.own_s <= BACK_WITHIN_S, back
    rig.told_everything()
    rig.in_order()
    work.after()
    work.again()
    rig.told_everything()
    rig.in_order(told=True)
    return points, back


def live(rig: Rig, kind: type[Work]) -> None:
    first, *others = kind.campaigns
    rig.campaign(**first)
    for other in others:
        rig.beside(**other)


def points_of(rig: Rig, kind: type[Work], scope: str) -> list[str]:
    """The second time: by then the process remembers what it reads once, as one does that has finished what another left."""
    for _ in range(2):
        points, _back = run(rig, kind, scope)
    assert points
    return points


SMALL = [
    pytest.param(kind, engine, id=f"{engine}-{kind.__name__}", marks=[pytest.mark.full] if (kind, engine) == (CheckoutOfTwo, "postgresql") else [])
    for kind in WORKS
    for engine in ("sqlite", "postgresql")
]


class TestEveryPoint:
    @pytest.mark.parametrize(("kind", "rig"), SMALL, indirect=["rig"])
    def test_around_the_last_commit(self, rig: Rig, kind: type[Work]) -> None:
        live(rig, kind)
        points = points_of(rig, kind, kind.scopes[0])
        last = len(points) - 1 - points[::-1].index("before commit")
        assert points[last + 1] == "after commit"
        for point in (last, last + 1):
            assert run(rig, kind, kind.scopes[0], point)[0] is None

    @pytest.mark.full
    @pytest.mark.timeout(7200)
    @pytest.mark.parametrize("kind", WORKS)
    def test_all(self, rig: Rig, kind: type[Work], record_property: Told) -> None:
        """Planted bug seen: without `Relay.resume` an event whose relay was killed waits for its lease, and nobody is told in time."""
        live(rig, kind)
        reached: dict[str, int] = {}
        backs: list[Back] = []
        for scope in kind.scopes:
            points = points_of(rig, kind, scope)
            reached[scope] = 0
            for point in range(len(points)):
                _, back = run(rig, kind, scope, point)
                if back is not None:
                    reached[scope] += 1
                    backs.append(back)
            assert reached[scope] >= len(points) - 2, f"{reached[scope]} of {len(points)} points were reached: {points}"
        record_property("proved", f"killed at {len(backs)} points {reached}; back within {Back.words(backs)}")
        assert len(backs) >= POINTS


class Customer:
    """One of eight who redeem, undo and check out all the time; what has no answer is sent again with its key."""

    def __init__(self, rig: Rig, number: int) -> None:
        self.rig, self.chance = rig, random.Random(number)
        self.answered: list[Work] = []
        self.open: Work | None = None
        self.refused: list[str] = []

    def go_on(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.step()
            except (Lost, OSError, TypeError):  # there is no server just now, also not for what comes before the work
                time.sleep(0.02)

    def step(self) -> None:
        if self.open is None:
            self.open = self.chance.choice((Redeem, Undo, Checkout))(self.rig)
        answer = try_to(self.rig, self.open.asked())
        if answer is None:
            return
        if answer.status >= 300:
            self.refused.append(answer.code)
        self.open.answer = answer
        self.answered.append(self.open)
        self.open = None


class TestAnyTime:
    @pytest.mark.parametrize("kills", [3, pytest.param(300, marks=[pytest.mark.full, pytest.mark.timeout(7200)])])
    def test_eight_clients(self, rig: Rig, kills: int, record_property: Told) -> None:
        """Whatever was answered is so after the restart, what had no answer goes on at once, and the books add up at each."""
        rig.campaign()
        chance, backs, answers = random.Random(7306), list[Back](), 0
        customers = [Customer(rig, k) for k in range(CLIENTS)]
        for _ in range(kills):
            stop = threading.Event()
            threads = [threading.Thread(target=c.go_on, args=(stop,)) for c in customers]
            for thread in threads:
                thread.start()
            until, wanted = time.monotonic() + PATIENCE_S, chance.randint(2, 12)
            while sum(len(c.answered) for c in customers) < wanted and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.03))
            rig.kill()
            stop.set()
            for thread in threads:
                thread.join()
            backs.append(rig.revive())
            assert backs[-1].own_s <= BACK_WITHIN_S, backs[-1]
            rig.in_order(told=True)
            for customer in customers:
                assert customer.refused == []
                answers += len(customer.answered)
                for work in customer.answered:
                    work.after()
                customer.answered.clear()
        record_property("proved", f"{kills} kills among {answers} answers; back within {Back.words(backs)}")
        assert rig.in_order(told=True).redemptions > 0


class TestFromNothing:
    @pytest.mark.full
    @pytest.mark.timeout(1200)
    def test_moments_serve(self, rig: Rig, record_property: Told) -> None:
        """The command itself, with all that it loads, killed and started again; the other proofs fork servers that have loaded it."""
        backs: list[Back] = []
        for _ in range(20):
            with rig.served() as back:
                backs.append(back)
                assert back.own_s <= BACK_WITHIN_S, back
        record_property("proved", f"moments serve, {len(backs)} times: back within {Back.words(backs)}")
        assert median(b.own_s for b in backs) > 0
