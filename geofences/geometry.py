"""Read fences from GeoJSON (RFC 7946) and refuse, by name of feature and reason, what is not one.

Owns the shapes a fence may have and every check a shape must pass. Pure: no database, no web. It must not repair
silently: what it accepts with a doubt it says in a notice, what it refuses it names.

A circle is a `Point` with `properties.radius_m` (geodesic: haversine distance <= radius); areas are `Polygon`
(with holes) and `MultiPolygon`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG), used by every distance in this room."""
MAX_VERTICES = 50_000
MAX_RADIUS_M = 100_000.0
MAX_FEATURES = 100_000
MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Circle:
    """All points within `radius_m` of the centre (haversine)."""

    lat_deg: float
    lon_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon or multipolygon in degrees (x = longitude, y = latitude); its border belongs to it."""

    geometry: BaseGeometry


Shape = Circle | Area


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with (or remarkable about) one feature. `reason` is documented in docs/reasons/geofences.md."""

    feature: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class FenceFeature:
    """One accepted feature: `external_id` is the feature's `id` (stable between imports) or None."""

    external_id: str | None
    label: str
    name: str
    properties: Mapping[str, Any]
    shape: Shape
    geometry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ParsedFences:
    """`features` may be used only if `problems` is empty; `notices` never stop anything."""

    features: tuple[FenceFeature, ...]
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


class _Refused(Exception):
    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


def haversine_m(lat0_deg: float, lon0_deg: float, lat1_deg: float, lon1_deg: float) -> float:
    """Great-circle distance in metres between two points in degrees."""
    lat0, lat1 = math.radians(lat0_deg), math.radians(lat1_deg)
    a = (
        math.sin((lat1 - lat0) / 2) ** 2
        + math.cos(lat0) * math.cos(lat1) * math.sin(math.radians(lon1_deg - lon0_deg) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, a)))


def area_m2(shape: Shape) -> float:
    """Area in square metres, by a cylindrical equal-area projection for polygons (exact on the sphere per edge in latitude)."""
    if isinstance(shape, Circle):
        return math.pi * shape.radius_m**2
    scale = math.radians(1) * EARTH_RADIUS_M

    def project(xy: Any) -> Any:
        import numpy as np

        return np.column_stack([xy[:, 0] * scale, np.sin(np.radians(xy[:, 1])) * EARTH_RADIUS_M])

    return float(shapely.transform(shape.geometry, project).area)


def representative_point(shape: Shape) -> tuple[float, float]:
    """A point (lat, lon in degrees) inside the shape, for a pin on the map."""
    if isinstance(shape, Circle):
        return shape.lat_deg, shape.lon_deg
    point = shape.geometry.representative_point()
    return float(point.y), float(point.x)


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Refused("not_a_number", f"{what} must be a number")
    number = float(value)
    if not math.isfinite(number):
        raise _Refused("coordinate_not_finite", f"{what} must be a finite number, not NaN or infinity")
    return number


def _position(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(cast("Sequence[object]", value)) < 2:
        raise _Refused("bad_position", "a position must be [longitude, latitude]")
    pair = cast("Sequence[object]", value)
    lon, lat = _number(pair[0], "longitude"), _number(pair[1], "latitude")
    if not -180 <= lon <= 180:
        raise _Refused(
            "longitude_out_of_range",
            "longitude must be within -180..180 degrees (GeoJSON order is [longitude, latitude])",
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


def _polygon(rings_in: object, budget: list[int], notices: list[tuple[str, str]]) -> Polygon:
    rings = _list(rings_in, "the coordinates of a polygon")
    if not rings:
        raise _Refused("geometry_empty", "the polygon has no ring")
    parsed: list[list[tuple[float, float]]] = []
    for number, ring_in in enumerate(rings):
        ring = _list(ring_in, "a ring")
        budget[0] -= len(ring)
        if budget[0] < 0:
            raise _Refused("too_many_vertices", f"more than {MAX_VERTICES} vertices; simplify the geometry")
        points = [_position(p) for p in ring]
        if len(points) < 4:
            raise _Refused(
                "ring_too_short", f"ring {number + 1} has {len(points)} positions; a closed ring needs at least 4"
            )
        if points[0] != points[-1]:
            raise _Refused("ring_not_closed", f"ring {number + 1} must end where it begins")
        parsed.append(points)
    polygon = Polygon(parsed[0], parsed[1:])
    if not polygon.is_valid:
        raise _Refused(*_why_invalid(explain_validity(polygon)))
    if polygon.area == 0:
        raise _Refused("no_area", "the ring encloses no area")
    if not polygon.exterior.is_ccw:
        notices.append(
            ("clockwise_ring", "the outer ring runs clockwise; RFC 7946 asks for counter-clockwise; read as the inside")
        )
    return polygon


def _why_invalid(explanation: str) -> tuple[str, str]:
    """GEOS's words without its coordinates."""
    words = explanation.split("[", maxsplit=1)[0].strip()
    if words in ("Self-intersection", "Ring Self-intersection"):
        return "self_intersection", "a ring crosses or touches itself (a bow-tie); draw the outline without crossings"
    return "invalid_geometry", f"the geometry is not valid: {words.lower()}"


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


def _shape(geometry: object, properties: Mapping[str, Any], notices: list[tuple[str, str]]) -> Shape:
    if geometry is None:
        raise _Refused("geometry_missing", "the feature has no geometry")
    if not isinstance(geometry, dict):
        raise _Refused("bad_geometry", "geometry must be an object")
    known = cast("Mapping[str, object]", geometry)
    kind, budget = known.get("type"), [MAX_VERTICES]
    if kind == "Point":
        return _circle(known, properties)
    if kind == "Polygon":
        return Area(_polygon(known.get("coordinates"), budget, notices))
    if kind == "MultiPolygon":
        members = _list(known.get("coordinates"), "the coordinates of a multipolygon")
        if not members:
            raise _Refused("geometry_empty", "the multipolygon has no polygon")
        several = MultiPolygon([_polygon(rings, budget, notices) for rings in members])
        if not several.is_valid:
            raise _Refused(*_why_invalid(explain_validity(several)))
        return Area(several)
    raise _Refused("geometry_type", "use a Point with properties.radius_m, a Polygon or a MultiPolygon")


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
    return FenceFeature(
        external_id, label, name or external_id or f"Fence {number}", properties, shape, known["geometry"]
    )


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
