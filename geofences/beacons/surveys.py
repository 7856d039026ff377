"""Reads a building's calibration walks from a folder: SITE_FLOOR/ with waypoints.csv, beacons.csv.gz and map.geojson.

Owns the file formats and the making of a plan from a drawing. Must not learn or score. An address is a transmitter's identity
here: uuid, major and minor name hundreds at once.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape

from app.kernel.errors import AppError
from geofences.beacons.radio_map import Floats, Plan, Walk, plan_of
from geofences.geometry import EARTH_RADIUS_M

NEEDED = "expected folders SITE_FLOOR/ with waypoints.csv, beacons.csv.gz and, where there is one, map.geojson"
MAX_SIDE_M = 2_000.0


class UnreadableSurvey(AppError):
    """The folder holds no calibration walks; the message names the file and what is wrong with it."""

    status = 422
    code = "unreadable_survey"


@dataclass(frozen=True, slots=True)
class Survey:
    """The walks of one building in metres about `lat_deg`, `lon_deg`; `drawings` (metres) by floor: outline, and what stands in it."""

    site: str
    lat_deg: float
    lon_deg: float
    floors: tuple[str, ...]
    walks: tuple[Walk, ...]
    drawings: Mapping[str, tuple[shapely.Geometry, shapely.Geometry]]


def read_surveys(folder: Path) -> list[Survey]:
    """One survey per site; raises `UnreadableSurvey`."""
    by_site: dict[str, dict[str, Path]] = {}
    for sub in sorted(folder.iterdir()) if folder.is_dir() else []:
        site, _, floor = sub.name.rpartition("_")
        if sub.is_dir() and site and (sub / "waypoints.csv").exists():
            by_site.setdefault(site, {})[floor] = sub
    if not by_site:
        raise UnreadableSurvey(f"{folder}: no walks in it; {NEEDED}")
    return [_read_site(site, floors) for site, floors in by_site.items()]


def _read_site(site: str, folders: Mapping[str, Path]) -> Survey:
    points = {floor: _waypoints(path / "waypoints.csv") for floor, path in folders.items()}
    every = [p for rows in points.values() for walk in rows.values() for p in walk]
    if not every:
        raise UnreadableSurvey(f"{next(iter(folders.values())) / 'waypoints.csv'}: no waypoints")
    lon0, lat0 = float(np.median([p[1] for p in every])), float(np.median([p[2] for p in every]))
    scale = np.array([math.cos(math.radians(lat0)), 1.0]) * math.radians(1) * EARTH_RADIUS_M

    def metres(lonlat: Floats) -> Floats:
        return (np.asarray(lonlat, np.float64) - [lon0, lat0]) * scale

    walks: list[Walk] = []
    drawings: dict[str, tuple[shapely.Geometry, shapely.Geometry]] = {}
    for floor, path in folders.items():
        heard = _sightings(path)
        for walk_id, rows in sorted(points[floor].items()):
            times, first = np.unique([r[0] for r in rows], return_index=True)
            if len(times) > 1:
                where = metres(np.array([(rows[i][1], rows[i][2]) for i in first]))
                walks.append(Walk(walk_id, floor, times, where, tuple(sorted(heard.get(walk_id, [])))))
        if (path / "map.geojson").exists():
            drawings[floor] = _drawing(path / "map.geojson", metres)
    return Survey(site, lat0, lon0, tuple(folders), tuple(walks), drawings)


def _waypoints(path: Path) -> dict[str, list[tuple[float, float, float]]]:
    """(at_s, lon, lat) by walk, in order of time."""
    out: dict[str, list[tuple[float, float, float]]] = {}
    for line, row in _rows(path):
        try:
            at = (int(row["ts_ms"]) / 1000, float(row["lon"]), float(row["lat"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableSurvey(f"{path}: line {line}: path_id, ts_ms, lon, lat expected ({error})") from None
        if not (math.isfinite(at[1]) and math.isfinite(at[2])):
            raise UnreadableSurvey(f"{path}: line {line}: a position that is not finite")
        out.setdefault(row["path_id"], []).append(at)
    return {walk_id: sorted(rows) for walk_id, rows in out.items()}


def _sightings(folder: Path) -> dict[str, list[tuple[float, str, float]]]:
    path = folder / "beacons.csv.gz"
    if not path.exists():
        path = folder / "beacons.csv"
    out: dict[str, list[tuple[float, str, float]]] = {}
    for line, row in _rows(path):
        try:
            rssi, at_s = float(row["rssi"]), int(row["ts_ms"]) / 1000
            name = row["mac"].strip().upper()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableSurvey(f"{path}: line {line}: path_id, ts_ms, rssi, mac expected ({error})") from None
        if -127 <= rssi < 20 and name:  # 127 and -128 are a radio's words for "unknown"
            out.setdefault(row["path_id"], []).append((at_s, name, rssi))
    return out


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return list(enumerate(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))), start=2))
    except (OSError, EOFError, gzip.BadGzipFile, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableSurvey(f"{path}: cannot be read ({type(error).__name__}); {NEEDED}") from None


def _drawing(path: Path, metres: Any) -> tuple[shapely.Geometry, shapely.Geometry]:
    """The floor's outline and what stands in it (shops), in metres."""
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
        shapes = [
            (_is_outline(f), shapely.transform(shape(f["geometry"]), metres).buffer(0))
            for f in features
            if f["geometry"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise UnreadableSurvey(f"{path}: no GeoJSON of a floor ({type(error).__name__})") from None
    outline = [s for is_outline, s in shapes if is_outline] or [s for _, s in shapes]
    return shapely.union_all(outline), shapely.union_all([s for is_outline, s in shapes if not is_outline])


def _is_outline(feature: Mapping[str, Any]) -> bool:
    properties = feature.get("properties") or {}
    return "floor" in (properties.get("type"), properties.get("category"))


def plan_from(survey: Survey, walks: Sequence[Walk], *, cell_m: float = 3.0, in_shop: float = 0.05) -> Plan:
    """The cells of a survey: the floor's drawing where there is one (a shop's inside counts `in_shop`), and all within 25 m of a walk."""
    near = {f: [w.xy_m for w in walks if w.floor == f] for f in survey.floors}
    boxes = [shapely.bounds(o).reshape(2, 2) for o, _ in survey.drawings.values()]
    boxes += [np.stack([xy.min(0) - 25, xy.max(0) + 25]) for parts in near.values() for xy in parts]
    if not boxes:
        raise UnreadableSurvey(f"{survey.site}: no walks to learn from")
    low, high = np.min([b[0] for b in boxes], axis=0) - cell_m, np.max([b[1] for b in boxes], axis=0) + cell_m
    if (high - low).max() > MAX_SIDE_M:
        raise UnreadableSurvey(f"{survey.site}: {(high - low).max():.0f} m wide; positions must lie in one building")
    columns, rows = (int(n) for n in np.ceil((high - low) / cell_m))
    centres = (
        low
        + (np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1).reshape(-1, 2) + 0.5) * cell_m
    )
    points = shapely.points(centres)
    weights: dict[str, Floats] = {}
    for floor in survey.floors:
        if floor in survey.drawings:
            outline, shops = survey.drawings[floor]
            shapely.prepare(outline)
            shapely.prepare(shops)
            weight = np.where(shapely.contains(shops, points), in_shop, 1.0) * shapely.contains(outline, points)
        else:
            ways = shapely.union_all([shapely.LineString(xy) for xy in near[floor]]).buffer(25)
            shapely.prepare(ways)
            weight = shapely.contains(ways, points).astype(np.float64)
        weights[floor] = weight.reshape(columns, rows)
    return plan_of(
        survey.floors,
        weights,
        origin_m=(float(low[0]), float(low[1])),
        grid=(columns, rows),
        cell_m=cell_m,
        walks=walks,
    )
