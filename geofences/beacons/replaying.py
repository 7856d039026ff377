"""Replay of sightings: recorded words of beacons through the same pure detector the live runner uses.

Owns the way from files to rows of output. It must not store anything. Without a list of beacons, every transmitter address is a zone of its own.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kernel.errors import AppError
from geofences.beacons.hearing import HearingRules, HearingState, advance_sightings
from geofences.beacons.importing import offline, read_csv
from geofences.beacons.sightings import Refused, Sighting, read_sighting
from geofences.beacons.transmitters import Beacon, Registry, Zone
from geofences.replaying import transition_row
from geofences.track import Key

LONG_AGO_S = 1e12


class UnreadableSightings(AppError):
    """A file of sightings cannot be used; the message names the file, the line and the reason."""

    status = 422
    code = "unreadable_sightings"


@dataclass(frozen=True, slots=True)
class SightingReplay:
    """`rows`: zone transitions, device by device in order of time. `notices`: one line each, for people."""

    rows: Iterator[dict[str, Any]]
    notices: tuple[str, ...]


def replay_sightings(
    paths: Iterable[Path], beacons: Path | None = None, rules: HearingRules | None = None
) -> SightingReplay:
    """Zone transitions over files: CSV (path_id or device, ts_ms or ts, rssi, uuid, major, minor, mac) or NDJSON as sent to the server.

    `beacons`: CSV or JSON as `moments beacons import` takes it; zones are then its zones. Raises `UnreadableSightings` before the first row.
    """
    by_device: dict[str, list[Sighting]] = {}
    refused: dict[str, int] = {}
    for path in _files(paths):
        _read(path, by_device, refused)
    if not by_device:
        raise UnreadableSightings("no sightings in these files")
    registry = _registry(beacons) if beacons else _by_address(by_device)
    notices = tuple(f"{count} sightings left out: {reason}" for reason, count in sorted(refused.items()))

    def rows() -> Iterator[dict[str, Any]]:
        for device in sorted(by_device):
            state = HearingState()
            _, found, _ = advance_sightings(state, by_device[device], math.inf, registry, Key(device, device), rules)
            for t in sorted(found, key=lambda t: (t.decided_s, t.fence_id, t.at_s)):
                row = transition_row(t)
                row["zone"] = registry.zones[t.fence_id].name if t.fence_id in registry.zones else t.fence_id
                yield row

    return SightingReplay(rows(), notices)


def _files(paths: Iterable[Path]) -> list[Path]:
    out: list[Path] = []
    for path in paths:
        found = (
            sorted(p for p in path.rglob("*") if p.name.endswith((".csv", ".csv.gz", ".ndjson")))
            if path.is_dir()
            else [path]
        )
        out += [p for p in found if not path.is_dir() or "waypoint" not in p.name]
    return out


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except OSError as error:
        raise UnreadableSightings(f"{path}: cannot be read: {error.strerror or type(error).__name__}") from None
    except (UnicodeDecodeError, EOFError):
        raise UnreadableSightings(f"{path}: not UTF-8 text, or cut short") from None


def _read(path: Path, by_device: dict[str, list[Sighting]], refused: dict[str, int]) -> None:
    lines = _ndjson(path) if path.name.endswith(".ndjson") else _csv(path)
    for device, raw in lines:
        try:
            by_device.setdefault(device, []).append(read_sighting(raw, received_s=LONG_AGO_S, max_age_s=math.inf))
        except Refused as why:
            refused[f"{why.field or 'line'}: {why.remedy}"] = refused.get(f"{why.field or 'line'}: {why.remedy}", 0) + 1


def _ndjson(path: Path) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
        except (ValueError, RecursionError):
            raise UnreadableSightings(f"{path}: line {number}: not a JSON object") from None
        if not isinstance(raw, dict):
            raise UnreadableSightings(f"{path}: line {number}: not a JSON object")
        yield str(raw.get("device", path.stem)), raw


def _csv(path: Path) -> Iterator[tuple[str, object]]:
    reader = csv.DictReader(io.StringIO(_text(path)))
    names = set(reader.fieldnames or ())
    if "rssi" not in names and "rssi_dbm" not in names:
        raise UnreadableSightings(f"{path}: line 1: no column rssi or rssi_dbm; a header is needed")
    for row in reader:
        at = row.get("ts_ms")
        raw: dict[str, object] = {
            "ts": _number(at, 1e-3) if at else _number(row.get("ts"), 1),
            "rssi_dbm": _number(row.get("rssi") or row.get("rssi_dbm"), 1),
            "address": row.get("mac") or row.get("address") or "",
        }
        if row.get("advertisement"):
            raw["advertisement"] = row["advertisement"]
        raw |= {k: row[k] for k in ("uuid", "namespace", "instance", "eid", "id", "kind") if row.get(k)}
        raw |= {k: _number(row[k], 1) for k in ("major", "minor", "lat", "lon", "accuracy_m") if row.get(k)}
        yield row.get("path_id") or row.get("device") or path.stem, raw


def _number(text: str | None, scale: float) -> float | str | None:
    """The number, else the text as it is: the check of a sighting names what is wrong with it."""
    try:
        return float(text or "") * scale
    except ValueError:
        return text


def _by_address(by_device: dict[str, list[Sighting]]) -> Registry:
    heard = {s.address: s for sightings in by_device.values() for s in sightings if s.address}
    named = sorted(
        {(s.kind, s.identity, s.address) for sightings in by_device.values() for s in sightings if s.address}
    )
    zones = [Zone(address, address, address, "") for address in sorted(heard)]
    return Registry(zones, [Beacon("/".join(n), n[2], *n) for n in named])


def _registry(path: Path) -> Registry:
    """Zones and beacons as the import would make them, with nothing of a database."""
    text = _text(path)
    try:
        document: Any = json.loads(text) if path.suffix == ".json" else {"beacons": read_csv(text)}
    except (ValueError, RecursionError):
        raise UnreadableSightings(f"{path}: not valid JSON") from None
    rows = document.get("beacons") if isinstance(document, dict) else document
    return offline(rows)
