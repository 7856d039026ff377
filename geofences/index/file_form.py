"""An index as a file: the arrays as they are searched, mapped into memory, so that a load costs milliseconds and workers share it.

Owns the form: a header (magic, layout, checksum, a table of sections), then the sections, each with some room behind it for
changes of whoever maps it. It must not trust a file: what does not add up is refused with the reason, and the caller builds
the index anew. It opens only the path it is given.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from geofences.index.arrays import (
    AREA,
    AREA_FLOATS,
    AREA_INTS,
    CIRCLE,
    CIRCLE_FIELDS,
    CORRIDOR,
    KIND_BITS,
    LAYOUT,
    LINE,
    LINE_BITS,
    PIECE_FIELDS,
    SHARED,
    TABLE,
    TYPES,
    WHOLE_RECORDS,
    Arrays,
)
from geofences.index.fence import Fence
from geofences.index.grid import BANDS
from geofences.index.packing import polygon_of
from geofences.index.roster import Roster, Stored
from geofences.shapes import Area, Circle, Corridor, Shape

MAGIC = b"MMFENCES"
HEAD = struct.Struct("<8sIIII")
"""magic, layout, length of the table, its CRC-32, CRC-32 of the fields before."""
PAGE = 4096
CHUNK = 1 << 16
TEXTS = 4
"""Of each fence: id, place_id, name, and the geometry of a corridor (WKB)."""
EXTRA: Mapping[str, type[Any]] = {"text": np.uint8, "text_ends": np.int64, "level": np.int32, "by_id": np.int32}


class IndexFileUnusable(Exception):
    """The file is no index of this layout, or not a whole one. The message says why; build the index anew and save it."""


class FilePath(Protocol):
    """What is asked of a path; `pathlib.Path` is one."""

    @property
    def name(self) -> str: ...
    def __fspath__(self) -> str: ...
    def with_name(self, name: str, /) -> FilePath: ...
    def open(self, mode: str, /) -> IO[Any]: ...
    def replace(self, target: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Found:
    """`used`: how much of each array is filled."""

    arrays: Arrays
    used: Mapping[str, int]
    stored: Stored
    version: int


class StoredArea(Area):
    """An area whose geometry is made from the mapped vertices each time it is asked for, so that none is kept alive."""

    __slots__ = ("_vertices",)

    def __init__(self, vertices: NDArray[np.float64]) -> None:
        object.__setattr__(self, "_vertices", vertices)

    @property
    def geometry(self) -> Any:  # type: ignore[override]
        return polygon_of(self._vertices)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Area) and self.geometry == other.geometry

    __hash__ = None  # type: ignore[assignment]


def save(path: FilePath, arrays: Arrays, fences: Roster, version: int) -> None:
    """Write beside the path, then put it in its place: a reader sees the old file or the new one."""
    sections = {**dict(arrays.named()), **_texts(fences)}
    table: dict[str, Any] = {"version": version, "fences": len(fences), "blocks": arrays.has_blocks, "tiles": arrays.has_tiles}
    places: dict[str, tuple[int, int, int]] = {}
    at = PAGE * 2
    for name, array in sections.items():
        fixed = name.startswith("root") or name in EXTRA
        room = len(array) if fixed else -(-(len(array) + len(array) // 16 + 4096 * 4) // WHOLE_RECORDS) * WHOLE_RECORDS
        places[name] = (at, len(array), room)
        at += -(-room * array.itemsize // PAGE) * PAGE
    table["size"], table["sections"] = at, places
    text = json.dumps(table, separators=(",", ":")).encode()
    head = struct.pack("<8sIII", MAGIC, LAYOUT, len(text), zlib.crc32(text))
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(head + struct.pack("<I", zlib.crc32(head)) + text)
        for name, array in sections.items():
            file.seek(places[name][0])
            file.write(np.ascontiguousarray(array).view(np.uint8) if len(array) else b"")
        file.truncate(at)
    beside.replace(path)


def _texts(fences: Roster) -> dict[str, NDArray[Any]]:
    texts: list[bytes] = []
    for fence in fences:
        wkb = shapely.to_wkb(fence.shape.geometry) if isinstance(fence.shape, Corridor) else b""
        texts += [fence.id.encode(), fence.place_id.encode(), fence.name.encode(), wkb]
    ids = texts[::TEXTS]
    return {
        "text": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "text_ends": np.cumsum([0, *map(len, texts)], dtype=np.int64),
        "level": np.array([f.level for f in fences], dtype=np.int32),
        "by_id": np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int32),
    }


def load(path: FilePath) -> Found:
    """The arrays, mapped copy-on-write. IndexFileUnusable: not there, not whole, of another layout, or not consistent."""
    try:
        whole: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="c")  # type: ignore[call-overload]
    except OSError as error:
        raise IndexFileUnusable(f"{path.name}: cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError:
        raise IndexFileUnusable(f"{path.name}: the file is empty") from None
    table = _table(path.name, whole)
    sections: dict[str, NDArray[Any]] = {}
    used: dict[str, int] = {}
    for name, kind in {**TYPES, **EXTRA}.items():
        try:
            at, count, room = (int(v) for v in table["sections"][name])
        except (KeyError, TypeError, ValueError):
            raise IndexFileUnusable(f"{path.name}: the section {name} is missing") from None
        size = np.dtype(kind).itemsize
        if not (0 <= count <= room and at >= 0 and at % PAGE == 0 and at + room * size <= len(whole)):
            raise IndexFileUnusable(f"{path.name}: the section {name} lies beyond the end of the file")
        sections[name] = np.asarray(whole[at : at + room * size]).view(kind)
        used[name] = count
    arrays = Arrays(**{n: sections[n] for n in TYPES}, has_blocks=bool(table["blocks"]), has_tiles=bool(table["tiles"]))
    _consistent(path.name, {n: sections[n][: used[n]] for n in sections}, int(table["fences"]))
    stored = _Texts(arrays, sections).stored(int(table["fences"]))
    return Found(arrays, {n: used[n] for n in TYPES}, stored, int(table["version"]))


def _table(name: str, whole: NDArray[np.uint8]) -> dict[str, Any]:
    if len(whole) < HEAD.size:
        raise IndexFileUnusable(f"{name}: shorter than a header")
    magic, layout, length, check, head_check = HEAD.unpack(whole[: HEAD.size].tobytes())
    if magic != MAGIC:
        raise IndexFileUnusable(f"{name}: not an index of fences")
    if layout != LAYOUT:
        raise IndexFileUnusable(f"{name}: of layout {layout}, this release reads {LAYOUT}")
    text = whole[HEAD.size : HEAD.size + length].tobytes()
    if zlib.crc32(whole[: HEAD.size - 4].tobytes()) != head_check or zlib.crc32(text) != check:
        raise IndexFileUnusable(f"{name}: the header is damaged")
    table: dict[str, Any] = json.loads(text)
    if table["size"] != len(whole):
        raise IndexFileUnusable(f"{name}: {len(whole)} bytes of {table['size']}: the file was cut short or added to")
    return table


def _consistent(name: str, a: Mapping[str, NDArray[Any]], fences: int) -> None:
    """Every number in the arrays leads to a place that is there; so that nothing read from a damaged file can lead astray."""

    def must(what: str, good: Iterable[bool]) -> None:
        if not all(good):
            raise IndexFileUnusable(f"{name}: {what} are damaged")

    kind, item, ints = a["kind"], a["item"], a["area_ints"].reshape(-1, AREA_INTS) if len(a["area_ints"]) % AREA_INTS == 0 else None
    tables, cells, shared, rows = a["tables"], a["cells"], a["shared"], a["rows"]
    roots = [a["root_cells"], a["root_blocks"], a["root_tiles"]]
    must("the roots", (len(r) == BANDS and int(r.min()) >= 0 for r in roots))
    must("the tables", (len(tables) % LINE == 0, len(tables) >= TABLE, all(int(r.max()) < len(tables) >> LINE_BITS for r in roots)))
    last = (len(tables) - TABLE) >> LINE_BITS
    for root, most in ((roots[0], len(rows) >> 5), (roots[1], len(cells))):
        for line in np.unique(root).tolist():
            of_line = np.unique(tables[line << LINE_BITS : (line + 1) << LINE_BITS])
            must("the tables", (int(of_line[0]) >= 0, int(of_line[-1]) <= last))
            for at in (of_line.astype(np.int64) << LINE_BITS).tolist():
                some = tables[at : at + TABLE]
                must("the tables", (int(some.min()) >= 0, int(some.max()) < most))
    for line in np.unique(roots[2]).tolist():
        some = tables[line << LINE_BITS : (line + 1) << LINE_BITS]
        must("the tables", (int(some.min()) >= 0, int(some.max()) < len(cells)))
    must("the rows", (len(rows) % 32 == 0, len(rows) > 0, len(cells) > 0))
    for some in _chunks(rows):
        last = (some >> np.uint64(32)) + np.bitwise_count(some.view(np.uint32)[::2])
        must("the rows", (int(last.max()) <= len(cells),))
    slots = max(len(kind), 1)
    for some in _chunks(cells):
        lists = some >= SHARED
        several = some[lists] ^ SHARED
        must("the cells", (int(several.max(initial=0)) < len(shared),))
        must("the cells", (int((several.astype(np.int64) + shared[several]).max(initial=0)) < len(shared),))
        must("the entries", (int(np.where(lists, 0, some >> KIND_BITS).max()) < slots,))
    must("the entries", (int(some.max()) >> KIND_BITS < slots for some in _chunks(shared)))
    must("the fences", (len(item) == len(kind) == fences == len(a["level"]) == len(a["by_id"]), len(a["text_ends"]) == TEXTS * fences + 1))
    circles, areas = len(a["circles"]) // CIRCLE_FIELDS, len(a["area_floats"]) // AREA_FLOATS
    must("the fences", (int(item.min(initial=0)) >= 0, int(kind.max(initial=1)) <= CORRIDOR, int(kind.min(initial=1)) >= CIRCLE))
    must("the fences", (int(item[kind == CIRCLE].max(initial=-1)) < circles, int(item[kind != CIRCLE].max(initial=-1)) < areas))
    must("the areas", (ints is not None and len(ints) == areas,))
    assert ints is not None
    of_area = np.zeros(areas, dtype=bool)
    of_area[item[kind == AREA]] = True
    ends = np.where(of_area, len(a["vertices"]) // 2, len(a["pieces"]) // PIECE_FIELDS)
    must("the areas", (bool((ints[:, 0] >= 0).all()), bool((ints[:, 0] <= ints[:, 1]).all()), bool((ints[:, 1] <= ends).all())))
    slabs = ints[:, 3] > 0
    starts, edges = a["slab_start"], a["slab_edges"]
    must("the slabs", (bool((ints[:, 2] >= 0).all()), int((ints[slabs, 2] + ints[slabs, 3]).max(initial=-1)) < len(starts)))
    must("the slabs", (int(starts.min(initial=0)) >= 0, int(starts.max(initial=0)) <= len(edges), bool((np.diff(starts) >= 0).all())))
    for number in np.flatnonzero(slabs).tolist():  # only what has very many vertices has slabs
        first, end, slab, count, _ = ints[number].tolist()
        some = edges[int(starts[slab]) : int(starts[slab + count])]
        must("the slabs", (int(some.min(initial=first)) >= first, int(some.max(initial=-1)) < end - int(of_area[number])))
    must("the texts", (int(a["text_ends"][0]) == 0, int(a["text_ends"][-1]) == len(a["text"]), all(bool((c[1:] >= c[:-1]).all()) for c in _chunks(a["text_ends"]))))


def _chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Parts that stay in the processor's cache while they are looked at."""
    return (array[at : at + CHUNK] for at in range(0, len(array), CHUNK))


class _Texts:
    """Fences of a file, one at a time."""

    def __init__(self, arrays: Arrays, sections: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays
        self._text, self._ends = sections["text"], sections["text_ends"]
        self._level, self._by_id = sections["level"], sections["by_id"]

    def stored(self, count: int) -> Stored:
        return Stored(count, self.fence, self.find)

    def _bytes(self, number: int, which: int) -> bytes:
        at = number * TEXTS + which
        return self._text[int(self._ends[at]) : int(self._ends[at + 1])].tobytes()

    def fence(self, number: int) -> Fence:
        own, place, name = (self._bytes(number, which).decode() for which in range(3))
        return Fence(own, place, name, self._shape(number), int(self._level[number]))

    def _shape(self, number: int) -> Shape:
        arrays, item = self._arrays, int(self._arrays.item[number])
        kind = int(arrays.kind[number])
        if kind == CIRCLE:
            lat, lon, radius = arrays.circles[item * CIRCLE_FIELDS : item * CIRCLE_FIELDS + 3].tolist()
            return Circle(lat, lon, radius)
        if kind == CORRIDOR:
            return Corridor(shapely.from_wkb(self._bytes(number, 3)), float(arrays.area_floats[item * AREA_FLOATS + 5]))
        first, end = arrays.area_ints[item * AREA_INTS : item * AREA_INTS + 2].tolist()
        return StoredArea(arrays.vertices[2 * first : 2 * end].reshape(-1, 2))

    def find(self, fence_id: str) -> int | None:
        """By halving the list of numbers in order of id."""
        wanted, low, high = fence_id.encode(), 0, len(self._by_id)
        while low < high:
            middle = (low + high) // 2
            number = int(self._by_id[middle])
            found = self._bytes(number, 0)
            if found == wanted:
                return number
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return None
