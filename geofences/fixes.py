"""One reported fix: is it one, and when did it happen?

Owns the checks of a fix as any protocol brings it. Pure: the time of receipt is an argument. It must not store, and its
words hold no coordinate. Whole batches, and clocks that run ahead: geofences/batches.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from geofences.columns import fix_id
from geofences.reasons import FixReason
from geofences.track import DEFAULT_ACCURACY_M, Sample

MAX_ACCURACY_M = 100_000.0
MILLISECONDS_FROM = 1e11
"""Numbers this large are milliseconds: as seconds they would lie in the year 5138."""
CLOCK_AHEAD_S = 30.0
MOST_AHEAD_S = 86_400.0
MOST_SPEED_MPS = 1000.0


@dataclass(frozen=True, slots=True)
class FixResult:
    """What became of one fix of a batch. `status`: accepted, duplicate or refused; `field` and `remedy` say what to mend."""

    index: int
    status: str
    reason: str | None = None
    field: str | None = None
    remedy: str | None = None
    id: str | None = None


class Refused(Exception):
    """A fix is not taken: which field, and why."""

    def __init__(self, field: str, reason: FixReason) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def _number(raw: Mapping[str, Any], name: str) -> float | None:
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(name, FixReason.NOT_A_NUMBER)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused(name, FixReason.NOT_A_NUMBER)
    return number


def read_time(value: object, field: str, *, milliseconds: bool = False) -> float:
    """Epoch seconds of a time as number or text. `milliseconds`: numbers that large are converted instead of refused."""
    if value is None or value == "":
        raise Refused(field, FixReason.TIME_MISSING)
    at_s: float
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused(field, FixReason.TIME_INVALID)
    try:
        at_s = float(value)
    except (ValueError, OverflowError):
        at_s = _iso_s(str(value), field)
    if not math.isfinite(at_s):
        raise Refused(field, FixReason.TIME_INVALID)
    if at_s >= MILLISECONDS_FROM:
        if not milliseconds:
            raise Refused(field, FixReason.TIME_IN_MILLISECONDS)
        at_s /= 1000
    if at_s <= 0:
        raise Refused(field, FixReason.TIME_EPOCH_ZERO)
    return at_s


def _iso_s(text: str, field: str) -> float:
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Refused(field, FixReason.TIME_INVALID) from None


def read_fix(raw: object, *, received_s: float, max_age_s: float, milliseconds: bool = False) -> Sample:
    """A sample from an object with ts or occurred_at, lat, lon and optional fields; raises `Refused`."""
    if not isinstance(raw, Mapping):
        raise Refused("", FixReason.NOT_AN_OBJECT)
    raw = cast("Mapping[str, Any]", raw)
    field = "occurred_at" if "occurred_at" in raw and "ts" not in raw else "ts"
    at_s = read_time(raw.get(field), field, milliseconds=milliseconds)
    lat, lon = _number(raw, "lat"), _number(raw, "lon")
    if lat is None or lon is None:
        raise Refused("lat" if lat is None else "lon", FixReason.NOT_A_NUMBER)
    if not -90 <= lat <= 90:
        raise Refused("lat", FixReason.LATITUDE_OUT_OF_RANGE)
    if not -180 <= lon <= 180:
        raise Refused("lon", FixReason.LONGITUDE_OUT_OF_RANGE)
    accuracy = _number(raw, "accuracy_m")
    if accuracy is not None and not 0 <= accuracy <= MAX_ACCURACY_M:
        raise Refused("accuracy_m", FixReason.ACCURACY_INVALID)
    speed = _number(raw, "speed_mps")
    _number(raw, "bearing_deg")
    given = raw.get("id")
    if given is not None and (not isinstance(given, str) or not 1 <= len(given) <= 100):
        raise Refused("id", FixReason.ID_INVALID)
    if at_s > received_s + MOST_AHEAD_S:
        raise Refused(field, FixReason.TIME_IN_FUTURE)
    if at_s < received_s - max_age_s:
        raise Refused(field, FixReason.TIME_TOO_OLD)
    return Sample(
        at_s=at_s,
        # what was reported, not what we make of its time: the same fix sent again is the same fix
        id=fix_id(at_s, lat, lon),
        lat_deg=lat,
        lon_deg=lon,
        accuracy_m=DEFAULT_ACCURACY_M if accuracy is None else accuracy,
        speed_mps=speed if speed is not None and 0 <= speed <= MOST_SPEED_MPS else None,
        mocked=raw.get("mocked") is True,
        age_s=max(0.0, round(received_s - at_s, 3)),
    )
