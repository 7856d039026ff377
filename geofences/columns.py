"""Many fixes of many devices as columns: the shape in which they are checked, logged and detected.

Owns `FixColumns`, its bytes in the log, and the way back to a `Sample`. Pure. Must not decide anything about a fix.

Shapes: every array has one entry a fix; `key_no` says which of `keys` it is of. NaN in `speed_mps` is "not said".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from geofences.track import Key, Sample

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_FORM, _FORM_COARSE = 1, 2
_FLOATS = ("at_s", "reported_s", "lat_deg", "lon_deg", "accuracy_m", "speed_mps", "age_s")


class UnreadableColumns(ValueError):
    """These bytes are not columns of this release."""


@dataclass(frozen=True, slots=True)
class FixColumns:
    """Fixes in columns. `at_s` is event time (never after receipt), `reported_s` what the phone said; seconds since 1970."""

    keys: tuple[Key, ...]
    key_no: Ints
    at_s: Floats
    reported_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    accuracy_m: Floats
    speed_mps: Floats
    age_s: Floats
    mocked: Flags
    coarse: Flags | None = None
    """Which of them stand for a cell of some kilometres (geofences/coarsening.py); None: none does."""

    def __len__(self) -> int:
        return len(self.at_s)

    def take(self, rows: NDArray[Any]) -> FixColumns:
        """The fixes at `rows` (numbers or a mask); the keys stay as they are."""
        return FixColumns(
            self.keys,
            self.key_no[rows],
            self.at_s[rows],
            self.reported_s[rows],
            self.lat_deg[rows],
            self.lon_deg[rows],
            self.accuracy_m[rows],
            self.speed_mps[rows],
            self.age_s[rows],
            self.mocked[rows],
            self.coarse[rows] if self.coarse is not None else None,
        )

    def moved_to(self, at_s: Floats) -> FixColumns:
        """The same fixes at other event times."""
        return replace(self, at_s=at_s)

    def renumbered(self, keys: tuple[Key, ...], number: Ints) -> FixColumns:
        """The same fixes under other `keys`: `number` says for each key of now which one it is there."""
        return replace(self, keys=keys, key_no=number[self.key_no])

    def without(self, shopper_ids: frozenset[str]) -> FixColumns:
        """The fixes of everybody else; also their keys are gone."""
        stays = [no for no, key in enumerate(self.keys) if key.shopper_id not in shopper_ids]
        if len(stays) == len(self.keys):
            return self
        renumbered = np.full(len(self.keys), -1, dtype=np.int64)
        renumbered[stays] = np.arange(len(stays))
        kept = self.take(renumbered[self.key_no] >= 0)
        return kept.renumbered(tuple(self.keys[no] for no in stays), renumbered)

    def apart(self, group: Ints) -> Iterator[tuple[int, FixColumns]]:
        """The fixes group by group, each with its keys alone: `group` (keys,) says for each key into which it goes."""
        for one in np.unique(group).tolist():
            mine: Flags = group == one
            renumbered = np.cumsum(mine) - 1
            kept = self.take(mine[self.key_no])
            if len(kept):
                yield one, kept.renumbered(tuple(self.keys[no] for no in np.flatnonzero(mine).tolist()), renumbered)

    def identities(self) -> Ints:
        """(n, 4): key number, reported time in ms, position in 1e-7 degrees: equal rows are the same fix sent again."""
        out = np.empty((len(self), 4), dtype=np.int64)
        out[:, 0] = self.key_no
        out[:, 1] = np.round(self.reported_s * 1e3)
        out[:, 2] = np.round(self.lat_deg * 1e7)
        out[:, 3] = np.round(self.lon_deg * 1e7)
        return out

    def samples(self, rows: Iterable[int] | None = None) -> list[Sample]:
        """As samples, for the rules that look at one track at a time."""
        some = self if rows is None else self.take(np.fromiter(rows, dtype=np.int64))
        return [
            Sample(at, fix_id(said, lat, lon), lat, lon, accuracy, None if speed != speed else speed, mocked, age, coarse)  # noqa: PLR0124 - NaN
            for at, said, lat, lon, accuracy, speed, age, mocked, coarse in zip(
                *(getattr(some, name).tolist() for name in _FLOATS),
                some.mocked.tolist(),
                [False] * len(some) if some.coarse is None else some.coarse.tolist(),
                strict=True,
            )
        ]


def fix_id(reported_s: float, lat_deg: float, lon_deg: float) -> str:
    """What was reported, not what we make of its time: the same fix sent again is the same fix."""
    return f"{round(reported_s * 1e3)},{round(lat_deg * 1e7)},{round(lon_deg * 1e7)}"


def empty() -> FixColumns:
    none = np.empty(0)
    return FixColumns((), none.astype(np.int64), none, none, none, none, none, none, none, none.astype(bool))


def of_samples(tracks: Mapping[Key, Sequence[Sample]]) -> FixColumns:
    """Samples as columns, key by key. `reported_s` is read back from ids made by `fix_id`; others count as reported at their time."""
    keys = tuple(tracks)
    several = [sample for key in keys for sample in tracks[key]]
    numbers = np.repeat(np.arange(len(keys)), [len(tracks[key]) for key in keys]) if keys else np.empty(0)
    return FixColumns(
        keys,
        numbers.astype(np.int64),
        np.array([s.at_s for s in several], dtype=np.float64),
        np.array([_reported_s(s) for s in several], dtype=np.float64),
        np.array([s.lat_deg for s in several], dtype=np.float64),
        np.array([s.lon_deg for s in several], dtype=np.float64),
        np.array([s.accuracy_m for s in several], dtype=np.float64),
        np.array([np.nan if s.speed_mps is None else s.speed_mps for s in several], dtype=np.float64),
        np.array([s.age_s for s in several], dtype=np.float64),
        np.array([s.mocked for s in several], dtype=np.bool_),
        np.array([s.coarse for s in several], dtype=np.bool_) if any(s.coarse for s in several) else None,
    )


def _reported_s(sample: Sample) -> float:
    said = sample.id.partition(",")[0]
    return int(said) / 1e3 if said.isdigit() else sample.at_s


def joined(parts: Sequence[tuple[FixColumns, Ints]]) -> FixColumns:
    """Several batches as one; each comes with the number of each of its keys in what becomes of it. `keys` is left empty."""
    if not parts:
        return empty()
    floats = {name: np.concatenate([getattr(c, name) for c, _ in parts]) for name in _FLOATS}
    numbers = np.concatenate([nos[c.key_no] for c, nos in parts])
    coarse = None
    if any(c.coarse is not None for c, _ in parts):
        coarse = np.concatenate([np.zeros(len(c), dtype=np.bool_) if c.coarse is None else c.coarse for c, _ in parts])
    return FixColumns((), numbers, mocked=np.concatenate([c.mocked for c, _ in parts]), coarse=coarse, **floats)


def to_bytes(columns: FixColumns) -> bytes:
    """Little-endian columns behind a header that says how many and whose."""
    whose = list(chain.from_iterable(columns.keys))
    head = msgspec.msgpack.encode([_FORM if columns.coarse is None else _FORM_COARSE, len(columns), whose])
    parts = [len(head).to_bytes(4, "little"), head, columns.key_no.astype("<i4").tobytes()]
    parts += [getattr(columns, name).astype("<f8").tobytes() for name in _FLOATS]
    flags = [columns.mocked] if columns.coarse is None else [columns.coarse, columns.mocked]
    return b"".join([*parts, *(np.packbits(some).tobytes() for some in flags)])


_RECORD = np.dtype([(name, "<f8") for name in _FLOATS] + [("flags", "u1")])
_MOCKED, _COARSE = 1, 2
_SIZES = struct.Struct("<HH")


def to_parts(columns: FixColumns) -> list[tuple[Key, bytes]]:
    """The fixes of each key for themselves, with whose they are, in the order of the keys; a key without fixes has no part."""
    order = np.argsort(columns.key_no, kind="stable")
    records = np.empty(len(columns), dtype=_RECORD)
    for name in _FLOATS:
        records[name] = getattr(columns, name)[order]
    records["flags"] = _MOCKED * columns.mocked[order]
    if columns.coarse is not None:
        records["flags"] += _COARSE * columns.coarse[order].astype(np.uint8)
    raw = records.tobytes()
    ends = (np.cumsum(np.bincount(columns.key_no, minlength=len(columns.keys))) * _RECORD.itemsize).tolist()
    out: list[tuple[Key, bytes]] = []
    start = 0
    for key, end in zip(columns.keys, ends, strict=True):
        if end > start:
            shopper_id, device_id = key.shopper_id.encode(), key.device_id.encode()
            out.append((key, _SIZES.pack(len(shopper_id), len(device_id)) + shopper_id + device_id + raw[start:end]))
        start = end
    return out


def from_parts(parts: Iterable[bytes]) -> FixColumns:
    """What `to_parts` took apart, or what is left of it. Raises `UnreadableColumns` for anything else."""
    keys: list[Key] = []
    held: list[bytes] = []
    for part in parts:
        if len(part) < _SIZES.size:
            raise UnreadableColumns("cut short")
        first, second = _SIZES.unpack_from(part)
        middle, end = _SIZES.size + first, _SIZES.size + first + second
        if len(part) < end or (len(part) - end) % _RECORD.itemsize:
            raise UnreadableColumns("cut short")
        keys.append(Key(part[_SIZES.size : middle].decode(), part[middle:end].decode()))
        held.append(part[end:])
    records = np.frombuffer(b"".join(held), dtype=_RECORD)
    numbers = np.repeat(np.arange(len(keys)), [len(some) // _RECORD.itemsize for some in held])
    coarse: Flags = (records["flags"] & _COARSE).astype(np.bool_)
    return FixColumns(
        tuple(keys),
        numbers.astype(np.int64),
        mocked=(records["flags"] & _MOCKED).astype(np.bool_),
        coarse=coarse if coarse.any() else None,
        **{name: np.ascontiguousarray(records[name], dtype=np.float64) for name in _FLOATS},
    )


_read_head = msgspec.msgpack.Decoder(tuple[int, int, list[str]]).decode


def from_bytes(raw: bytes) -> FixColumns:
    """Raises `UnreadableColumns` for anything else than what `to_bytes` of this release makes."""
    view = memoryview(raw)
    size = int.from_bytes(view[:4], "little")
    try:
        form, count, whose = _read_head(view[4 : 4 + size])
    except msgspec.DecodeError as error:
        raise UnreadableColumns(str(error)) from None
    at = 4 + size
    bits = (count + 7) // 8
    if form not in (_FORM, _FORM_COARSE) or len(raw) != at + count * (4 + 8 * len(_FLOATS)) + form * bits:
        raise UnreadableColumns("written by another release, or cut short")
    numbers = np.frombuffer(raw, "<i4", count, at).astype(np.int64)
    at += 4 * count
    floats = {name: np.frombuffer(raw, "<f8", count, at + 8 * count * i) for i, name in enumerate(_FLOATS)}
    mocked = _flags(raw, len(raw) - bits, count)
    coarse = _flags(raw, len(raw) - 2 * bits, count) if form == _FORM_COARSE else None
    keys = tuple(Key(whose[i], whose[i + 1]) for i in range(0, len(whose), 2))
    return FixColumns(keys, numbers, mocked=mocked, coarse=coarse, **floats)


def _flags(raw: bytes, at: int, count: int) -> Flags:
    return np.unpackbits(np.frombuffer(raw, np.uint8, (count + 7) // 8, at), count=count).astype(np.bool_)
