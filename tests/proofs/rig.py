"""What every proof stands on: a server of its own that can be killed and started again, and the books behind it.

Owns the process, and a look into its database that does not go through it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.analytics.models import CampaignTotal
from app.demo.peers.stripe_peer import StripePeer
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.outbox import OutboxDelivery
from app.migrations import upgrade
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security import people
from app.security.principals import Role
from app.security.sealing import use_secrets
from app.security.secrets import load_or_create
from app.security.vault import open_vault, use_vault
from geofences.facade import import_geojson
from offers import facade as offers
from offers.contracts import CouponView
from offers.models import CouponRow, LedgerEntry, Redemption
from storefront.facade import import_catalogue
from tests.offers.builders import document, moment, weigh
from tests.proofs.wire import Asked, Wire, ask
from tests.storefront.floor import WEBHOOK_SECRET

BONBON = {"id": "prd_bonbon", "name": "Bonbon", "description": "Salt", "category": "bonbon", "image": "bonbon", "price_minor": 450, "currency": "EUR", "stock": 1_000_000}
PLACE = {
    "type": "Feature",
    "id": "plc_kluuvi",
    "properties": {"name": "Ooey Gooey Kluuvi", "kind": "store", "chain": "Ooey Gooey", "timezone": "Europe/Helsinki", "radius_m": 40},
    "geometry": {"type": "Point", "coordinates": [24.95, 60.17]},
}
START_LIMIT_S = 60.0

Told = Callable[[str, object], None]
"""`record_property`: what a proof has proved, in its own figures, goes under "proved"."""


class Starts(Protocol):
    """Where servers come from."""

    def start(self, given: dict[str, Any]) -> tuple[str, int]: ...


class Forge:
    """Forks servers, warmed for scratch databases if there are any; see child.py."""

    def __init__(self, *scratch_urls: str) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")}
        self._process = subprocess.Popen([sys.executable, "-m", "tests.proofs.child", *scratch_urls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def start(self, given: dict[str, Any]) -> tuple[str, int]:
        """(address, process id) of a new server, once it listens."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(given) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline() or "null")
        assert said, "the server ended before it listened"
        assert "died" not in said, f"a server ended with {said['died']}, and nobody had killed it"
        return said["url"], said["pid"]

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=START_LIMIT_S)
        assert self._process.stdout is not None
        assert self._process.stdout.read() == "", "a server ended, and nobody had killed it"
        self._process.stdout.close()


@dataclass(frozen=True, slots=True)
class Back:
    """How long until a server that was started anew was back."""

    wall_s: float
    share: float
    """Of the time that its main thread was ready to run, how much it was given a processor (proc(5), schedstat)."""

    @property
    def own_s(self) -> float:
        """As if the machine were its own: a half of a processor makes everything last twice as long, also what it waits for."""
        return self.wall_s * self.share

    @classmethod
    def since(cls, begun: float, pid: int) -> Back:
        """Now, when it was begun at that `perf_counter`."""
        told = Path(f"/proc/{pid}/task/{pid}/schedstat")
        ran, stood = (int(n) for n in told.read_text().split()[:2]) if told.exists() else (1, 0)
        return cls(time.perf_counter() - begun, ran / (ran + stood))

    @staticmethod
    def words(backs: Sequence[Back]) -> str:
        own, wall = [b.own_s for b in backs], [b.wall_s for b in backs]
        return f"{median(own):.1f} s, at most {max(own):.1f} s ({max(wall):.1f} s by the clock on the wall)"


@dataclass(frozen=True, slots=True)
class Counted:
    """What the tables say, each by itself."""

    states: Counter[str]
    redemptions: int
    """Standing ones."""
    ledger_uses: int
    """Entries into `redeemed` less those out of it."""
    drift: tuple[str, ...]


class Rig:
    """One house on one database: `start`, `kill`, and what is true of it meanwhile."""

    def __init__(self, forge: Starts, folder: Path, url: str, **settings: Any) -> None:
        self.peer = StripePeer()
        self._forge, self._folder, self._pid = forge, folder, 0
        self._settings: dict[str, Any] = {
            "data_dir": str(folder),
            "database_url": url,
            "port": 0,
            "log_level": "ERROR",
            "security": {"till_codes_per_minute": 10_000, "guesses_per_minute": 10_000, "devices_per_minute": 10_000},
            "storefront": {"stripe_secret_key": self.peer.secret_key, "stripe_publishable_key": self.peer.publishable_key, "stripe_api_base": self.peer.start(), "stripe_webhook_secrets": [WEBHOOK_SECRET]},
            **settings,
        }  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self._vault = open_vault(folder)
        self.take_keys()
        self.database = Database(url or f"sqlite:///{folder.resolve() / 'moments.sqlite3'}", pool_size=4)
        self.database.consumers["moment.detected"] = ["offers.decide"]
        upgrade(self.database)
        with self.database.transaction() as session:
            import_catalogue(session, {"products": [BONBON]}, at=self.now)
            import_geojson(session, {"type": "FeatureCollection", "features": [PLACE]}, at=self.now)
        self.url = ""
        self.campaign_id = ""
        self.beside_ids: list[str] = []
        """Campaigns that give beside it."""
        self._plant: str | None = None

    def open(self) -> None:
        """For the next proof: the right keys in this process, a server without a bug, no campaign that still gives."""
        self.take_keys()
        self.end()
        self.start()

    def take_keys(self) -> None:
        use_secrets(load_or_create(self._folder))
        use_vault(self._vault)

    # -- the process --------------------------------------------------------------------------------------------------

    def start(self, plant: str | None = None) -> None:
        """A server with this bug, or none; one that runs already is kept."""
        if self._pid and plant == self._plant:
            return
        self.kill()
        self._plant = plant
        self.url, self._pid = self._forge.start({**self._settings, "plant": plant})

    @contextlib.contextmanager
    def replicas(self, count: int, **changes: Any) -> Iterator[list[str]]:
        """The addresses of so many servers more, each a process, over the same database and without loops; killed in the end."""
        started = [self._forge.start({**self._settings, "loops": False, "plant": None, **changes}) for _ in range(count)]
        try:
            yield [url for url, _ in started]
        finally:
            for _, pid in started:
                os.kill(pid, signal.SIGKILL)

    def revive(self) -> Back:
        """After a kill: start it again, and wait until it answers and has taken up what the dead one left. How long that took."""
        begun = time.perf_counter()
        self.start(self._plant)
        assert ask(self.url, "GET", "/readyz").status == 200
        self.told_everything()
        return Back.since(begun, self._pid)

    @contextlib.contextmanager
    def served(self) -> Iterator[Back]:
        """The same house by `moments serve`, from nothing, killed in the end. How long until it answered."""
        self.kill()
        env = self.environment()
        begun = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "app.cli", "serve", "--port", "0", "--no-links"], stdout=subprocess.PIPE, text=True, env=env) as process:
            assert process.stdout is not None
            try:
                url = process.stdout.readline().split()[4]  # "Mobile Moments listens on http://..."
                assert ask(url, "GET", "/readyz").status == 200
                yield Back.since(begun, process.pid)
            finally:
                process.kill()

    def environment(self) -> dict[str, str]:
        """For a process of `moments` over the same house."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")}
        return env | {f"MOMENTS_{name.upper()}": str(self._settings[name]) for name in ("data_dir", "database_url", "log_level")}

    def kill(self) -> None:
        """kill -9, and wait until it is gone. Also after it has killed itself."""
        if not self._pid:
            return
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            try:
                os.kill(self._pid, signal.SIGKILL)
            except ProcessLookupError:
                self._pid = 0
                return
            time.sleep(0.005)
        raise AssertionError("the server does not die")

    def stop(self) -> None:
        self.kill()
        self._vault.close()
        self.database.close()
        self.peer.stop()

    # -- who and what there is ----------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def campaign(self, **changes: Any) -> None:
        """From now on this campaign gives, and no other."""
        self.end()
        self.campaign_id = self._live(changes)

    def beside(self, **changes: Any) -> None:
        """And this one too."""
        self.beside_ids.append(self._live(changes))

    def _live(self, changes: dict[str, Any]) -> str:
        given = document(**{"schedule": {}, "caps": {"per_shopper": None}, **changes})
        with self.database.transaction() as session:
            campaign_id = offers.draft_campaign(session, given, by="psn_marketer", at=self.now, campaign_id=new_id("cam"))
            offers.activate_campaign(session, campaign_id, at=self.now)
        return campaign_id

    @property
    def campaign_ids(self) -> list[str]:
        return [i for i in (self.campaign_id, *self.beside_ids) if i]

    def end(self) -> None:
        """The campaigns give nothing more; what they have given stays."""
        with self.database.transaction() as session:
            for campaign_id in self.campaign_ids:
                offers.end_campaign(session, campaign_id, at=self.now)
        self.campaign_id, self.beside_ids = "", []

    def clerk(self, name: str = "Maria") -> dict[str, str]:
        with self.database.transaction() as session:
            person_id = people.staff(session, Role.CLERK, name, at=self.now, place_ids=("plc_kluuvi",))
            opened = people.open_session(session, Role.CLERK, at=self.now, ttl_s=86_400, person_id=person_id)
        return {"Authorization": f"Bearer {opened.token}"}

    def clerks(self, count: int) -> list[dict[str, str]]:
        return [self.clerk(f"Maria {k}") for k in range(count)]

    def shopper(self) -> tuple[str, dict[str, str]]:
        with self.database.transaction() as session:
            device = people.register_device(session, "Phone", "android", self.now)
            self._agree(session, device.shopper_id)
        return device.shopper_id, {"Authorization": f"Bearer {device.token}"}

    def _agree(self, session: Session, shopper_id: str) -> None:
        for purpose in (Purpose.PERSONALISATION, Purpose.ANALYTICS):
            grant(session, shopper_id, purpose, source="proof", at=self.now)

    def coupon(self, shopper_id: str | None = None) -> CouponView:
        """A fresh coupon of the live campaign, for her or for somebody new."""
        moment_id, at = new_id("mom"), self.now
        with self.database.transaction() as session:
            if shopper_id is None:
                shopper_id = new_id("shp")
                self._agree(session, shopper_id)
            weigh(session, moment(moment_id, shopper_id, at=at), at)
            return next(c for c in offers.wallet(session, shopper_id, at) if c.moment_id == moment_id)

    # -- what is true -------------------------------------------------------------------------------------------------

    def counted(self) -> Counted:
        ids = self.campaign_ids
        with self.database.reading() as session:
            drift = tuple(one for campaign_id in ids for one in offers.books(session, campaign_id).drift)
            states = Counter(session.scalars(select(CouponRow.state).where(CouponRow.campaign_id.in_(ids))))
            standing = session.scalars(select(Redemption.id).where(Redemption.campaign_id.in_(ids), Redemption.undone_at.is_(None))).all()
            moves = session.execute(select(LedgerEntry.from_state, LedgerEntry.to_state).where(LedgerEntry.campaign_id.in_(ids))).all()
        uses = sum((entry.to_state == "redeemed") - (entry.from_state == "redeemed") for entry in moves)
        return Counted(states, len(standing), uses, drift)

    def told_everything(self) -> None:
        """Wait until every event has been delivered to whom it is due."""
        pending = select(OutboxDelivery.event_id).where(OutboxDelivery.state == "pending").limit(1)
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            with self.database.reading() as session:
                if session.scalar(pending) is None:
                    return
            time.sleep(0.02)
        raise AssertionError("an event was never delivered")

    def in_order(self, *, told: bool = False) -> Counted:
        """The ledger identity, by three independent counts, with no drift. `told`: and what was told of it adds up too."""
        for campaign_id in self.campaign_ids:
            with self.database.reading() as session:
                books = offers.books(session, campaign_id)
            assert books.drift == ()
            assert books.issued == books.live + books.reserved + books.redeemed + books.expired + books.revoked
        found = self.counted()
        assert found.redemptions == found.ledger_uses == found.states["redeemed"]
        if told:
            told_of = select(func.coalesce(func.sum(CampaignTotal.redemptions), 0)).where(CampaignTotal.campaign_id.in_(self.campaign_ids))
            with self.database.reading() as session:
                assert session.scalar(told_of) == found.redemptions
        return found


def scan(coupon: CouponView, clerk: dict[str, str], key: str | None = None, **changes: Any) -> Asked:
    """A clerk scans a coupon."""
    headers = clerk | ({"Idempotency-Key": key} if key else {})
    return Asked("POST", "/v1/till/redemptions", {"code": coupon.code, **changes}, headers)


def lay_in(rig: Rig, shopper: dict[str, str], coupon: CouponView, *others: CouponView) -> None:
    """Two bonbons and the coupons in her cart."""
    with Wire(rig.url) as wire:
        assert wire.ask(Asked("POST", "/v1/cart/lines", {"product_id": "prd_bonbon", "quantity": 2}, shopper)).status == 200
        assert wire.ask(Asked("PUT", "/v1/cart/coupon", {"code": coupon.id}, shopper)).status == 200
        for other in others:
            assert wire.ask(Asked("POST", "/v1/cart/coupons", {"code": other.id}, shopper)).status == 200


def check_out(shopper: dict[str, str], key: str, method: str | None = None) -> Asked:
    return Asked("POST", "/v1/checkout", {"payment_method": method} if method else {}, shopper | {"Idempotency-Key": key})
