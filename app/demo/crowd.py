"""Forty simulated shoppers with devices of their own, walking the city for as long as the demo runs.

Owns their thread: it asks each walker where it is, logs the fixes through the door of geofences, and now and then lets one
use a coupon at a till. At the start they walk some minutes of the past in fast motion, at a human pace in their own
time, so that the city is alive at once and no speed is a lie. Must not do anything for Jane: her phone is real.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.demo.city.layers import city_places
from app.demo.jane import streets
from app.demo.streets import distance_m
from app.demo.walkers import SimFix, Walker, crowd
from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security import people
from app.security.principals import Role
from geofences import facade as geofences
from geofences.contracts import Fix
from offers import facade as offers
from offers.contracts import CouponState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.kernel.db import Database
    from app.settings import Settings

log = get_logger(__name__)

SEED = 1550
"""The year Helsinki was founded."""
FIX_EVERY_S = 10.0
HISTORY_S = 540.0
"""Below the age at which detection doubts a late position."""
FAST_MOTION = 8.0
TICK_S = 1.0
AT_THE_TILL_M = 30.0
ASKS_AT_THE_TILL = 0.05
"""At each fix of somebody who stands still: about once in three minutes."""


@dataclass(frozen=True, slots=True)
class Member:
    walker: Walker
    shopper_id: str
    device_id: str


class Pace:
    """Simulated time: starts `history_s` ago, runs at `factor`, and from the moment it has caught up is the present."""

    def __init__(self, now: datetime, history_s: float, factor: float) -> None:
        self._begun, self._start, self._factor = now, now - timedelta(seconds=history_s), factor

    @property
    def start(self) -> datetime:
        return self._start

    def at(self, now: datetime) -> datetime:
        return min(now, self._start + (now - self._begun) * self._factor)


class Crowd:
    """`start()` after the house listens, `stop()` before it closes. `keys` remembers the devices from run to run."""

    def __init__(self, database: Database, settings: Settings, keys: Path, *, count: int = 40, history_s: float = HISTORY_S) -> None:
        self._database, self._settings, self._keys = database, settings, keys
        self._count, self._history_s = count, history_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-crowd", daemon=True)
        self._rng = random.Random(SEED)  # noqa: S311 - a simulation
        self.logged = 0

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        """From a signal: no further step; whoever is walking finishes it."""
        self._stopping.set()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    # -- the people ------------------------------------------------------------------------------------------------

    def members(self, now: datetime) -> list[Member]:
        """Everybody with a live device and all consents given; those of an earlier run are taken up again."""
        goals = [(place.lon_deg, place.lat_deg) for place in city_places()]
        known: dict[str, str] = json.loads(self._keys.read_text()) if self._keys.exists() else {}
        found: list[Member] = []
        with self._database.transaction() as session:
            # a new seed each run, or everybody would jump back to where the last run began
            for walker in crowd(streets(), goals, seed=f"{SEED}/{int(now.timestamp())}", count=self._count):
                device = people.device_by_token(session, known.get(walker.name, ""))
                if device is None:
                    made = people.register_device(session, walker.name, "simulated", now)
                    known[walker.name] = made.token
                    found.append(Member(walker, made.shopper_id, made.device_id))
                else:
                    found.append(Member(walker, device.shopper_id, device.device_id))
                for purpose in Purpose:
                    grant(session, found[-1].shopper_id, purpose, source="demo", at=now)
        self._remember(known)
        return found

    def _remember(self, keys: dict[str, str]) -> None:
        handle = os.open(self._keys, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump(keys, out)

    # -- walking ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        now = self._database.clock.now()
        last_run = datetime.fromtimestamp(self._keys.stat().st_mtime, UTC) if self._keys.exists() else None
        history_s = self._history_s if last_run is None else min(self._history_s, max(0.0, (now - last_run).total_seconds()))
        members, pace = self.members(now), Pace(now, history_s, FAST_MOTION)
        due_s = {m.device_id: self._rng.uniform(0, FIX_EVERY_S) for m in members}  # not all phones at once
        while not self._stopping.wait(TICK_S):
            begun = time.monotonic()
            try:
                self._tick(members, pace, due_s)
            except AppError as error:
                log.warning("demo_crowd_tick_refused", code=error.code)
            except Exception as error:
                if self._stopping.is_set():
                    return  # the house has closed the database meanwhile
                log.exception("demo_crowd_tick_failed", error=type(error).__name__)
            self._stopping.wait(max(0.0, (time.monotonic() - begun) - TICK_S))  # a slow machine gets slower people, not a queue

    def _tick(self, members: list[Member], pace: Pace, due_s: dict[str, float]) -> None:
        now = self._database.clock.now()
        present_s = (pace.at(now) - pace.start).total_seconds()
        batch: list[list[Fix]] = []
        latest: dict[str, SimFix] = {}
        for member in members:
            fixes: list[Fix] = []
            while due_s[member.device_id] <= present_s:
                seen = member.walker.fix_at(due_s[member.device_id])
                latest[member.device_id] = seen
                fixes.append(_fix(member, seen, pace.start + timedelta(seconds=seen.at_s), now))
                due_s[member.device_id] += FIX_EVERY_S
            if fixes:
                batch.append(fixes)
        if batch:
            with self._database.transaction() as session:
                for fixes in batch:
                    geofences.ingest_fixes(session, fixes, received_at=now, settings=self._settings.geofences)
            self.logged += sum(map(len, batch))
        for member in members:
            seen = latest.get(member.device_id)
            if seen is not None and seen.speed_mps == 0.0 and self._rng.random() < ASKS_AT_THE_TILL:
                with self._database.transaction() as session:
                    use_at_till(session, member.shopper_id, seen, now)


def _fix(member: Member, seen: SimFix, occurred_at: datetime, received_at: datetime) -> Fix:
    return Fix(member.shopper_id, member.device_id, occurred_at, received_at, seen.lat_deg, seen.lon_deg, seen.accuracy_m, seen.speed_mps)


def use_at_till(session: Session, shopper_id: str, seen: SimFix, at: datetime) -> bool:
    """Show the first usable coupon at the till of the shop one stands in, if there is one; True if it was redeemed."""
    standing = [p for p in city_places() if distance_m((p.lon_deg, p.lat_deg), (seen.true_lon, seen.true_lat)) <= AT_THE_TILL_M]
    for coupon in offers.wallet(session, shopper_id, at):
        here = next((p for p in standing if p.id in coupon.place_ids), None)
        if here is not None and coupon.state is CouponState.ISSUED and coupon.expires_at > at:
            clerk = people.staff(session, Role.CLERK, Role.CLERK.value, at=at)
            offers.redeem_at_till(session, code=coupon.code, place_id=here.id, clerk_id=clerk, at=at)
            return True
    return False
