"""Apache Arrow IPC streams of fixes: the form in which servers send many.

Owns the library's vocabulary and the columns a stream may have. Must not judge a fix (geofences/batches.py). The reader is
written in Rust: bytes from outside cannot reach memory they should not. Format: Arrow columnar format, IPC streaming.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofences.batches import Batch, Reading, TooMany, UnreadableBatch, of_columns, of_objects

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
NUMBERS = ("ts", "lat", "lon", "accuracy_m", "speed_mps", "bearing_deg")
TEXTS = ("id", "shopper_id", "device_id")
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "µs": 1e6, "ns": 1e9}


def of_stream(raw: bytes, how: Reading, most: int) -> Batch:
    """Columns ts (float seconds or a timestamp), lat, lon and, if wanted, accuracy_m, speed_mps, mocked, id; from servers also
    shopper_id and device_id. Raises `UnreadableBatch` naming the column."""
    from arro3.io import read_ipc_stream

    try:
        table = read_ipc_stream(io.BytesIO(raw)).read_all()
    except Exception as error:
        raise UnreadableBatch("this is not an Arrow IPC stream; send one schema and its record batches") from error
    count = table.num_rows
    if count > most:
        raise TooMany(most)
    names = set(table.column_names)
    missing = [name for name in ("ts", "lat", "lon") if name not in names]
    if missing:
        raise UnreadableBatch(f"column {missing[0]} is missing; send ts, lat, lon and accuracy_m")

    def column(name: str, read: Callable[[Any], Any]) -> Any:
        if name not in names:
            return None
        try:
            return read(_whole(table.column(name)))
        except Exception as error:
            wanted = "numbers" if name in NUMBERS else "text" if name in TEXTS else "true or false"
            raise UnreadableBatch(f"column {name} must hold {wanted}") from error

    numbers = {name: column(name, _seconds if name == "ts" else _numbers) for name in NUMBERS[:-1]}
    texts = {name: column(name, _texts) for name in TEXTS}
    flags = column("mocked", lambda c: np.array([v is True for v in c.to_pylist()], dtype=np.bool_))
    mocked = flags if flags is not None else np.zeros(count, dtype=np.bool_)
    columns = {name: np.full(count, np.nan) if values is None else values for name, values in numbers.items()}
    nobody = [None] * count
    whose = list(zip(texts["shopper_id"] or nobody, texts["device_id"] or nobody, strict=True)) if how.key is None else None
    return of_columns(columns, mocked, whose, how, texts["id"]) or of_objects(_objects(columns, mocked, texts, count), how)


def to_stream(numbers: Mapping[str, NDArray[np.float64]], texts: Mapping[str, Sequence[str]]) -> bytes:
    """What a server sends: one record batch of these columns."""
    from arro3.core import Array, DataType, Table
    from arro3.io import write_ipc_stream

    stream = io.BytesIO()
    columns: dict[str, Any] = {name: Array(np.ascontiguousarray(column)) for name, column in numbers.items()}
    columns |= {name: Array(column, type=DataType.utf8()) for name, column in texts.items()}
    write_ipc_stream(Table.from_pydict(columns), stream, compression=None)
    return stream.getvalue()


def _whole(column: Any) -> Any:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _numbers(column: Any) -> NDArray[np.float64]:
    from arro3.core import DataType

    if DataType.is_floating(column.type) or DataType.is_integer(column.type):
        column = column.cast(DataType.float64())
    else:
        raise TypeError
    return np.asarray(column, dtype=np.float64) if column.null_count == 0 else np.array(column.to_pylist(), dtype=np.float64)


def _seconds(column: Any) -> NDArray[np.float64]:
    from arro3.core import DataType

    if not DataType.is_timestamp(column.type):
        return _numbers(column)
    per_second = _UNITS[str(column.type.time_unit)]
    return _numbers(column.cast(DataType.int64())) / per_second


def _texts(column: Any) -> list[str | None]:
    from arro3.core import DataType

    if DataType.is_dictionary(column.type):
        column = column.cast(DataType.utf8())
    found: list[Any] = column.to_pylist()
    if not set(map(type, found)) <= {str, NoneType}:
        raise TypeError
    return found


def _objects(columns: dict[str, Any], mocked: Any, texts: dict[str, list[str | None] | None], count: int) -> list[dict[str, Any]]:
    """Back to objects, so that every fault is named as everywhere else; NaN was "not said"."""
    out: list[dict[str, Any]] = [{"mocked": bool(m)} for m in mocked]
    for name, values in columns.items():
        for row, value in zip(out, values.tolist(), strict=True):
            if value == value or name in ("lat", "lon"):  # noqa: PLR0124 - NaN
                row[name] = value
    for name, found in texts.items():
        for row, text in zip(out, found or [None] * count, strict=True):
            if text is not None:
                row[name] = text
    return out
