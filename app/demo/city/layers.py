"""Reads the committed layers of the demo city: streets to walk, places to walk to, the document that imports them.

Owns reading and the point inside each place. Must not write files (derive.py does) and must not know any room.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class CityPlace:
    """A place one can walk into; `lon_deg`, `lat_deg` lie inside its fence."""

    id: str
    name: str
    kind: str
    chain: str | None
    lon_deg: float
    lat_deg: float


@cache
def layer(name: str) -> dict[str, Any]:
    """The FeatureCollection of a layer: roads, buildings, green, water, rail, places, sensitive."""
    return json.loads((HERE / f"{name}.geojson").read_text(encoding="utf-8"))


@cache
def city_places() -> tuple[CityPlace, ...]:
    from shapely.geometry import shape  # lazy: 60 ms

    found: list[CityPlace] = []
    for feature in layer("places")["features"]:
        inside = shape(feature["geometry"]).representative_point()
        properties = feature["properties"]
        found.append(CityPlace(properties["id"], properties["name"], properties["kind"], properties["chain"], inside.x, inside.y))
    return tuple(found)


def city_place(place_id: str) -> CityPlace:
    """Raises KeyError for an id that is not in the city."""
    for place in city_places():
        if place.id == place_id:
            return place
    raise KeyError(place_id)


def street_lines() -> list[list[tuple[float, float]]]:
    """Every street and path as (lon, lat) points in degrees."""
    return [[(lon, lat) for lon, lat in feature["geometry"]["coordinates"]] for feature in layer("roads")["features"]]
