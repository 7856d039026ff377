"""Replay: recorded tracks through the same pure detector the live runner uses.

Owns the way from files to rows of output. It must not store anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.kernel.errors import AppError
from geofences.geometry import parse_fences, read_shape
from geofences.index import Fence, FenceIndex
from geofences.levels import level_of
from geofences.recordings import read_recordings
from geofences.track import Key, TrackRules
from geofences.transitions import Transition
from geofences.visits import Visit, detect


class UnreadableFences(AppError):
    """The fences cannot be used; the message names the file, the feature and the reason."""

    status = 422
    code = "unreadable_fences"


@dataclass(frozen=True, slots=True)
class Replay:
    """`rows`: what was detected, device by device in order of time. `notices`: one line each, for people."""

    rows: Iterator[dict[str, Any]]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sensitive:
    """What the live engine would know of sensitive places: a GeoJSON file of them, where they lie unless they say so themselves
    (ISO 3166, or empty), and the day whose laws hold."""

    path: Path
    jurisdiction: str
    at: datetime


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableFences(f"{path}: cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError as error:
        raise UnreadableFences(f"{path}: not UTF-8 text at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise UnreadableFences(f"{path}: line {error.lineno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise UnreadableFences(f"{path}: nested too deeply") from None


def load_fences(path: Path, sensitive: Sensitive | None = None) -> tuple[FenceIndex, tuple[str, ...]]:
    """A GeoJSON file as an index; a fence is known by its feature's `id`, else its name. One too near a sensitive place is left out."""
    parsed = parse_fences(_document(path))
    if parsed.problems:
        first, more = parsed.problems[0], len(parsed.problems) - 1
        tail = f" (and {more} more)" if more else ""
        raise UnreadableFences(
            f"{path}: {first.feature}: {first.text}{tail}",
            extra={"problems": [(p.feature, p.reason) for p in parsed.problems]},
        )
    notices = tuple(f"{path}: {n.feature}: {n.text}" for n in parsed.notices)
    fences: list[Fence] = []
    used: set[str] = set()
    for feature in parsed.features:
        name = feature.external_id or feature.name
        while name in used:  # two features of one name, both without id
            name += "+"
        used.add(name)
        properties = feature.properties
        level = level_of(str(properties.get("kind", "store")), properties.get("level"))
        if level is None:
            raise UnreadableFences(f"{path}: {feature.label}: level must be a whole number from -9 to 9, or left out")
        fences.append(Fence(name, name, feature.name, feature.shape, level))
    if sensitive is not None:
        shut = too_near(fences, sensitive)
        fences = [fence for fence in fences if fence.id not in shut]
        if shut:
            notices += (f"{path}: {len(shut)} of {len(shut) + len(fences)} fences are too near a sensitive place; what happens there is not told",)
    return FenceIndex(fences), notices


def too_near(fences: Sequence[Fence], sensitive: Sensitive) -> frozenset[str]:
    """The ids of those of the fences that the live engine would not know (geofences/sensitive)."""
    from geofences.sensitive.adapters.osm_gateway import OsmGeoJson
    from geofences.sensitive.distance import Sensitive as SensitivePlace
    from geofences.sensitive.distance import SensitiveIndex
    from geofences.sensitive.importing import read_place
    from geofences.sensitive.kinds import Kind
    from geofences.sensitive.rules import REACH_M, UNKNOWN, rules_at

    places: list[SensitivePlace] = []
    for found in OsmGeoJson(_document(sensitive.path)).places():
        if found.kind is None:
            continue
        row, problems = read_place(found, "file", sensitive.jurisdiction, sensitive.at)
        if row is None:
            raise UnreadableFences(f"{sensitive.path}: {found.label}: {problems[0].text}")
        places.append(SensitivePlace(row["id"], row["kind"], row["jurisdiction"], read_shape(row["geometry"], row)))
    index, on = SensitiveIndex(places), sensitive.at.date()
    return frozenset(
        fence.id
        for fence in fences
        if any(
            one.distance_m <= rules_at(where or UNKNOWN, on)[Kind(kind)].distance_m
            for (kind, where), one in index.near(fence.shape, REACH_M).items()
        )
    )


def replay(
    fences_path: Path, fix_paths: Iterable[Path], rules: TrackRules | None = None, sensitive: Sensitive | None = None
) -> Replay:
    """Detect over files. Raises `UnreadableFences`, `SensitiveImportRefused` or `UnreadableRecording` before the first row."""
    fences, notices = load_fences(fences_path, sensitive)
    recordings = read_recordings(fix_paths)

    def rows() -> Iterator[dict[str, Any]]:
        for device in sorted(recordings.tracks):
            found = detect(Key(device, device), recordings.tracks[device], fences, rules)
            for transition in found.transitions:
                yield transition_row(transition)
            for visit in found.visits:
                yield visit_row(visit)

    return Replay(rows(), (*notices, *recordings.notices))


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def transition_row(t: Transition) -> dict[str, Any]:
    """One transition as it leaves the command; times are ISO 8601 and, with `_ts`, epoch seconds."""
    return {
        "type": "transition",
        "kind": t.kind.value,
        "device": t.device_id,
        "fence": t.fence_id,
        "at": _iso(t.at_s),
        "at_ts": round(t.at_s, 3),
        "decided_at": _iso(t.decided_s),
        "visit": t.visit_id or None,
        "dwell_s": t.dwell_s,
        "confidence": t.confidence,
        "why": t.why,
        "doubts": list(t.doubts),
    }


def visit_row(v: Visit) -> dict[str, Any]:
    """One visit. `ended_by` says how: left, or silent when nothing more was heard (also where the recording ends)."""
    ended_s = v.ended_s if v.ended_s is not None else v.seen_s
    return {
        "type": "visit",
        "device": v.device_id,
        "fence": v.fence_id,
        "started_at": _iso(v.started_s),
        "ended_at": _iso(ended_s),
        "dwell_s": int(ended_s - v.started_s),
        "confidence": v.confidence,
        "ended_by": v.ended_by,
        "started_ts": round(v.started_s, 3),
        "ended_ts": round(ended_s, 3),
        "visit": v.id,
        "parent": v.parent_id or None,
        "doubts": list(v.doubts),
    }
