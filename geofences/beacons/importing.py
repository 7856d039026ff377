"""Beacons and their zones brought in, all or nothing: JSON, or CSV with one beacon a row.

Owns the reading and the checks. A zone is named in the beacon's own row; its place must be there. Identity keys are sealed here and never
leave: not in an answer, a message or a log. An import again updates what has the same id.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import insert_new
from app.kernel.ids import derived_id
from app.security.sealing import seal
from geofences.beacons.ephemeral import agreed_key, public_key
from geofences.beacons.errors import BeaconImportRefused
from geofences.beacons.frames import FRAME_REASONS, Kind, Malformed, read_words
from geofences.beacons.models import BeaconRow, BeaconVersionRow, ZoneRow
from geofences.beacons.repository import KEY_PURPOSE
from geofences.beacons.rotation import MOST_EXPONENT, WRAP_S, WrongKey
from geofences.beacons.sightings import Refused, read_address
from geofences.beacons.transmitters import Beacon, Registry, Zone, is_default
from geofences.models import PlaceRow

MOST_ROWS = 100_000
NUMBERS = ("major", "minor", "tx_power_dbm", "lat", "lon", "exponent", "clock_s")


@dataclass(frozen=True, slots=True)
class BeaconReport:
    """`notices`: one line each, where an id is shared or a vendor's default and no address tells the beacons apart."""

    zones: int
    beacons: int
    notices: tuple[str, ...]


class _Wrong(Exception):
    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(f"{field}: {remedy}")


def read_csv(text: str) -> list[dict[str, Any]]:
    """Rows of a CSV file with a header, numbers read as such; empty cells are left out."""
    rows: list[dict[str, Any]] = []
    for raw in csv.DictReader(io.StringIO(text)):
        row: dict[str, Any] = {
            k.strip(): v.strip() for k, v in raw.items() if isinstance(k, str) and isinstance(v, str) and v.strip()
        }
        for name in NUMBERS:
            if name in row:
                with contextlib.suppress(ValueError):  # the check of the member says what is wrong with it
                    row[name] = float(row[name]) if "." in row[name] else int(row[name])
        rows.append(row)
    return rows


def import_beacons(session: Session, rows: object, *, at: datetime) -> BeaconReport:
    """Raises `BeaconImportRefused` (422) naming each row and what to mend; then nothing was changed."""
    several = _several(rows)
    zones, beacons = _checked(several, set(session.scalars(select(PlaceRow.id))), at)
    _write(session, zones, beacons)
    return BeaconReport(len(zones), len(beacons), _notices(session))


def offline(rows: object) -> Registry:
    """A registry straight from the rows of an import, whatever their places; rotating beacons are left out: their keys are not for files."""
    several = _several(rows)
    lasting = [r for r in several if isinstance(r, Mapping) and not {"identity_key", "beacon_public", "eid"} & r.keys()]
    places = {str(p) for r in lasting for p in (r.get("place_id"), r.get("within_place_id")) if p}
    zones, beacons = _checked(lasting, places, datetime.fromtimestamp(0, UTC))
    known = [Zone(z["id"], z["place_id"], z["name"], z["floor"], z["within_place_id"] or "") for z in zones.values()]
    names = ("id", "zone_id", "kind", "identity", "address", "power_dbm", "lat_deg", "lon_deg")
    return Registry(known, [Beacon(*(b[name] for name in names)) for b in beacons.values()])


def _several(rows: object) -> list[Any]:
    if not isinstance(rows, list) or not rows:
        raise BeaconImportRefused('beacons: send {"beacons": [...]} with at least one beacon')
    several = cast("list[Any]", rows)
    if len(several) > MOST_ROWS:
        raise BeaconImportRefused(f"beacons: at most {MOST_ROWS:,} in one import; send several")
    return several


def _checked(
    several: list[Any], places: set[str], at: datetime
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Zones and beacons by id; raises `BeaconImportRefused` with every problem."""
    zones: dict[str, dict[str, Any]] = {}
    beacons: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for number, raw in enumerate(several):
        try:
            zone, beacon = _read(raw, places, at)
            _add(zones, zone, "within_place_id", "two rows of one zone name different places around it")
            _add(beacons, beacon, "id", "another row has it too")
        except _Wrong as wrong:
            problems.append(f"beacons[{number}].{wrong}")
    if problems:
        tail = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BeaconImportRefused(problems[0] + tail, extra={"problems": problems[:100]})
    return zones, beacons


def _add(known: dict[str, dict[str, Any]], row: dict[str, Any], field: str, remedy: str) -> None:
    """A zone stands in the row of each of its beacons; a beacon stands once."""
    if row["id"] in known and ("zone_id" in row or known[row["id"]] != row):
        raise _Wrong(field, remedy)
    known[row["id"]] = row


def _read(raw: object, places: set[str], at: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(raw, Mapping):
        raise _Wrong("", "a beacon is an object")
    row = cast("Mapping[str, Any]", raw)
    place_id = _text(row, "place_id", 40)
    if place_id not in places:
        raise _Wrong("place_id", "no such place; import places first")
    within = _text(row, "within_place_id", 40, needed=False)
    if within and within not in places:
        raise _Wrong("within_place_id", "no such place; import places first")
    floor = _text(row, "floor", 40, needed=False)
    name = _text(row, "zone", 200, needed=False) or "whole place"
    zone_id = derived_id("zon", place_id, floor, name)
    zone = {
        "id": zone_id,
        "place_id": place_id,
        "name": name,
        "floor": floor,
        "within_place_id": within or None,
        "changed_at": at,
    }
    return zone, {"zone_id": zone_id, "changed_at": at, **_read_beacon(row, at)}


def _read_beacon(row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    lat, lon = _number(row, "lat", -90, 90), _number(row, "lon", -180, 180)
    if (lat is None) != (lon is None):
        raise _Wrong("lat" if lat is None else "lon", "lat and lon come together")
    try:
        address = read_address(row.get("address"))
    except Refused as refused:
        raise _Wrong("address", refused.remedy) from None
    found: dict[str, Any] = {"address": address, "lat_deg": lat, "lon_deg": lon}
    if row.get("kind") == Kind.EDDYSTONE_EID or "identity_key" in row or "beacon_public" in row:
        found |= {"kind": Kind.EDDYSTONE_EID.value, "identity": "", "power_dbm": _number(row, "tx_power_dbm", -127, 20)}
        beacon_id = _text(row, "id", 40)
        return {"id": beacon_id, **found, **_rotation(row, beacon_id, at)}
    try:
        frame = read_words(
            row if row.get("kind") != Kind.ALTBEACON else {**row, "id": row.get("altbeacon_id", row.get("id"))}
        )
    except Malformed as malformed:
        raise _Wrong(malformed.field, FRAME_REASONS[malformed.reason]) from None
    found |= {
        "kind": frame.kind.value,
        "identity": frame.identity,
        "power_dbm": None if frame.power_dbm is None else float(frame.power_dbm),
    }
    given = (
        _text(row, "id", 40, needed=False)
        if frame.kind is not Kind.ALTBEACON
        else _text(row, "beacon_id", 40, needed=False)
    )
    beacon_id = given or derived_id("bcn", frame.kind.value, frame.identity, address)
    return {"id": beacon_id, **found, "identity_key": None, "exponent": None, "set_at": None, "set_clock_s": None}


def _rotation(row: Mapping[str, Any], beacon_id: str, at: datetime) -> dict[str, Any]:
    key = _key(row)
    exponent, clock_s = _number(row, "exponent", 0, MOST_EXPONENT), _number(row, "clock_s", 0, WRAP_S - 1)
    if exponent is None or clock_s is None:
        raise _Wrong(
            "exponent" if exponent is None else "clock_s",
            "a rotating beacon needs it: how often it changes, and what its clock shows now",
        )
    return {
        "identity_key": seal(KEY_PURPOSE, key, beacon_id.encode()),
        "exponent": int(exponent),
        "set_at": at,
        "set_clock_s": int(clock_s),
    }


def _key(row: Mapping[str, Any]) -> bytes:
    """The key itself, or what it is agreed from: our private and the beacon's public key."""
    try:
        if "identity_key" in row:
            key = _bytes(row, "identity_key", 16)
        else:
            ours, theirs = _bytes(row, "resolver_private", 32), _bytes(row, "beacon_public", 32)
            key = agreed_key(ours, theirs, resolver_public=public_key(ours), beacon_public=theirs)
    except WrongKey as wrong:
        raise _Wrong("beacon_public", str(wrong)) from None
    return key


def _bytes(row: Mapping[str, Any], name: str, size: int) -> bytes:
    text = row.get(name)
    try:
        raw = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise _Wrong(name, f"{2 * size} hexadecimal digits")
    return raw


def _text(row: Mapping[str, Any], name: str, most: int, *, needed: bool = True) -> str:
    value = row.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value.strip() or len(value) > most or "\x00" in value:
        raise _Wrong(name, f"text of 1 to {most} characters")
    return value.strip()


def _number(row: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _Wrong(name, f"a number from {least:g} to {most:g}")
    return float(value)


def _write(session: Session, zones: Mapping[str, dict[str, Any]], beacons: Mapping[str, dict[str, Any]]) -> None:
    for model, rows in ((ZoneRow, zones), (BeaconRow, beacons)):
        columns = tuple(next(iter(rows.values())))
        values = [tuple(row[name] for name in columns) for row in rows.values()]
        insert_many(session, model, columns, values, unique=("id",), replace=[name for name in columns if name != "id"])
    insert_new(session, BeaconVersionRow, {"id": 1, "version": 0}, unique=["id"])
    found = session.get(BeaconVersionRow, 1, with_for_update=True)
    if found is not None:
        found.version += 1


def _notices(session: Session) -> tuple[str, ...]:
    """Ids that do not tell one beacon from another by themselves."""
    alike: dict[tuple[str, str], list[str]] = {}
    for kind, identity, address in session.execute(select(BeaconRow.kind, BeaconRow.identity, BeaconRow.address)):
        if identity:
            alike.setdefault((kind, identity), []).append(address)
    shared = [(key, found) for key, found in sorted(alike.items()) if len(found) > 1 or is_default(key[1])]
    out = [
        f"{kind} {identity}: {len(found)} beacons, {found.count('')} of them without address, are told apart by their neighbours only"
        for (kind, identity), found in shared
        if "" in found
    ]
    return tuple(out[:20])
