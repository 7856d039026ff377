"""Builders for the tests of `offers`: a campaign document, places, moments, and racing threads."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.verdict import PASS, Verdict
from geofences.contracts import MomentKind, MomentView, Place, TrustLevel
from geofences.directory import Directory
from offers import facade, issuance
from offers.contracts import CouponView, QuoteLine
from offers.settings import OfferSettings
from tests.conftest import START

KLUUVI = Place(
    "plc_kluuvi", "Ooey Gooey Kluuvi", "shop", "Ooey Gooey", "Europe/Helsinki", ("chocolate", "sweets"), 60.17, 24.95
)
KAMPPI = Place(
    "plc_kamppi", "Ooey Gooey Kamppi", "shop", "Ooey Gooey", "Europe/Helsinki", ("chocolate",), 60.168, 24.93
)
TOKYO = Place("plc_tokyo", "Ooey Gooey Ginza", "shop", "Ooey Gooey", "Asia/Tokyo", (), 35.67, 139.76)
MALL = Place("plc_mall", "Kamppi Centre", "mall", None, "Europe/Helsinki", ("mall",), 60.169, 24.932)
PLACES = (KLUUVI, KAMPPI, TOKYO, MALL)

BONBON: dict[str, Any] = {
    "name": "Bonbon of the month",
    "title": "20 % off the bonbon of the month",
    "because": "the bonbon of the month is on sale there",
    "currency": "EUR",
    "trigger": {"moment_kinds": ["store_visit"], "chains": ["Ooey Gooey"]},
    "benefit": {"kind": "percent", "percent": 20, "categories": ["bonbon"], "max_discount_minor": 500},
    "schedule": {"starts_on": "2026-11-01", "ends_on": "2026-11-29"},
    "caps": {"per_shopper": 1},
    "coupon": {"valid_for_s": 86_400},
    "experiment": {"holdout_bp": 0},
}


def document(**changes: Any) -> dict[str, Any]:
    """BONBON with some top-level fields replaced."""
    return {**copy.deepcopy(BONBON), **changes}


def go_live(session: Session, campaign_id: str = "cam_bonbon", at: datetime = START, **changes: Any) -> str:
    facade.draft_campaign(session, document(**changes), by="psn_marketer", at=at, campaign_id=campaign_id)
    facade.activate_campaign(session, campaign_id, at=at)
    return campaign_id


def moment(
    moment_id: str = "mom_1",
    shopper_id: str = "shp_jane",
    place: Place = KLUUVI,
    at: datetime = START,
    kind: MomentKind = MomentKind.STORE_VISIT,
    dwell_s: int = 0,
    nth_visit: int = 1,
    trust: TrustLevel = TrustLevel.CORROBORATED,
) -> MomentView:
    return MomentView(
        moment_id, kind, shopper_id, "dev_1", place.id, f"vis_{moment_id}", at, dwell_s, nth_visit, 0.9, trust, ()
    )


def weigh(
    session: Session, m: MomentView, at: datetime = START, consent: Verdict = PASS, place: Place = KLUUVI
) -> list[str]:
    """issuance without the rooms around it: the place and the consent are given."""
    setting = issuance.Setting(place, consent, Directory(PLACES), OfferSettings().fewer_mute_s)
    return issuance.decide_moment(session, m, setting, at)


def give(
    database: Database, moment_id: str = "mom_1", shopper_id: str = "shp_jane", at: datetime = START
) -> CouponView:
    """A coupon of the live campaign for a new moment; the first in the wallet if that moment earned none."""
    with database.transaction() as session:
        weigh(session, moment(moment_id, shopper_id, at=at), at)
    with database.reading() as session:
        held = facade.wallet(session, shopper_id, at)
    return next((c for c in held if c.moment_id == moment_id), held[0])


def bonbons(quantity: int = 2, unit_amount_minor: int = 450) -> list[QuoteLine]:
    return [QuoteLine("lin_1", "prd_bonbon", "bonbon", quantity, unit_amount_minor)]


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def race(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all at once: threads wait at a barrier, then go. Returns each result, or the exception it raised."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(k: int) -> None:
        barrier.wait()
        try:
            results[k] = works[k]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[k] = error

    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
