"""The proof: random fences of every shape over and around the city, against brute force.

Not one within 2,000 feet of a health-care perimeter is taken, and none that is farther than that and the declared tolerance is refused.
The oracle (geodesy.py) sets points every few metres along every outline and measures between them with Vincenty's formula; it knows no
plane, no index and none of the room's distances. The small form runs always, 10,000 fences with `make prove`.

Seen to fail on: the place's middle measured instead of its perimeter; a circle's radius left out; holes left
out of a border; the filter's circles taken without their radii.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from app.demo.city.layers import layer
from app.kernel.db import Database
from geofences import facade
from geofences.errors import ImportRefused
from geofences.geometry import parse_fences
from geofences.sensitive import marking
from geofences.sensitive.kinds import HEALTH, kind_of
from tests.geofences.sensitive.geodesy import Points, along, in_area, nearest_m
from tests.paths import SHARED

LIMIT_M = 2000 * 0.3048
POINT_M = 15.0
"""What a place without an outline is declared to reach."""
STEP_M = 12.0
"""Of the oracle's points. Two lines of such points are told at most this much too far apart at 600 m: see `slack_m`."""


def slack_m(away_m: float) -> float:
    """How much farther apart points are than the lines they lie on: half a step aside on either side."""
    return math.hypot(max(away_m, 1.0), STEP_M) - max(away_m, 1.0) if away_m > 20 else STEP_M


@dataclass(frozen=True)
class Known:
    """A health-care place as the oracle sees it: points of its outline, its rings, and what is declared around a point."""

    points: Points
    rings: list[Any]
    pad_m: float


def known(features: list[dict[str, Any]]) -> list[Known]:
    out: list[Known] = []
    for feature in features:
        kind, geometry = feature["properties"].get("sensitive") or kind_of(feature["properties"]), feature["geometry"]
        if kind not in HEALTH:
            continue
        if geometry["type"] == "Point":
            out.append(Known(np.array([geometry["coordinates"]], dtype=np.float64), [], POINT_M))
        else:
            rings = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
            out.append(Known(np.concatenate([along(ring, STEP_M) for polygon in rings for ring in polygon]), rings, 0.0))
    return out


def campus() -> dict[str, Any]:
    """A hospital of 600 m by 400 m with a courtyard, beside the city: its middle is far from its wall."""
    west, south = 25.02, 60.19
    def box(x0: float, y0: float, x1: float, y1: float) -> list[list[float]]:
        k = 1 / 111_412
        e = k / math.cos(math.radians(south)) * 0.998
        return [[west + x * e, south + y * k] for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]

    return {"type": "Feature", "id": "campus", "properties": {"amenity": "hospital"}, "geometry": {"type": "Polygon", "coordinates": [box(0, 0, 600, 400), box(200, 100, 400, 300)[::-1]]}}


def features() -> list[dict[str, Any]]:
    """The city's own, what the shared extract calls sensitive where it is there, and the campus."""
    path = SHARED / "data" / "osm_helsinki" / "sensitive.geojson"
    extract = json.loads(path.read_text())["features"] if path.exists() else []
    return [*layer("sensitive")["features"], *extract, campus()]


class Fences:
    """Random fences: circles, polygons, with holes, several parts, corridors; some tiny, some kilometres wide."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def _at(self) -> tuple[float, float]:
        return self.draw.uniform(24.91, 25.05), self.draw.uniform(60.15, 60.20)

    def _ring(self, lon: float, lat: float, reach_m: float, turn: float = 1) -> list[list[float]]:
        corners = self.draw.randint(3, 9)
        angles = sorted(self.draw.uniform(0, 2 * math.pi) for _ in range(corners))
        if max(b - a for a, b in zip(angles, [*angles[1:], angles[0] + 2 * math.pi], strict=True)) > 3:
            angles = [2 * math.pi * i / corners for i in range(corners)]
        reaches = [reach_m * self.draw.uniform(0.4, 1) for _ in angles]
        ring = [[lon + r * math.cos(a) / 55_800, lat + r * math.sin(a) / 111_412] for a, r in zip(angles, reaches, strict=True)]
        return [*ring, ring[0]][:: int(turn)]

    def one(self, number: int) -> dict[str, Any]:
        lon, lat = self._at()
        reach_m = 10 ** self.draw.uniform(1, 3.1)
        shape = number % 5
        properties: dict[str, Any] = {"name": f"fence {number}"}
        geometry: dict[str, Any]
        if shape == 0:
            properties["radius_m"], geometry = round(reach_m, 1), {"type": "Point", "coordinates": [lon, lat]}
        elif shape == 1:
            geometry = {"type": "Polygon", "coordinates": [self._ring(lon, lat, reach_m)]}
        elif shape == 2:
            n = 24
            outer = [[lon + 2 * reach_m * math.cos(2 * math.pi * i / n) / 55_800, lat + 2 * reach_m * math.sin(2 * math.pi * i / n) / 111_412] for i in range(n)]
            inner = [[lon + 1.6 * reach_m * math.cos(-2 * math.pi * i / n) / 55_800, lat + 1.6 * reach_m * math.sin(-2 * math.pi * i / n) / 111_412] for i in range(n)]
            geometry = {"type": "Polygon", "coordinates": [[*outer, outer[0]], [*inner, inner[0]]]}
        elif shape == 3:
            far = self._at()
            geometry = {"type": "MultiPolygon", "coordinates": [[self._ring(lon, lat, reach_m / 3)], [self._ring(*far, reach_m / 3)]]}
        else:
            line = [[lon, lat]]
            for _ in range(self.draw.randint(1, 4)):
                line.append([line[-1][0] + self.draw.uniform(-1, 1) * reach_m / 55_800, line[-1][1] + self.draw.uniform(-1, 1) * reach_m / 111_412])
            properties["buffer_m"], geometry = round(self.draw.uniform(2, 60), 1), {"type": "LineString", "coordinates": line}
        return {"type": "Feature", "id": f"plc_{number}", "properties": properties, "geometry": geometry}


def true_m(fence: dict[str, Any], places: list[Known]) -> tuple[float, float]:
    """(the least distance between the areas, how much it may be too long); brute force, but for places that are far beyond question."""
    geometry, properties = fence["geometry"], fence["properties"]
    kind, c = geometry["type"], geometry["coordinates"]
    pad_m, polygons = 0.0, []
    if kind == "Point":
        ours, pad_m = np.array([c], dtype=np.float64), properties["radius_m"]
    elif kind == "LineString":
        ours, pad_m = along(c, STEP_M), properties["buffer_m"]
    else:
        polygons = [c] if kind == "Polygon" else c
        ours = np.concatenate([along(ring, STEP_M) for polygon in polygons for ring in polygon])
    best, slack = math.inf, 0.0
    for place in places:
        if polygons and in_area(place.points[0].tolist(), polygons):
            return 0.0, 0.0
        if place.rings and in_area(ours[0].tolist(), place.rings):
            return 0.0, 0.0
        between = nearest_m(ours, place.points, unless_over_m=best + pad_m + place.pad_m)
        away = max(0.0, between - pad_m - place.pad_m)
        if away < best:
            best, slack = away, slack_m(between) if len(ours) > 1 or place.rings else 0.0
    return best, slack


def tolerance_m(fence: dict[str, Any]) -> float:
    """As docs/algorithms/sensitive-places.md declares it; a place that is a point adds as much of its 15 m."""
    size_m = fence["properties"].get("radius_m") or fence["properties"].get("buffer_m") or 0.0
    return 1.0 + 0.007 * (size_m + POINT_M)


@pytest.mark.parametrize("count", [600, pytest.param(10_000, marks=[pytest.mark.full, pytest.mark.timeout(900)])])
def test_none_is_taken_near_health_care_and_none_refused_far_from_it(lone_database: Database, count: int) -> None:
    places = known(features())
    draw = Fences(20_261_122)
    fences = [draw.one(number) for number in range(count)]
    with lone_database.transaction() as session:
        facade.import_sensitive(session, {"type": "FeatureCollection", "features": features()}, at=lone_database.clock.now())
        facade.choose_distances(session, other_m=0)
        parsed = parse_fences({"type": "FeatureCollection", "features": fences})
        assert parsed.problems == ()
        refused = marking.refused(session, marking.near(session, {f.external_id or "": f.shape for f in parsed.features}))
    taken, wrongly, closest = [], [], math.inf
    for fence in fences:
        why = refused.get(fence["id"])
        if why is not None and why.kind != "health_care":
            continue  # it stands on a church: nothing is said about health care
        away_m, slack = true_m(fence, places)
        if why is None and away_m <= LIMIT_M:
            taken.append((fence["id"], away_m))
        if why is not None and away_m - slack > LIMIT_M + tolerance_m(fence):
            wrongly.append((fence["id"], away_m))
        if why is None:
            closest = min(closest, away_m)
    assert taken == []
    assert wrongly == []
    assert 0.2 * count < len(refused) < 0.8 * count
    assert closest < LIMIT_M + 25, "fences come so near to the limit that the proof means something"


def test_the_use_case_refuses_what_the_measure_refuses(lone_database: Database) -> None:
    """A hundred of them through the import itself, one by one."""
    draw = Fences(7)
    with lone_database.transaction() as session:
        facade.import_sensitive(session, {"type": "FeatureCollection", "features": features()}, at=lone_database.clock.now())
    for number in range(100):
        fence = draw.one(number)
        with lone_database.transaction() as session:
            (parsed,) = parse_fences(fence).features
            refused = marking.refused(session, marking.near(session, {"one": parsed.shape}))
            if not refused:
                assert facade.import_geojson(session, fence, at=lone_database.clock.now()).created == 1
                continue
            with pytest.raises(ImportRefused):
                facade.import_geojson(session, fence, at=lone_database.clock.now())
