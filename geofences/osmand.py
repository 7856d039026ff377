"""The OsmAnd protocol as Traccar's client speaks it: a query or form, and the newer JSON.

Owns the translation into a tracking key and fixes. Pure. Speeds are knots in the form and metres a second in the JSON;
times are ISO 8601, epoch seconds or milliseconds in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from app.kernel.errors import Invalid

KNOT_TO_MPS = 0.514444
MAX_FIXES = 1000


def from_form(fields: Mapping[str, str]) -> tuple[str, list[dict[str, Any]]]:
    """(tracking key, fixes) of `id lat lon timestamp accuracy speed bearing`; raises `Invalid` naming the field."""
    key = fields.get("id") or fields.get("deviceid")
    if not key:
        raise Invalid.field("id", "send the device's tracking key")
    speed = _float(fields, "speed")
    fix = {
        "ts": fields.get("timestamp"),
        "lat": _needed(fields, "lat"),
        "lon": _needed(fields, "lon"),
        "accuracy_m": _float(fields, "accuracy"),
        "speed_mps": speed * KNOT_TO_MPS if speed is not None and speed >= 0 else None,
        "mocked": fields.get("mock", "").lower() in ("1", "true"),
    }
    return key, [fix]


def _float(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name)
    if text is None or text == "":
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid.field(name, "must be a number") from None


def _needed(fields: Mapping[str, str], name: str) -> float:
    value = _float(fields, name)
    if value is None:
        raise Invalid.field(name, "is missing; send degrees")
    return value


def from_json(document: object, key: str | None = None) -> tuple[str, list[dict[str, Any]]]:
    """(tracking key, fixes) of `{"device_id", "location": {"timestamp", "coords": {...}}}`; `location` may be a list."""
    if not isinstance(document, dict):
        raise Invalid.field("body", "send an object with device_id and location")
    known = cast("Mapping[str, Any]", document)
    named = known.get("device_id") or key
    if not isinstance(named, str) or not named:
        raise Invalid.field("device_id", "send the device's tracking key")
    location = known.get("location")
    several = cast("list[Any]", location) if isinstance(location, list) else [location]
    if not several or len(several) > MAX_FIXES or not all(isinstance(one, dict) for one in several):
        raise Invalid.field("location", f"send an object with timestamp and coords, or a list of at most {MAX_FIXES}")
    return named, [_fix(cast("Mapping[str, Any]", one), number) for number, one in enumerate(several)]


def _fix(location: Mapping[str, Any], number: int) -> dict[str, Any]:
    coords = location.get("coords")
    if not isinstance(coords, dict):
        raise Invalid.field(f"location[{number}].coords", "send latitude, longitude and accuracy")
    known = cast("Mapping[str, Any]", coords)
    speed, accuracy = known.get("speed"), known.get("accuracy")
    return {
        "ts": location.get("timestamp"),
        "lat": known.get("latitude"),
        "lon": known.get("longitude"),
        "accuracy_m": accuracy,
        "speed_mps": speed if isinstance(speed, int | float) and not isinstance(speed, bool) and speed >= 0 else None,
        "mocked": location.get("mock") is True or known.get("mocked") is True,
    }
