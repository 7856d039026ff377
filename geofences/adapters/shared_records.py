"""The records of a shared log: fixes, or a tick that says what time it is and which fences hold from here on.

Owns their form and their sealing. Fixes are sealed with the key of the time they were received in (geofences/log_keys.py) and bound to their
partition; a tick says nothing of anybody and is not. Must not know how records travel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from app.security.sealing import CannotOpen
from app.security.vault import Destroyed, open_each, seal_for
from geofences.columns import FixColumns, UnreadableColumns, from_bytes, to_bytes
from geofences.errors import IntakeBusy
from geofences.log_keys import sealed_by
from geofences.ports import Record

_FIXES, _TICK = b"\x01", b"\x02"
_PURPOSE = "shared_log"


@dataclass(frozen=True, slots=True)
class Tick:
    """From here on it is `watermark_s` (event time, seconds), and fences are those of this version."""

    watermark_s: float
    fences: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a record cannot be worked in: `unknown_form`, `cannot_open`, `key_destroyed`, `bad_columns`."""

    reason: str


_read_tick = msgspec.msgpack.Decoder(tuple[float, int]).decode
_write = msgspec.msgpack.Encoder().encode


def of_fixes(log_name: str, partition: int, columns: FixColumns, received_s: float) -> bytes:
    """Raises IntakeBusy where this machine's clock lies so far back that the key of its time is destroyed."""
    try:
        return _FIXES + seal_for(sealed_by(log_name, received_s), _PURPOSE, to_bytes(columns), _bound(partition))
    except Destroyed:
        raise IntakeBusy("the clock of this machine is minutes behind the others'") from None


def of_tick(tick: Tick) -> bytes:
    return _TICK + _write((tick.watermark_s, tick.fences))


def read(records: Sequence[Record]) -> list[FixColumns | Tick | Unreadable]:
    """What each record says; the sealed ones are opened together."""
    sealed = [(record.payload[1:], _bound(record.partition)) for record in records if record.payload[:1] == _FIXES]
    opened = iter(_open(sealed))
    return [next(opened) if record.payload[:1] == _FIXES else _tick(record.payload) for record in records]


def _tick(payload: bytes) -> Tick | Unreadable:
    if payload[:1] != _TICK:
        return Unreadable("unknown_form")
    try:
        return Tick(*_read_tick(payload[1:]))
    except msgspec.DecodeError:
        return Unreadable("unknown_form")


def _open(sealed: Sequence[tuple[bytes, bytes]]) -> list[FixColumns | Unreadable]:
    try:
        return [_columns(raw) for raw in open_each(_PURPOSE, sealed)]
    except CannotOpen:  # one of them: which one?
        if len(sealed) == 1:
            return [Unreadable("cannot_open")]
        half = len(sealed) // 2
        return [*_open(sealed[:half]), *_open(sealed[half:])]


def _columns(raw: bytes | None) -> FixColumns | Unreadable:
    if raw is None:
        return Unreadable("key_destroyed")
    try:
        columns = from_bytes(raw)
    except UnreadableColumns:
        return Unreadable("bad_columns")
    on_earth = (np.abs(columns.lat_deg) <= 90) & (np.abs(columns.lon_deg) <= 180) & np.isfinite(columns.at_s) & (columns.accuracy_m >= 0)
    return columns if on_earth.all() else Unreadable("bad_columns")


def _bound(partition: int) -> bytes:
    return str(partition).encode()
