"""The whole loop at three servers and three workers over one PostgreSQL: phones report, whoever holds their partition finds the visit, one of
several decides, and two tills at two servers take each coupon at once. One worker and one server are killed in the middle of it.

The counts of coupons are those of test_replicas.py; here nothing is weighed by hand. Seen to fail, each of several times, with a claim that does not look
at the cap, and one that does not look at the budget.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security import people
from geofences.models import LogPartitionRow, MomentRow
from geofences.partitions import MOST
from offers import facade as offers
from offers.models import Decision
from tests.engines import PostgresServer
from tests.proofs.rig import Forge, Rig, Told, scan
from tests.proofs.wire import Asked, Wire, together

SERVERS = WORKERS = 3
PARTITIONS = 9
CAP = 18
PEOPLE = 2 * CAP
FACE_MINOR = 500
LIMITS = {"caps": {"caps": {"per_shopper": None, "total": CAP}}, "budget": {"budget_minor": CAP * FACE_MINOR}}
PATIENCE_S = 120.0
COMMIT_S = 0.05
SLOW_DISK = f"""
CREATE FUNCTION slow_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep({COMMIT_S}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow_disk AFTER INSERT ON offers_coupon DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_disk();
"""
"""A coupon takes so long to commit, so that those who decide meet there: without it they are one after the other more often than not."""


class Workers:
    """Processes of `moments worker` over the rig's house."""

    def __init__(self, environment: dict[str, str], database: Any) -> None:
        self._running = [subprocess.Popen([sys.executable, "-m", "app.cli", "worker"], env=environment, stdout=subprocess.DEVNULL) for _ in range(WORKERS)]
        self._database = database

    def share(self, count: int) -> None:
        """Wait until so many have all partitions between them."""

        def shared() -> bool:
            owners = Counter(self._database.glance(select(LogPartitionRow.owner).where(LogPartitionRow.partition < MOST), {}))
            return len(owners) == count and (None,) not in owners

        wait(f"{count} workers share the partitions", shared)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """What comes meanwhile they find all at once."""
        self._all(signal.SIGSTOP)
        yield
        self._all(signal.SIGCONT)

    def _all(self, number: signal.Signals) -> None:
        for worker in self._running:
            worker.send_signal(number)

    def kill_one(self) -> None:
        self._running[0].kill()

    def end(self) -> None:
        self._all(signal.SIGCONT)
        self._all(signal.SIGTERM)
        ended = [worker.wait(timeout=60) for worker in self._running]
        assert set(ended) <= {0, -signal.SIGKILL}


def wait(what: str, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def scaled(tmp_path: Path, postgres: PostgresServer, forge: Forge) -> Iterator[tuple[Rig, list[str], Workers]]:
    """A house of its own, whose log has partitions, with nothing that runs but servers without loops and workers."""
    name = postgres.take()
    shared = {"partitions": PARTITIONS, "lease_s": 4}
    rig = Rig(forge, tmp_path / "house", postgres.url(name), geofences=shared)
    environment = rig.environment() | {f"MOMENTS_GEOFENCES__{key.upper()}": str(value) for key, value in shared.items()}
    with rig.database.transaction() as session:
        session.execute(text(SLOW_DISK))
    try:
        with rig.replicas(SERVERS) as urls:
            workers = Workers(environment, rig.database)
            try:
                yield rig, urls, workers
            finally:
                workers.end()
    finally:
        rig.stop()
        postgres.give_back(name)


@pytest.mark.timeout(400)
class TestScaled:
    def test_caps_budgets_and_single_use_hold_from_the_fix_to_the_till(self, scaled: tuple[Rig, list[str], Workers], record_property: Told) -> None:
        rig, urls, workers = scaled
        clerks = rig.clerks(2)
        workers.share(WORKERS)
        for n, changes in enumerate(LIMITS.values()):
            rig.campaign(**changes)
            with workers.stopped():
                shopper_ids = _come(rig, urls)
            if n:
                wait("some are weighed", lambda: _weighed(rig) > 0)
                workers.kill_one()
            wait("everybody's visit is weighed", lambda: _weighed(rig) == PEOPLE)
            _noticed_once(rig, shopper_ids)
            _used_once(rig, urls, clerks, shopper_ids)
        record_property("proved", f"{SERVERS} servers and {WORKERS} workers: of {PEOPLE} who came, {CAP} coupons and {CAP} uses, by cap and by budget")


def _come(rig: Rig, urls: Sequence[str]) -> list[str]:
    """Everybody reports a minute at the counter, each to another server than the one before."""
    shopper_ids: list[str] = []
    with contextlib.ExitStack() as lines:
        wires = [lines.enter_context(Wire(url)) for url in urls]
        for n in range(PEOPLE):
            with rig.database.transaction() as session:
                device = people.register_device(session, "Phone", "android", rig.now)
                for purpose in (Purpose.LOCATION, Purpose.PERSONALISATION):
                    grant(session, device.shopper_id, purpose, source="proof", at=rig.now)
            at_s = rig.now.timestamp() - 60
            fixes = [{"ts": at_s + 5 * k, "lat": 60.17, "lon": 24.95, "accuracy_m": 6} for k in range(12)]
            answer = wires[n % len(wires)].ask(Asked("POST", "/v1/fixes", {"fixes": fixes}, {"Authorization": f"Bearer {device.token}"}))
            assert answer.status in (200, 202), answer.body
            shopper_ids.append(device.shopper_id)
    return shopper_ids


def _weighed(rig: Rig) -> int:
    return rig.database.glance(select(func.count()).select_from(Decision).where(Decision.campaign_id == rig.campaign_id), {})[0][0]


def _noticed_once(rig: Rig, shopper_ids: Sequence[str]) -> None:
    visits = select(MomentRow.shopper_id).where(MomentRow.kind == "store_visit", MomentRow.shopper_id.in_(shopper_ids))
    with rig.database.reading() as session:
        assert Counter(session.scalars(visits)) == Counter(shopper_ids)


def _used_once(rig: Rig, urls: Sequence[str], clerks: Sequence[dict[str, str]], shopper_ids: Sequence[str]) -> None:
    with rig.database.reading() as session:
        coupons = [coupon for shopper_id in shopper_ids for coupon in offers.wallet(session, shopper_id, rig.now)]
    assert len(coupons) == CAP
    for n, coupon in enumerate(coupons):
        two = [urls[n % SERVERS], urls[(n + 1) % SERVERS]]
        told = together(two, [scan(coupon, clerk) for clerk in clerks])
        assert sorted(answer.code for answer in told) == ["201", "coupon_already_redeemed"]
    counted = rig.in_order()
    assert counted.redemptions == counted.states.total() == CAP
