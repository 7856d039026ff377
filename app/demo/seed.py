"""Fills an empty house with the demo city: shops and fences, the catalogue, times of delivery and stores to fetch from, nine live campaigns, a loyalty programme, weather and holidays, a clerk for the till.

Owns what is seeded, through the rooms' facades only, with the city's sensitive places. Seeding again changes nothing that is there: campaigns a marketer has
since changed, paused or ended stay as they are. Must not make shoppers (crowd.py does).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.demo.city.curation import OOEY_GOOEY, PLACES
from app.demo.city.layers import layer
from app.security import people
from app.security.principals import Role
from geofences import facade as geofences
from offers import facade as offers
from storefront import facade as storefront

HERE = Path(__file__).resolve().parent
SEEDED_BY = "demo"
JURISDICTION, KEPT_M = "FI", 0.0
"""Finnish law names no distance, and 2,000 feet, which a house keeps by default, would leave nothing of a centre so dense: the demo keeps
off the sensitive places themselves. Three of its shops touch one and are refused, as one can see on the console."""

TAX_CLASSES = {"chocolate": "food", "coffee": "food", "tea": "food", "books": "books"}
"""What the tax table is asked by; the rest is standard."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many of each there are now, and which campaigns this run has added."""

    places: int
    products: int
    campaigns: int
    new_campaigns: tuple[str, ...]


def catalogue() -> dict[str, Any]:
    """The catalogue in the import format of the room `storefront`."""
    return json.loads((HERE / "catalogue.json").read_text(encoding="utf-8"))


def delivery() -> dict[str, Any]:
    """Helsinki by bike: four times a working day, one on Sundays; the evening costs more."""
    weekdays = ["mon", "tue", "wed", "thu", "fri", "sat"]
    by_day = [{"days": weekdays, "begins": begins, "ends": ends, "capacity": 6} for begins, ends in (("10:00", "12:00"), ("12:00", "14:00"), ("16:00", "18:00"))]
    evening = {"days": weekdays, "begins": "18:00", "ends": "20:00", "capacity": 4, "prices_minor": {"EUR": 690}}
    sunday = {"days": ["sun"], "begins": "12:00", "ends": "15:00", "capacity": 4}
    served = [{"country": "FI", "first": "00100", "last": "00990"}]
    return {"way": "home", "name": "Helsinki by bike", "timezone": "Europe/Helsinki", "serves": served, "windows": [*by_day, evening, sunday], "ahead_days": 7}


def courses(branches: Sequence[str]) -> dict[str, Any]:
    """The Praline Course in the first two of these shops: every day, in the evening dearer and at weekends for more people."""
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    open_ = [{"days": every_day, "begins": "11:00", "ends": "16:00"}, {"days": every_day, "begins": "17:00", "ends": "20:00", "prices_minor": {"EUR": 4500}}]
    times = {"duration_min": 45, "pause_min": 15, "staff": 1, "closes_min_before": 60, "free_min_before": 1440, "ahead_days": 14, "open": open_}
    return {"services": [{"product_id": "prd_praline_course", "place_id": branch, "capacity": capacity, **times} for branch, capacity in zip(branches, (6, 4), strict=False)]}


def shelves(branches: Sequence[str]) -> dict[str, Any]:
    """What of the chocolate lies in each of these shops; the last of them has no Box of Twelve left."""
    chocolate = [item["id"] for item in catalogue()["products"] if item["category"] == "chocolate"]
    lies = [(branch, product_id, 0 if branch == branches[-1] and product_id == "prd_box_of_twelve" else 6 + 3 * n) for branch in branches for n, product_id in enumerate(chocolate)]
    return {"shelves": [{"place_id": b, "product_id": i, "units": units, "aisle": str(1 + n % 3)} for n, (b, i, units) in enumerate(lies)]}


def campaigns() -> list[tuple[str, dict[str, Any]]]:
    """(id, document) of each campaign, the document as the room `offers` takes it."""
    listed = json.loads((HERE / "campaigns.json").read_text(encoding="utf-8"))["campaigns"]
    return [(c["id"], {k: v for k, v in c.items() if k != "id"}) for c in listed]


def weather(at: datetime) -> dict[str, Any]:
    """Two weeks of June, of our own making, laid on this week and the next: its weekends are always sunny. The holidays are Finland's."""
    recorded = json.loads((HERE / "weather.json").read_text(encoding="utf-8"))
    first = date.fromisoformat(recorded["forecasts"][0]["days"][0]["day"])
    today = at.astimezone(ZoneInfo(recorded["areas"][0]["timezone"])).date()
    later = today - timedelta(days=today.weekday()) - first  # from Monday to Monday
    for one in recorded["forecasts"]:
        one["known_at"] = (datetime.fromisoformat(one["known_at"]) + later).isoformat()
        for day in one["days"]:
            day["day"] = (date.fromisoformat(day["day"]) + later).isoformat()
    return recorded


def loyalty(at: datetime) -> str:
    """The club as a file, its cards and challenges from this month on for a year."""
    club = json.loads((HERE / "loyalty.json").read_text(encoding="utf-8"))
    first = at.date().replace(day=1)
    for one in (*club["cards"].values(), *club["challenges"].values()):
        one |= {"starts_on": first.isoformat(), "ends_on": (first + timedelta(days=364)).isoformat()}
    return json.dumps({"loyalty": club})


def seed(session: Session, at: datetime) -> Seeded:
    """Everything, in one transaction; raises `Invalid` naming the field if a file of ours no longer fits its room."""
    geofences.choose_distances(session, jurisdiction=JURISDICTION, health_m=KEPT_M, other_m=KEPT_M)
    geofences.import_geojson(session, layer("places"), at=at)
    geofences.import_sensitive(session, layer("sensitive"), at=at, jurisdiction=JURISDICTION)
    storefront.import_catalogue(session, catalogue(), at=at)
    storefront.write_delivery_area(session, "helsinki-bike", delivery(), ways=("home",), at=at)
    for branch in (chosen for chosen in PLACES if chosen.chain == OOEY_GOOEY):
        store = {"way": "pickup", "name": branch.name, "place_id": branch.id, "collect": True, "kept_days": 3}
        storefront.write_delivery_area(session, branch.id.replace("_", "-"), store, ways=("pickup",), at=at)
    storefront.set_tax_classes(session, TAX_CLASSES, at=at)
    offers.import_outside(session, weather(at))
    added = [campaign_id for campaign_id, document in campaigns() if _add_campaign(session, campaign_id, document, at)]
    if storefront.loyalty_rules(session)[0] is None:
        storefront.apply_loyalty(session, loyalty(at), by=SEEDED_BY, at=at)
    branches = [chosen.id for chosen in PLACES if chosen.chain == OOEY_GOOEY]
    storefront.put_shelves(session, shelves(branches), at=at)
    storefront.booking_desk.put(session, courses(branches), at=at)
    people.staff(session, Role.CLERK, Role.CLERK.value, at=at, place_ids=branches)
    return Seeded(
        places=len(geofences.places(session)),
        products=len(storefront.products(session, limit=200)),
        campaigns=len(offers.campaigns(session)),
        new_campaigns=tuple(added),
    )


def _add_campaign(session: Session, campaign_id: str, document: dict[str, Any], at: datetime) -> bool:
    if offers.campaign(session, campaign_id) is not None:
        return False
    offers.draft_campaign(session, document, by=SEEDED_BY, at=at, campaign_id=campaign_id)
    offers.activate_campaign(session, campaign_id, at=at, by=SEEDED_BY)
    return True
