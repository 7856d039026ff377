"""What the benches of the till and of the checkout have in common: a house on its own data, one shop with a campaign, and what the books say afterwards.

Owns these. Must not measure anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

STORE = "plc_bench"
SHOP = {"type": "Feature", "id": STORE, "properties": {"name": "Bench", "radius_m": 40}, "geometry": {"type": "Point", "coordinates": [24.95, 60.17]}}


def house_of(home: Path, url: str) -> Any:
    from app.bootstrap import build
    from app.settings import load_settings

    return build(load_settings(data_dir=home, database_url=url, loops=False, log_level="ERROR"))


def open_shop(session: Any, coupons: int, per_shopper: int | None, *, at: Any) -> None:
    """The place, and a live campaign with a budget for so many coupons."""
    from geofences import facade as geofences
    from offers import facade as offers

    geofences.import_geojson(session, {"type": "FeatureCollection", "features": [SHOP]}, at=at)
    campaign = {
        "name": "Bench", "title": "20 % off", "because": "it is measured", "currency": "EUR",
        "trigger": {"moment_kinds": ["store_visit"], "place_ids": [STORE]},
        "benefit": {"kind": "percent", "percent": 20, "max_discount_minor": 500},
        "schedule": {}, "caps": {"per_shopper": per_shopper}, "experiment": {"holdout_bp": 0}, "budget_minor": 500 * coupons, "coupon": {"valid_for_s": 86_400},
    }  # fmt: skip
    offers.activate_campaign(session, offers.draft_campaign(session, campaign, by="bench", at=at), at=at)


def visit(number: int, shopper_id: str, device_id: str, at: Any) -> Any:
    from geofences.contracts import MomentKind, MomentView, TrustLevel

    return MomentView(f"mom_{number}", MomentKind.STORE_VISIT, shopper_id, device_id, STORE, f"vis_{number}", at, 0, 1, 0.9, TrustLevel.CORROBORATED, ())


def books(home: Path, url: str) -> dict[str, Any]:
    """Coupons that were used, and what does not add up."""
    from offers import facade as offers

    house = house_of(home, url)
    try:
        with house.database.reading() as session:
            found = offers.books(session, offers.campaigns(session)[0].id)
    finally:
        house.stop()
    return {"redeemed": found.redeemed, "drift": list(found.drift)}
