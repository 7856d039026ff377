"""Shoppers of twelve time zones, stores of twelve, both changes of the clocks, and many moments at once.

Owns the world of the proof that nobody is sent anything in a quiet hour or over a cap: the real announcer and dispatcher, many threads, on a
clock that is moved. It judges by what reached the provider alone, with a reading of the rules of its own.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.busy import DatabaseBusy
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.ids import derived_id
from app.privacy.consents import grant
from app.privacy.purposes import Purpose
from app.security.people import register_device
from notifications import dispatch, facade
from notifications.announce import Announcer
from notifications.contracts import ChannelKind
from notifications.ports import Outcome, PushReceipt, PushRequest
from notifications.settings import NotificationSettings
from offers.contracts import CouponIssued

ZONES = (
    "Europe/Helsinki", "Europe/London", "America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo", "Asia/Kathmandu", "Asia/Tokyo",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Africa/Casablanca",
)  # fmt: skip
SPANS = (datetime(2026, 3, 28, 18, tzinfo=UTC), datetime(2026, 10, 24, 18, tzinfo=UTC))
"""The clocks of Europe go forward on 29 March and back on 25 October; those of Australia on 5 April and 4 October, of America on 1 November."""
STEP = timedelta(minutes=50)
CAP, CAMPAIGN_CAP, PLACE_CAP = (3, 86_400), (1, 2 * 86_400), (2, 86_400)


@dataclass(frozen=True, slots=True)
class Sent:
    message_id: str
    at: datetime
    own_zone: str
    store_zone: str
    campaign_id: str
    place_id: str


class Nights:
    """`play(days)` goes through both spans; `wrong()` says what should not have been sent. `gateway` is the provider."""

    channel = "fcm"

    def __init__(self, database: Database, clock: ManualClock, shoppers: int, ways: int) -> None:
        self.database, self.clock, self.ways = database, clock, ways
        self.settings = NotificationSettings(
            quiet_in_store=True, cap_messages=CAP[0], cap_window_s=CAP[1], campaign_cap_messages=CAMPAIGN_CAP[0], campaign_cap_window_s=CAMPAIGN_CAP[1],
            place_cap_messages=PLACE_CAP[0], place_cap_window_s=PLACE_CAP[1], push_workers=8, push_retry_first_s=600, push_retry_most_s=7200,
        )  # fmt: skip
        self.chance, self._lock = random.Random(1), threading.Lock()
        self.sent: dict[str, list[Sent]] = defaultdict(list)
        self.announced = 0
        self._about: dict[str, tuple[str, str, str]] = {}
        self._people: list[tuple[str, str]] = []
        clock.set_to(SPANS[0])
        for n in range(shoppers):
            zone = ZONES[n % len(ZONES)]
            with database.transaction() as session:
                device = register_device(session, "Phone", "android", clock.now())
                grant(session, device.shopper_id, Purpose.MARKETING_PUSH, source="test", at=clock.now())
                facade.register_push_token(session, device.device_id, device.shopper_id, f"address-of-phone-{n}", "token", timezone=zone)
            self._people.append((device.shopper_id, zone))

    def directory(self, _session: object) -> Any:
        """In the room's stead: a store in each zone."""
        return SimpleNamespace(by_id={f"plc_{number}": SimpleNamespace(timezone=zone) for number, zone in enumerate(ZONES)})

    def play(self, days: int) -> None:
        announcer = Announcer(self.settings, frozenset({ChannelKind.FCM}), lambda _s: None, lambda: None)
        with ThreadPoolExecutor(self.ways) as crowd, ThreadPoolExecutor(self.settings.push_workers) as senders:
            for begins in SPANS:
                self.clock.set_to(max(begins, self.clock.now()))
                while self.clock.now() < begins + timedelta(days=days):
                    coupons = list(self._moments())
                    self.announced += len(coupons)
                    waiting = [crowd.submit(self._announce, announcer, coupon) for coupon in coupons]
                    self._send(senders)  # while they are being announced
                    for one in waiting:
                        one.result()
                    self._send(senders)
                    self.clock.advance(STEP.total_seconds())

    def _announce(self, announcer: Announcer, coupon: CouponIssued) -> None:
        """Again where the database had no turn for it in time, as the relay does it."""
        while True:
            with suppress(DatabaseBusy), self.database.transaction() as session:
                announcer.announce(session, [coupon], self.clock.now())
                return

    def _send(self, senders: ThreadPoolExecutor) -> None:
        """As the thread of the house does, which looks again where the database had no turn for it."""
        more = 1
        while more:
            with suppress(DatabaseBusy):
                more = dispatch.run_once(self.database, self, self.settings, senders)

    def _moments(self) -> Any:
        """One shopper in six has some moments at this very instant, several at once."""
        at = self.clock.now()
        for shopper_id, zone in self.chance.sample(self._people, max(1, len(self._people) // 6)):
            for k in range(self.chance.randint(1, 3)):
                store = self.chance.choice((ZONES.index(zone), ZONES.index(zone), self.chance.randrange(len(ZONES))))
                name, campaign_id = f"{shopper_id[-10:]}_{at:%m%d%H%M}_{k}", f"cmp_{self.chance.randrange(4)}"
                coupon = CouponIssued(
                    coupon_id=f"cpn_{name}", decision_id=f"dec_{name}", campaign_id=campaign_id, moment_id=f"mom_{name}", visit_id=f"vis_{name}",
                    shopper_id=shopper_id, place_id=f"plc_{store}", place_name="Ooey Gooey", title="Bonbon of the month", body="25 % off", issued_at=at,
                    expires_at=at + timedelta(hours=self.chance.choice((1, 8, 48))), value_minor=self.chance.randrange(5),
                )  # fmt: skip
                self._about[derived_id("msg", coupon.coupon_id)] = (shopper_id, zone, campaign_id + " " + coupon.place_id)
                yield coupon

    def send(self, request: PushRequest) -> PushReceipt:
        """The provider: every send is noted, one in ten may or may not have arrived."""
        shopper_id, zone, about = self._about[request.message_id]
        campaign_id, place_id = about.split()
        with self._lock:
            store_zone = ZONES[int(place_id.removeprefix("plc_"))]
            self.sent[shopper_id].append(Sent(request.message_id, self.clock.now(), zone, store_zone, campaign_id, place_id))
            fails = self.chance.random() < 0.1
        return PushReceipt(Outcome.RETRY, reason="provider_unavailable") if fails else PushReceipt(Outcome.ACCEPTED, provider_message_id="n/1")

    def close(self) -> None:
        return None

    def wrong(self) -> list[str]:
        found: list[str] = []
        for shopper_id, sent in self.sent.items():
            sent.sort(key=lambda one: one.at)
            for one in sent:
                hours = {one.at.astimezone(ZoneInfo(zone)).hour for zone in (one.own_zone, one.store_zone)}
                if any(hour >= 21 or hour < 8 for hour in hours):
                    found.append(f"quiet: {one.at} is {hours} at {one.own_zone} and {one.store_zone}")
            found += [f"cap: {shopper_id} {which} {at}" for which, at in _over(sent)]
        return found


def _over(sent: list[Sent]) -> list[tuple[str, datetime]]:
    """Windows that hold more messages than their cap: every window that ends with a send is looked at."""
    found: list[tuple[str, datetime]] = []
    for end in sent:
        for which, (most, window_s), same in (
            ("all", CAP, lambda _one: True),
            ("campaign", CAMPAIGN_CAP, lambda one, end=end: one.campaign_id == end.campaign_id),
            ("place", PLACE_CAP, lambda one, end=end: one.place_id == end.place_id),
        ):
            since = end.at - timedelta(seconds=window_s)
            if len({one.message_id for one in sent if since < one.at <= end.at and same(one)}) > most:
                found.append((which, end.at))
    return found
