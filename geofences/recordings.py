"""Read recorded tracks: CSV (also gzipped), GPX and NDJSON, from any tool, with what real files contain.

Owns the reading of files into samples per device. A file that is not what it claims is refused with one line that names
file and line; a single row that makes no sense is left out and reported. It must not detect anything, and its messages
hold no coordinate.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import xml.parsers.expat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from app.kernel.errors import AppError
from geofences.track import DEFAULT_ACCURACY_M, Sample

SUFFIXES = (".csv", ".csv.gz", ".gpx", ".ndjson", ".jsonl")
MAX_FILE_BYTES = 1_000_000_000
HDOP_TO_M = 5.0
"""Accuracy of a receiver at HDOP 1 (metres), to read a GPX `hdop` as an accuracy."""


class UnreadableRecording(AppError):
    """The recording is not what its name says; the message names file, line and remedy."""

    status = 422
    code = "unreadable_recording"


@dataclass(slots=True)
class Recordings:
    """`tracks`: samples by device. `notices`: one line each; rows left out are counted per file and reason."""

    tracks: dict[str, list[Sample]] = field(default_factory=dict[str, list[Sample]])
    notices: list[str] = field(default_factory=list[str])


class _BadRow(Exception):
    """Why this row is left out."""


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files named, and of folders named every recording in them, by name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and p.name.lower().endswith(SUFFIXES))
            if not inside:
                raise UnreadableRecording(f"{path}: no recording in this folder; expected {', '.join(SUFFIXES)}")
            found.extend(inside)
        elif not path.exists():
            raise UnreadableRecording(f"{path}: no such file")
        else:
            found.append(path)
    return found


def read_recordings(paths: Iterable[Path]) -> Recordings:
    """All files together; the same device in several files is one track."""
    out = Recordings()
    for path in files_in(paths):
        _read_file(path, out)
    return out


def _device_of(path: Path) -> str:
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def _read_file(path: Path, out: Recordings) -> None:
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise UnreadableRecording(f"{path}: unknown kind of file; expected {', '.join(SUFFIXES)}")
    skipped: dict[str, list[int]] = {}
    found, seconds_told = 0, False
    try:
        if name.endswith(".gpx"):
            rows = _gpx_rows(path)
        elif name.endswith((".ndjson", ".jsonl")):
            rows = _ndjson_rows(path)
        else:
            rows = _csv_rows(path)
        for line, row in rows:
            try:
                device, sample, milliseconds = _sample(row, _device_of(path))
            except _BadRow as bad:
                skipped.setdefault(str(bad), []).append(line)
                continue
            if milliseconds and not seconds_told:
                out.notices.append(f"{path}: line {line}: ts is in milliseconds; read as such")
                seconds_told = True
            found += 1
            out.tracks.setdefault(device, []).append(sample)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error, csv.Error, OSError) as error:
        raise UnreadableRecording(f"{path}: cannot be read: {_words(error)}") from None
    for reason, lines in skipped.items():
        out.notices.append(
            f"{path}: line {lines[0]}: {reason}; {len(lines)} row{'s' if len(lines) > 1 else ''} left out"
        )
    if not found:
        why = f"line {next(iter(skipped.values()))[0]}: {next(iter(skipped))}" if skipped else "it holds no fix"
        raise UnreadableRecording(f"{path}: no usable fix; {why}")


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text at byte {error.start}"
    return str(error) or type(error).__name__


# -- one row ---------------------------------------------------------------------------------------------------------


def _sample(row: Mapping[str, object], device: str) -> tuple[str, Sample, bool]:
    at_s, milliseconds = _time(row.get("ts", row.get("occurred_at")))
    lat = _number(row.get("lat"), "lat")
    lon = _number(row.get("lon"), "lon")
    if lat is None or lon is None:
        raise _BadRow("lat or lon is missing")
    if not -90 <= lat <= 90:
        raise _BadRow("lat is outside -90..90")
    if not -180 <= lon <= 180:
        raise _BadRow("lon is outside -180..180")
    accuracy = _number(row.get("accuracy_m"), "accuracy_m")
    if accuracy is not None and accuracy < 0:
        raise _BadRow("accuracy_m is negative, which phones send for an invalid position")
    speed = _number(row.get("speed_mps"), "speed_mps")
    named = row.get("device")
    sample = Sample(
        at_s=at_s,
        id=f"{at_s:.3f},{lat:.7f},{lon:.7f}",
        lat_deg=lat,
        lon_deg=lon,
        accuracy_m=DEFAULT_ACCURACY_M if accuracy is None else accuracy,
        speed_mps=speed if speed is not None and speed >= 0 else None,
        mocked=str(row.get("mocked", "")).strip().lower() in ("1", "true", "yes"),
    )
    return (str(named) if named not in (None, "") else device), sample, milliseconds


def _number(value: object, what: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(cast("str", value)) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        raise _BadRow(f"{what} is not a number") from None
    if not math.isfinite(number):
        raise _BadRow(f"{what} is not a finite number")
    return number


def _time(value: object) -> tuple[float, bool]:
    """Epoch seconds of a row's time; milliseconds are recognised by their size (the year 5138 in seconds)."""
    if value is None or value == "":
        raise _BadRow("ts is missing")
    try:
        at_s = float(cast("str", value))
    except (TypeError, ValueError):
        at_s = _iso_s(str(value))
    if not math.isfinite(at_s) or at_s <= 0:
        raise _BadRow("ts is not a time after 1970")
    milliseconds = 1e11 <= at_s < 1e14
    if milliseconds:
        at_s /= 1000
    if at_s >= 1e11:
        raise _BadRow("ts is not a plausible time; use epoch seconds or ISO 8601")
    return at_s, milliseconds


def _iso_s(text: str) -> float:
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise _BadRow("ts is neither epoch seconds nor ISO 8601") from None


# -- kinds of file ---------------------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = [c.strip() for c in reader.fieldnames or []]
        missing = [c for c in ("ts", "lat", "lon") if c not in columns]
        if missing:
            raise UnreadableRecording(
                f"{path}: line 1: column {', '.join(missing)} is missing; expected device,ts,lat,lon,accuracy_m"
            )
        reader.fieldnames = columns
        for row in reader:
            yield reader.line_num, row


def _ndjson_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise UnreadableRecording(f"{path}: line {number}: not a JSON object") from None
            if not isinstance(row, dict):
                raise UnreadableRecording(f"{path}: line {number}: not a JSON object")
            yield number, cast("dict[str, object]", row)


def _gpx_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UnreadableRecording(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    reader = _GpxReader(path)
    with path.open("rb") as file:
        try:
            reader.parser.ParseFile(file)
        except xml.parsers.expat.ExpatError as error:
            words = xml.parsers.expat.errors.messages[error.code]
            raise UnreadableRecording(f"{path}: line {error.lineno}: not well-formed XML: {words}") from None
    if not reader.is_gpx:
        raise UnreadableRecording(f"{path}: line 1: not a GPX document")
    if not reader.rows:
        raise UnreadableRecording(f"{path}: holds no track point")
    if all("ts" not in row for _, row in reader.rows):
        raise UnreadableRecording(
            f"{path}: line {reader.rows[0][0]}: no track point has a time; without times there are no visits"
        )
    yield from reader.rows


class _GpxReader:
    """Track points of GPX 1.0 and 1.1. Document types are refused: they are how XML smuggles entities."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_gpx = False
        self.rows: list[tuple[int, dict[str, object]]] = []
        self._point: dict[str, object] | None = None
        self._path: list[str] = []
        self._text = ""
        self.parser = xml.parsers.expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, *_: Any) -> None:
        raise UnreadableRecording(
            f"{self.path}: line {self.parser.CurrentLineNumber}: document types are not accepted in GPX"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit(":", 1)[-1]
        if not self._path:
            self.is_gpx = name == "gpx"
        self._path.append(name)
        if len(self._path) > 100:
            raise UnreadableRecording(f"{self.path}: line {self.parser.CurrentLineNumber}: nested too deeply")
        self._text = ""
        if name == "trkpt":
            self._point = {"lat": attributes.get("lat"), "lon": attributes.get("lon")}
            self.rows.append((self.parser.CurrentLineNumber, self._point))

    def _end(self, _tag: str) -> None:
        name = self._path.pop()
        point, text = self._point, self._text.strip()
        self._text = ""
        if name == "trkpt":
            self._point = None
        elif point is not None and text:
            if name == "time":
                point["ts"] = text
            elif name == "speed":
                point["speed_mps"] = text
            elif name in ("accuracy", "accuracy_m"):
                point["accuracy_m"] = text
            elif name == "hdop" and "accuracy_m" not in point:
                try:
                    point["accuracy_m"] = max(0.0, float(text)) * HDOP_TO_M
                except ValueError:
                    return

    def _characters(self, data: str) -> None:
        self._text += data
