"""Read fences from GeoJSON (RFC 7946) and refuse, by name of feature and reason, what is not one.

Owns every check a shape must pass. Pure: no database, no web. It must not repair silently: what it accepts with a doubt it
says in a notice, what it refuses it names.

A circle is a `Point` with `properties.radius_m` (geodesic: haversine distance <= radius); areas are `Polygon`
(with holes) and `MultiPolygon`; a corridor is a `LineString` or `MultiLineString` with `properties.buffer_m`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shapely.geometry import LineString, MultiLineString, mapping
from shapely.geometry.base import BaseGeometry

from geofences.outlines import OutlineRefused, read_polygon, together
from geofences.shapes import (
    EARTH_RADIUS_M,
    METRES_PER_DEGREE,
    Area,
    Circle,
    Corridor,
    Shape,
    area_m2,
    corridor_box,
    corridor_distance_m,
    corridor_pieces,
    haversine_m,
    representative_point,
)

__all__ = [
    "EARTH_RADIUS_M",
    "METRES_PER_DEGREE",
    "Area",
    "Circle",
    "Corridor",
    "FenceFeature",
    "ParsedFences",
    "Problem",
    "Shape",
    "area_m2",
    "corridor_box",
    "corridor_distance_m",
    "corridor_pieces",
    "haversine_m",
    "parse_fences",
    "read_shape",
    "representative_point",
]

MAX_VERTICES = 200_000
"""Of one feature; the largest takes about half a second to read."""
MAX_LON_DEG = 540.0
"""Rings and lines may run on beyond 180; they are brought back."""
MAX_RADIUS_M = 100_000.0
MIN_BUFFER_M = 1.0
MAX_BUFFER_M = 5_000.0
MAX_CORRIDOR_LAT_DEG = 85.0
MAX_CORRIDOR_M = 10_000_000.0
MAX_FEATURES = 100_000
MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with (or remarkable about) one feature. `reason` is documented in docs/reasons/geofences.md."""

    feature: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class FenceFeature:
    """One accepted feature: `external_id` is the feature's `id` (stable between imports) or None.

    `given` is the geometry as it came, `geometry` the one to keep: the same, or GeoJSON of the shape if anything was mended.
    """

    external_id: str | None
    label: str
    name: str
    properties: Mapping[str, Any]
    shape: Shape
    given: Mapping[str, Any]
    geometry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParsedFences:
    """`features` may be used only if `problems` is empty; `notices` never stop anything."""

    features: tuple[FenceFeature, ...]
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


_Refused = OutlineRefused


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Refused("not_a_number", f"{what} must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Refused("coordinate_not_finite", f"{what} must be a finite number, not NaN or infinity")
    return number


def _position(value: object, most_lon_deg: float = 180.0) -> tuple[float, float]:
    if (
        type(value) is list and len(cast("list[object]", value)) == 2
    ):  # nearly all of them, and a file may hold millions
        x, y = cast("list[object]", value)
        if type(x) is float and type(y) is float and -180 <= x <= 180 and -90 <= y <= 90:
            return x, y
    if not isinstance(value, list | tuple) or len(cast("Sequence[object]", value)) < 2:
        raise _Refused("bad_position", "a position must be [longitude, latitude]")
    pair = cast("Sequence[object]", value)
    lon, lat = _number(pair[0], "longitude"), _number(pair[1], "latitude")
    if not -most_lon_deg <= lon <= most_lon_deg:
        raise _Refused(
            "longitude_out_of_range",
            f"longitude must be within -{most_lon_deg:.0f}..{most_lon_deg:.0f} degrees (GeoJSON order is [longitude, latitude])",
        )
    if not -90 <= lat <= 90:
        raise _Refused(
            "latitude_out_of_range", "latitude must be within -90..90 degrees (GeoJSON order is [longitude, latitude])"
        )
    return lon, lat


def _list(value: object, what: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise _Refused("bad_coordinates", f"{what} must be a list")
    return cast("Sequence[object]", value)


def _polygon(rings_in: object, budget: list[int], notices: list[tuple[str, str]]) -> BaseGeometry:
    rings = _list(rings_in, "the coordinates of a polygon")
    if not rings:
        raise _Refused("geometry_empty", "the polygon has no ring")
    parsed: list[list[tuple[float, float]]] = []
    for ring_in in rings:
        ring = _list(ring_in, "a ring")
        _spend(len(ring), budget)
        parsed.append([_position(p, MAX_LON_DEG) for p in ring])
    return read_polygon(parsed, lambda reason, text: notices.append((reason, text)))


def _several(members: Sequence[object], budget: list[int], notices: list[tuple[str, str]]) -> Area:
    polygons: list[BaseGeometry] = []
    empty: _Refused | None = None
    for rings in members:
        try:
            polygons.append(_polygon(rings, budget, notices))
        except _Refused as refused:
            if refused.reason not in ("no_area", "ring_too_short", "geometry_empty"):
                raise
            empty = refused
    if empty is not None:
        if not polygons:
            raise empty
        notices.append(("member_without_area", "a member of the multipolygon encloses nothing and was left out"))
    return Area(together(polygons, lambda reason, text: notices.append((reason, text))))


def _circle(geometry: Mapping[str, object], properties: Mapping[str, Any]) -> Circle:
    coordinates = _list(geometry.get("coordinates"), "the coordinates of a point")
    if not coordinates:
        raise _Refused("geometry_empty", "the point has no coordinates")
    lon, lat = _position(coordinates)
    if properties.get("radius_m") is None:
        raise _Refused("radius_missing", "a Point is a circle and needs properties.radius_m in metres")
    radius = _number(properties["radius_m"], "radius_m")
    if radius <= 0:
        raise _Refused("radius_not_positive", "radius_m must be greater than 0")
    if radius > MAX_RADIUS_M:
        raise _Refused("radius_too_large", f"radius_m must be at most {MAX_RADIUS_M:.0f}; use a polygon for regions")
    return Circle(lat, lon, radius)


def _line(positions_in: object, budget: list[int], notices: list[tuple[str, str]]) -> LineString:
    given = _list(positions_in, "the coordinates of a line")
    _spend(len(given), budget)
    points: list[tuple[float, float]] = []
    for lon, lat in (_position(p, MAX_LON_DEG) for p in given):
        if abs(lat) > MAX_CORRIDOR_LAT_DEG:
            raise _Refused(
                "corridor_near_pole", f"a corridor must stay within {MAX_CORRIDOR_LAT_DEG:.0f} degrees of the equator"
            )
        turns = round((lon - points[-1][0]) / 360) if points else 0
        here = (lon - 360 * turns, lat) if turns else (lon, lat)
        if turns or abs(here[0]) > 180:
            notices.append(
                ("crosses_antimeridian", "a step of more than 180 degrees of longitude is read as the short way round")
            )
        if not points or here != points[-1]:
            points.append(here)
    if len(points) < 2:
        raise _Refused("line_too_short", "a line needs at least 2 different positions")
    return LineString(points)


def _spend(vertices: int, budget: list[int]) -> None:
    budget[0] -= vertices
    if budget[0] < 0:
        raise _Refused("too_many_vertices", f"more than {MAX_VERTICES} vertices; simplify the geometry")


def _corridor(
    geometry: Mapping[str, object], properties: Mapping[str, Any], notices: list[tuple[str, str]]
) -> Corridor:
    budget = [MAX_VERTICES]
    if geometry.get("type") == "LineString":
        line = _line(geometry.get("coordinates"), budget, notices)
    else:
        members = _list(geometry.get("coordinates"), "the coordinates of a multilinestring")
        if not members:
            raise _Refused("geometry_empty", "the multilinestring has no line")
        line = MultiLineString([_line(positions, budget, notices) for positions in members])
    if properties.get("buffer_m") is None:
        raise _Refused("buffer_missing", "a line is a corridor and needs properties.buffer_m, half its width in metres")
    buffer = _number(properties["buffer_m"], "buffer_m")
    if not MIN_BUFFER_M <= buffer <= MAX_BUFFER_M:
        raise _Refused(
            "buffer_out_of_range",
            f"buffer_m must be within {MIN_BUFFER_M:.0f}..{MAX_BUFFER_M:.0f} metres; use a polygon for regions",
        )
    if line.length * METRES_PER_DEGREE > MAX_CORRIDOR_M:  # degrees as if at the equator: an upper bound is enough
        raise _Refused("corridor_too_long", f"a corridor may be {MAX_CORRIDOR_M / 1000:.0f} km long at most")
    return Corridor(line, buffer)


def _shape(geometry: object, properties: Mapping[str, Any], notices: list[tuple[str, str]]) -> Shape:
    if geometry is None:
        raise _Refused("geometry_missing", "the feature has no geometry")
    if not isinstance(geometry, dict):
        raise _Refused("bad_geometry", "geometry must be an object")
    known = cast("Mapping[str, object]", geometry)
    kind, budget = known.get("type"), [MAX_VERTICES]
    if kind == "Point":
        return _circle(known, properties)
    if kind in ("LineString", "MultiLineString"):
        return _corridor(known, properties, notices)
    if kind == "Polygon":
        return Area(_polygon(known.get("coordinates"), budget, notices))
    if kind == "MultiPolygon":
        members = _list(known.get("coordinates"), "the coordinates of a multipolygon")
        if not members:
            raise _Refused("geometry_empty", "the multipolygon has no polygon")
        return _several(members, budget, notices)
    raise _Refused(
        "geometry_type",
        "use a Point with properties.radius_m, a Polygon, a MultiPolygon, or a LineString with properties.buffer_m",
    )


def read_shape(geometry: object, properties: Mapping[str, Any] | None = None) -> Shape:
    """The shape of one GeoJSON geometry; ValueError says what is wrong (for what is stored already and was accepted once)."""
    try:
        return _shape(geometry, properties or {}, [])
    except _Refused as refused:
        raise ValueError(refused.text) from None


def _external_id(feature: Mapping[str, Any]) -> str | None:
    value = feature.get("id")
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int | float)
        or value == ""
        or len(str(value)) > MAX_NAME_LENGTH
    ):
        raise _Refused("bad_id", f"id must be a string or number of at most {MAX_NAME_LENGTH} characters")
    return str(value)


def _label(number: int, feature: object) -> str:
    """How a person finds the feature in the file: its name or id, and always its number."""
    if isinstance(feature, dict):
        known = cast("Mapping[str, Any]", feature)
        properties = known.get("properties")
        name = cast("Mapping[str, Any]", properties).get("name") if isinstance(properties, dict) else None
        for candidate in (name, known.get("id")):
            if isinstance(candidate, str | int) and not isinstance(candidate, bool) and str(candidate).strip():
                return f"feature {number} ({str(candidate)[:60]!r})"
    return f"feature {number}"


def _written(shape: Area | Corridor, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """GeoJSON of a mended shape, which must read back as that very shape."""
    written: Mapping[str, Any] = json.loads(json.dumps(mapping(shape.geometry)))
    again = _shape(written, properties, [])
    if isinstance(again, Circle) or not again.geometry.equals_exact(shape.geometry):
        raise _Refused(
            "invalid_geometry", "the shape could be mended in more than one way; draw it within -180..180 degrees"
        )
    return written


def _feature(number: int, feature: object, notices: list[Problem]) -> FenceFeature:
    label = _label(number, feature)
    if not isinstance(feature, dict) or cast("Mapping[str, Any]", feature).get("type") != "Feature":
        raise _Refused("not_a_feature", 'each member must be an object with "type": "Feature"')
    known = cast("Mapping[str, Any]", feature)
    properties = known.get("properties")
    if properties is None:
        properties = {}
    if not isinstance(properties, dict):
        raise _Refused("bad_properties", "properties must be an object or null")
    properties = cast("Mapping[str, Any]", properties)
    external_id = _external_id(known)
    name = properties.get("name")
    if name is not None and (
        not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_LENGTH or "\x00" in name
    ):
        raise _Refused("bad_name", f"name must be text of 1 to {MAX_NAME_LENGTH} characters")
    found: list[tuple[str, str]] = []
    shape = _shape(known.get("geometry"), properties, found)
    notices.extend(Problem(label, reason, text) for reason, text in dict.fromkeys(found))
    given: Mapping[str, Any] = known["geometry"]
    kept = {"type": given["type"], "coordinates": given["coordinates"]}
    if not isinstance(shape, Circle) and any(reason != "clockwise_ring" for reason, _ in found):
        kept = _written(shape, properties)
    named = name or external_id or f"Fence {number}"
    return FenceFeature(external_id, label, named, properties, shape, given, kept)


def parse_fences(document: object) -> ParsedFences:
    """Every feature of a FeatureCollection (or one Feature), each accepted or refused for itself. Features are numbered from 1."""
    if not isinstance(document, dict):
        return ParsedFences((), (Problem("document", "not_geojson", "the document must be a GeoJSON object"),), ())
    known = cast("Mapping[str, Any]", document)
    members: object = [known] if known.get("type") == "Feature" else known.get("features")
    if known.get("type") not in ("Feature", "FeatureCollection") or not isinstance(members, list):
        return ParsedFences(
            (), (Problem("document", "not_geojson", "use a FeatureCollection with a list of features"),), ()
        )
    features = cast("list[object]", members)
    if not features:
        return ParsedFences((), (Problem("document", "no_features", "the collection holds no feature"),), ())
    if len(features) > MAX_FEATURES:
        return ParsedFences(
            (), (Problem("document", "too_many_features", f"at most {MAX_FEATURES} features in one import"),), ()
        )
    accepted: list[FenceFeature] = []
    problems: list[Problem] = []
    notices: list[Problem] = []
    seen: dict[str, str] = {}
    for number, feature in enumerate(features, 1):
        try:
            parsed = _feature(number, feature, notices)
        except _Refused as refused:
            problems.append(Problem(_label(number, feature), refused.reason, refused.text))
            continue
        except RecursionError:
            problems.append(Problem(_label(number, feature), "bad_geometry", "the feature is nested too deeply"))
            continue
        if parsed.external_id is not None and parsed.external_id in seen:
            text = f"has the same id as {seen[parsed.external_id]}; ids must be unique"
            problems.append(Problem(parsed.label, "duplicate_id", text))
            continue
        if parsed.external_id is not None:
            seen[parsed.external_id] = parsed.label
        accepted.append(parsed)
    return ParsedFences(tuple(accepted), tuple(problems), tuple(notices))
