"""Batches of fixes as they arrive: JSON, one JSON object a line, or ready columns; each fix accepted or refused for itself.

Owns the way from bytes to checked columns. A batch without fault is read in columns, thousands at a time; one fault, and the
whole batch is read again item by item (geofences/fixes.py), which names each. Both ways give the same answer; a test compares.
Pure: the time of receipt is an argument. Its words hold no coordinate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from geofences.columns import FixColumns, Floats, Ints, of_samples
from geofences.fixes import (
    CLOCK_AHEAD_S,
    MAX_ACCURACY_M,
    MILLISECONDS_FROM,
    MOST_AHEAD_S,
    MOST_SPEED_MPS,
    FixResult,
    Refused,
    read_fix,
)
from geofences.reasons import FIX_REASONS, FixReason
from geofences.track import DEFAULT_ACCURACY_M, Key, Sample

MAX_ID_LENGTH = 100


class UnreadableBatch(ValueError):
    """The body as a whole is not a batch; the message says what to send."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read: `key` is the calling device, None when a server says of each fix whose it is."""

    key: Key | None
    received_s: float
    max_age_s: float
    milliseconds: bool = False


_write = msgspec.json.Encoder().encode


@lru_cache(maxsize=64)
def _plain_rows(count: int) -> bytes:
    """The rows of a batch in which everything was accepted and nothing had an id."""
    return _write([FixResult(i, "accepted") for i in range(count)])


@dataclass(slots=True)
class Results:
    """What became of each fix, in the order of the batch; only what is not plainly accepted is kept as a row."""

    count: int
    ids: Sequence[str | None] | None = None
    others: dict[int, FixResult] = field(default_factory=dict[int, FixResult])

    def number(self, status: str) -> int:
        """How many have this status: accepted, duplicate, refused."""
        named = sum(r.status == status for r in self.others.values())
        return self.count - len(self.others) if status == "accepted" else named

    def rows(self) -> list[FixResult]:
        """A row for each fix."""
        ids = self.ids
        return [self.others.get(i) or FixResult(i, "accepted", id=ids[i] if ids else None) for i in range(self.count)]

    def to_json(self) -> bytes:
        """The answer: how many of each, and a row for each fix."""
        refused, duplicate = self.number("refused"), self.number("duplicate")
        counts = f'"accepted":{self.count - refused - duplicate},"duplicate":{duplicate},"refused":{refused}'
        plain = self.ids is None and not self.others
        rows = _plain_rows(self.count) if plain else _write(self.rows())
        return b"{" + counts.encode() + b',"results":' + rows + b"}"

    def mark(self, index: int, status: str, reason: FixReason | None = None, of: str = "") -> None:
        """Say that a fix is not plainly accepted."""
        remedy = FIX_REASONS[reason] if reason else None
        named = f"fixes[{index}]" + (f".{of}" if of else "") if reason else None
        known = self.ids[index] if self.ids else None
        self.others[index] = FixResult(index, status, str(reason) if reason else None, named, remedy, known)

    def repeated(self) -> None:
        """The whole batch was sent before."""
        for index in range(self.count):
            if index not in self.others:
                self.mark(index, "duplicate")


@dataclass(frozen=True, slots=True)
class Batch:
    """`columns` holds what is accepted; `place` says for each of its rows which fix of the batch it was."""

    columns: FixColumns
    place: Ints
    results: Results

    def refusing(self, wrong: Mapping[int, FixReason], of: str) -> Batch:
        """Without the fixes of the keys numbered in `wrong`; each is refused for the reason given."""
        if not wrong:
            return self
        bad = np.isin(self.columns.key_no, list(wrong))
        for place, key_no in zip(self.place[bad].tolist(), self.columns.key_no[bad].tolist(), strict=True):
            self.results.mark(place, "refused", wrong[key_no], of)
        gone = frozenset(self.columns.keys[no] for no in wrong)
        kept = self.columns.take(~bad)
        left = [no for no, key in enumerate(self.columns.keys) if key not in gone]
        number = np.full(len(self.columns.keys), -1, dtype=np.int64)
        number[left] = np.arange(len(left))
        return Batch(kept.renumbered(tuple(self.columns.keys[no] for no in left), number), self.place[~bad], self.results)


class _Fix(msgspec.Struct, gc=False):
    """A fix in which every field has the type it should have; anything else is read by `read_fix`."""

    ts: float
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    bearing_deg: float | None = None
    mocked: bool = False
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID_LENGTH)] | None = None
    shopper_id: str | None = None
    device_id: str | None = None


class _Body(msgspec.Struct, gc=False):
    fixes: list[_Fix]


_read_body = msgspec.json.Decoder(_Body).decode
_read_lines = msgspec.json.Decoder(_Fix).decode_lines


def of_json(raw: bytes, how: Reading, most: int) -> Batch:
    """`{"fixes": [...]}`. Raises `UnreadableBatch` when it is not that, or holds more than `most`."""
    try:
        fixes = _read_body(raw).fixes
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        document = _document(raw)
        items: object = cast("dict[str, Any]", document).get("fixes") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise UnreadableBatch('send {"fixes": [...]}') from None
        return of_objects(_bounded(cast("list[Any]", items), most), how)
    return _of_fixes(_bounded(fixes, most), how) or of_objects(_document(raw)["fixes"], how)


def of_lines(raw: bytes, how: Reading, most: int) -> Batch:
    """One JSON object a line; a line that is none is refused as one fix. Empty lines count for nothing."""
    try:
        fixes = _read_lines(raw)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        fixes = None
    taken = _of_fixes(_bounded(fixes, most), how) if fixes is not None else None
    if taken is not None:
        return taken
    lines = [line for line in raw.splitlines() if line.strip()]
    return of_objects([_line(line) for line in _bounded(lines, most)], how)


def _line(line: bytes) -> Any:
    try:
        return _document(line)
    except UnreadableBatch:
        return None


def _document(raw: bytes) -> Any:
    """With Python's own reader, which takes NaN and infinity: they are refused by the field they stand in."""
    try:
        return json.loads(raw)
    except (RecursionError, UnicodeDecodeError, ValueError):
        raise UnreadableBatch("this is not JSON in UTF-8") from None


def _bounded(items: list[Any], most: int) -> list[Any]:
    if len(items) > most:
        raise TooMany(most)
    return items


class TooMany(UnreadableBatch):
    """More fixes than one request may carry."""

    def __init__(self, most: int) -> None:
        super().__init__(f"at most {most} in one request; send several")
        self.most = most


def _of_fixes(fixes: list[_Fix], how: Reading) -> Batch | None:
    count = len(fixes)
    ids = [f.id for f in fixes] if any(f.id is not None for f in fixes) else None
    whose: list[tuple[str | None, str | None]] | None = None
    if how.key is None:
        whose = [(f.shopper_id, f.device_id) for f in fixes]
    return of_columns(
        {
            "ts": np.fromiter([f.ts for f in fixes], np.float64, count),
            "lat": np.fromiter([f.lat for f in fixes], np.float64, count),
            "lon": np.fromiter([f.lon for f in fixes], np.float64, count),
            "accuracy_m": np.array([f.accuracy_m for f in fixes], dtype=np.float64),
            "speed_mps": np.array([f.speed_mps for f in fixes], dtype=np.float64),
        },
        np.fromiter([f.mocked for f in fixes], np.bool_, count),
        whose,
        how,
        ids,
    )


def of_columns(
    columns: Mapping[str, Floats],
    mocked: NDArray[np.bool_],
    whose: Sequence[tuple[str | None, str | None]] | None,
    how: Reading,
    ids: Sequence[str | None] | None = None,
) -> Batch | None:
    """Columns ts, lat, lon, accuracy_m, speed_mps (NaN: not said), one entry a fix; None as soon as one fix is not plainly good."""
    said, lat, lon = columns["ts"], columns["lat"], columns["lon"]
    accuracy, speed = columns["accuracy_m"], columns["speed_mps"]
    at = said
    if how.milliseconds:
        at = np.where(said >= MILLISECONDS_FROM, said / 1000, said)
    good = (at > 0) & (at < MILLISECONDS_FROM)
    good &= (at <= how.received_s + MOST_AHEAD_S) & (at >= how.received_s - how.max_age_s)
    good &= (lat >= -90) & (lat <= 90) & (lon >= -180) & (lon <= 180)
    unsaid = np.isnan(accuracy)
    good &= unsaid | ((accuracy >= 0) & (accuracy <= MAX_ACCURACY_M))
    if not good.all() or np.isinf(speed).any():
        return None
    found = _keys(whose, len(said), how)
    if found is None:
        return None
    keys, key_no = found
    age = np.maximum(0.0, np.round(how.received_s - at, 3))
    read = FixColumns(
        keys,
        key_no,
        _set_clocks(at, key_no, len(keys), how.received_s),
        at,
        lat,
        lon,
        np.where(unsaid, DEFAULT_ACCURACY_M, accuracy),
        np.where((speed >= 0) & (speed <= MOST_SPEED_MPS), speed, np.nan),
        age,
        mocked,
    )
    return _once(read, Results(len(said), ids))


def _keys(
    whose: Sequence[tuple[str | None, str | None]] | None, count: int, how: Reading
) -> tuple[tuple[Key, ...], Ints] | None:
    if how.key is not None:
        return (how.key,), np.zeros(count, dtype=np.int64)
    pairs = whose or ()
    numbers: dict[tuple[str | None, str | None], int] = {}
    key_no = np.array([numbers.setdefault(pair, len(numbers)) for pair in pairs], dtype=np.int64)
    if len(_seen) > MOST_SEEN:
        _seen.clear()
    keys = list(map(_seen.get, numbers))
    if None in keys:
        for no, pair in enumerate(numbers):
            if keys[no] is None:
                if not (_is_id(pair[0]) and _is_id(pair[1])):
                    return None
                keys[no] = _seen[pair] = Key(cast("str", pair[0]), cast("str", pair[1]))
    return tuple(cast("list[Key]", keys)), key_no


MOST_SEEN = 200_000
_seen: dict[tuple[str | None, str | None], Key] = {}
"""Pairs that were found to be well-formed: a server sends the same ones again and again. Says nothing of whether they exist."""


def _is_id(value: object) -> bool:
    """Whether a text could be an id of ours; anything else need not be looked up."""
    return isinstance(value, str) and 0 < len(value) <= 40 and value.isascii() and value.isprintable()


def _set_clocks(at: Floats, key_no: Ints, keys: int, received_s: float) -> Floats:
    """Nothing happens after it was received: a phone's clock up to 30 s ahead shifts its fixes, what is further ahead is now."""
    ahead = at - received_s
    if not (ahead > 0).any():
        return at
    shift = np.zeros(keys)
    near = ahead <= CLOCK_AHEAD_S
    np.maximum.at(shift, key_no[near], ahead[near])
    return np.minimum(received_s, at - np.maximum(0.0, shift)[key_no])


def _once(read: FixColumns, results: Results) -> Batch:
    """The batch without fixes it holds twice."""
    place = np.arange(len(read))
    identities = read.identities()
    mixed = identities @ _MIX
    order = np.argsort(mixed, kind="stable")
    if not (mixed[order[1:]] == mixed[order[:-1]]).any():
        return Batch(read, place, results)
    seen: set[tuple[int, ...]] = set()
    again: list[int] = []
    rows: list[list[int]] = identities.tolist()
    for index, identity in enumerate(tuple(row) for row in rows):
        if identity in seen:
            again.append(index)
            results.mark(index, "duplicate")
        seen.add(identity)
    kept = np.delete(place, again)
    return Batch(read.take(kept), kept, results)


_MIX = np.array([0x9E3779B97F4A7C1, 0x1B873593CC9E2D5, 0x2545F4914F6CDD1, 0x61C8864680B583F], dtype=np.int64)
"""Odd multipliers; equal fixes give equal sums, and different ones hardly ever do (those are looked at once more)."""


def of_objects(raws: Sequence[Any], how: Reading) -> Batch:
    """Item by item, naming each fault."""
    results = Results(len(raws), [_given_id(raw) for raw in raws])
    tracks: dict[Key, list[Sample]] = {}
    places: dict[Key, list[int]] = {}
    for index, raw in enumerate(raws):
        try:
            key = how.key or _whose(raw)
            sample = read_fix(raw, received_s=how.received_s, max_age_s=how.max_age_s, milliseconds=how.milliseconds)
        except Refused as refused:
            results.mark(index, "refused", refused.reason, refused.field)
            continue
        tracks.setdefault(key, []).append(sample)
        places.setdefault(key, []).append(index)
    columns = of_samples(tracks)
    at = _set_clocks(columns.at_s, columns.key_no, len(tracks), how.received_s)
    place = np.array([p for several in places.values() for p in several], dtype=np.int64)
    order = np.argsort(place)
    in_order = columns.moved_to(at).take(order)
    taken = _once(in_order, Results(len(raws)))
    for index in taken.results.others:
        results.mark(int(place[order][index]), "duplicate")
    return Batch(taken.columns, place[order][taken.place], results)


def _whose(raw: Any) -> Key:
    if not isinstance(raw, Mapping):
        raise Refused("", FixReason.NOT_AN_OBJECT)
    named = cast("Mapping[str, Any]", raw)
    for name in ("shopper_id", "device_id"):
        if not _is_id(named.get(name)):
            raise Refused(name, FixReason.WHOSE_MISSING)
    return Key(named["shopper_id"], named["device_id"])


def _given_id(raw: object) -> str | None:
    given = cast("Mapping[str, Any]", raw).get("id") if isinstance(raw, Mapping) else None
    return given[:MAX_ID_LENGTH] if isinstance(given, str) else None
