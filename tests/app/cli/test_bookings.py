"""`moments bookings`: a file there and back, and what is taken."""

from __future__ import annotations

import json
from pathlib import Path

from tests.app.cli.conftest import Moments

GOODS = {"products": [{"id": "prd_course", "name": "Course", "category": "courses", "kind": "service", "price_minor": 4500, "currency": "EUR", "stock": 1}]}
SHOP = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.95, 60.17]}, "properties": {"name": "The shop", "kind": "shop", "radius_m": 80, "timezone": "Europe/Helsinki"}}],
}
TIMES = {"product_id": "prd_course", "duration_min": 45, "capacity": 3, "open": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "begins": "10:00", "ends": "11:00"}]}


class TestBookings:
    def test_imported_exported_and_shown(self, migrated: Moments, tmp_path: Path) -> None:
        def file(name: str, document: object) -> str:
            path = tmp_path / name
            path.write_text(json.dumps(document), encoding="utf-8")
            return str(path)

        assert "no service is given at a time" in migrated("bookings", "show").out
        migrated("catalogue", "import", file("goods.json", GOODS))
        assert migrated("places", "import", file("places.geojson", SHOP)).err == ""
        [place_id] = [one["id"] for one in json.loads(migrated("places", "list", "--json").out)]
        times = TIMES | {"place_id": place_id}
        done = migrated("bookings", "import", file("times.json", {"services": [times]}))
        assert (done.out, done.err) == ("1 kept\n", "")
        [kept] = json.loads(migrated("bookings", "export").out)["services"]
        assert (kept["timezone"], kept["capacity"], kept["place_id"]) == ("Europe/Helsinki", 3, place_id)
        told = json.loads(migrated("bookings", "show", "--days", "2", "--json").out)
        assert [(one["product"], one["place"], one["taken"], one["places"]) for one in told] == [("Course", "The shop", 0, 3)] * 2
        assert "0 of 3" in migrated("bookings", "show").out
        wrong = migrated("bookings", "import", file("wrong.json", {"services": [times | {"duration_min": 90}]}))
        assert "services[0]" in wrong.err
