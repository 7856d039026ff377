"""One reported sighting of a beacon: is it one, of whom, and when?

Owns the checks of a sighting. Pure: the time of receipt is an argument. It must not know which beacons are registered nor store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from geofences import fixes
from geofences.beacons.frames import FRAME_REASONS, Frame, Malformed, read_advertisement, read_words
from geofences.beacons.reasons import SIGHTING_REASONS, SightingReason
from geofences.fixes import FixResult, read_time
from geofences.reasons import FIX_REASONS, FixReason

_ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
MAX_ACCURACY_M = 100_000.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A beacon heard; seconds since 1970. `address` is "" where the phone hides it. `lat_deg` and `lon_deg`: where the phone says it was."""

    at_s: float
    id: str
    kind: str
    identity: str
    address: str
    rssi_dbm: float
    lat_deg: float | None = None
    lon_deg: float | None = None
    accuracy_m: float | None = None

    @property
    def order(self) -> tuple[float, str]:
        """By time, then id: ties never depend on arrival."""
        return self.at_s, self.id


class Refused(Exception):
    """A sighting is not taken: which member, the code, and what to mend."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.remedy = field, reason, remedy


def _refused(field: str, reason: SightingReason) -> Refused:
    return Refused(field, str(reason), SIGHTING_REASONS[reason])


def _refused_as_fix(field: str, reason: FixReason) -> Refused:
    return Refused(field, str(reason), FIX_REASONS[reason])


def read_sighting(raw: object, *, received_s: float, max_age_s: float) -> Sighting:
    """From an object with ts or occurred_at, rssi_dbm and advertisement (or the beacon in words); raises `Refused`."""
    if not isinstance(raw, Mapping):
        raise _refused("", SightingReason.NOT_AN_OBJECT)
    raw = cast("Mapping[str, Any]", raw)
    at_s = _time(raw, received_s, max_age_s)
    rssi = _number(raw, "rssi_dbm")
    if rssi is None or not -127 <= rssi <= 20:
        raise _refused("rssi_dbm", SightingReason.RSSI_INVALID)
    frame, address = _frame(raw), read_address(raw.get("address"))
    lat, lon, accuracy = _position(raw)
    return Sighting(
        at_s,
        f"{at_s:.3f},{frame.kind},{frame.identity},{address},{rssi:g}",
        frame.kind.value,
        frame.identity,
        address,
        rssi,
        lat,
        lon,
        accuracy,
    )


def _time(raw: Mapping[str, Any], received_s: float, max_age_s: float) -> float:
    field = "occurred_at" if "occurred_at" in raw and "ts" not in raw else "ts"
    try:
        at_s = read_time(raw.get(field), field)
    except fixes.Refused as refused:
        raise _refused_as_fix(field, refused.reason) from None
    if at_s > received_s + fixes.MOST_AHEAD_S:
        raise _refused_as_fix(field, FixReason.TIME_IN_FUTURE)
    if at_s < received_s - max_age_s:
        raise _refused_as_fix(field, FixReason.TIME_TOO_OLD)
    return at_s


def _frame(raw: Mapping[str, Any]) -> Frame:
    try:
        return read_advertisement(raw["advertisement"]) if "advertisement" in raw else read_words(raw)
    except Malformed as malformed:
        raise Refused(malformed.field, str(malformed.reason), FRAME_REASONS[malformed.reason]) from None


def read_address(value: object) -> str:
    """Canonical AA:BB:CC:DD:EE:FF; "" for none. Raises `Refused`."""
    if value is None or value == "":
        return ""
    text = value.strip().upper().replace("-", ":") if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9A-F]{12}", text):
        text = ":".join(text[i : i + 2] for i in range(0, 12, 2))
    if not _ADDRESS.fullmatch(text):
        raise _refused("address", SightingReason.ADDRESS_INVALID)
    return text


def _number(raw: Mapping[str, Any], name: str) -> float | None:
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= 1e6 else None  # also none where it is not a number


def _position(raw: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    if raw.get("lat") is None and raw.get("lon") is None:
        return None, None, None
    lat, lon, accuracy = (_number(raw, name) for name in ("lat", "lon", "accuracy_m"))
    fits = lat is not None and lon is not None and accuracy is not None
    if not fits or not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 <= accuracy <= MAX_ACCURACY_M):  # type: ignore[operator]
        raise _refused("lat", SightingReason.POSITION_INCOMPLETE)
    return lat, lon, accuracy


def read_batch(raws: list[Any], *, received_s: float, max_age_s: float) -> tuple[list[Sighting], list[FixResult]]:
    """Each item accepted, a duplicate within the batch, or refused, in the order of the batch."""
    taken: list[Sighting] = []
    results: list[FixResult] = []
    seen: set[str] = set()
    for index, raw in enumerate(raws):
        try:
            sighting = read_sighting(raw, received_s=received_s, max_age_s=max_age_s)
        except Refused as refused:
            field = f"sightings[{index}]" + (f".{refused.field}" if refused.field else "")
            results.append(FixResult(index, "refused", refused.reason, field, refused.remedy))
            continue
        known = sighting.id in seen
        results.append(FixResult(index, "duplicate" if known else "accepted"))
        if not known:
            seen.add(sighting.id)
            taken.append(sighting)
    return _set_clock(taken, received_s), results


def _set_clock(taken: list[Sighting], received_s: float) -> list[Sighting]:
    """Nothing happens after it was received: a clock up to 30 s ahead shifts its batch, what is further ahead is now."""
    ahead = [s.at_s - received_s for s in taken if s.at_s - received_s <= fixes.CLOCK_AHEAD_S]
    shift_s = max(0.0, max(ahead, default=0.0))
    return [replace(s, at_s=min(received_s, s.at_s - shift_s)) if shift_s or s.at_s > received_s else s for s in taken]
