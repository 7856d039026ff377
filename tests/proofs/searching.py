"""Looks for many texts at once in very many bytes: what of the erased still stands anywhere.

A thousand people have sixty thousand values between them, and all copies of a database hundreds of megabytes: looked for one after the
other, that is a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

import numpy as np

WIDTH = 8
"""Bytes by which a place is told to be worth a look; no text may be shorter."""
AT_ONCE = 1 << 20
MIX = np.uint64(0x9E3779B97F4A7C15)
SHELVES_BITS = 22


def found_in(heap: bytes, wanted: Collection[bytes]) -> set[bytes]:
    """Those of `wanted` that stand somewhere in `heap`, at whatever byte they begin."""
    by_head: dict[bytes, set[bytes]] = defaultdict(set)
    for text in wanted:
        if len(text) < WIDTH:
            raise ValueError(f"{text!r} is too short to be told from chance")
        by_head[text[:WIDTH]].add(text)
    heads = np.frombuffer(b"".join(by_head), dtype=np.uint64)
    return {text for at in _places(heap, heads) for text in by_head.get(heap[at : at + WIDTH], ()) if heap.startswith(text, at)}


def _places(heap: bytes, heads: np.ndarray) -> Iterator[int]:
    """Where one of `heads` may stand: all places where one does, and a few by chance."""
    shelves = np.zeros(1 << SHELVES_BITS, dtype=bool)
    shelves[_shelf(heads)] = True
    for shift in range(min(WIDTH, max(0, len(heap) - WIDTH + 1))):
        words = np.frombuffer(heap, dtype=np.uint64, offset=shift, count=(len(heap) - shift) // WIDTH)
        for first in range(0, len(words), AT_ONCE):
            for k in np.flatnonzero(shelves[_shelf(words[first : first + AT_ONCE])]):
                yield shift + (first + int(k)) * WIDTH


def _shelf(words: np.ndarray) -> np.ndarray:
    return (words * MIX) >> np.uint64(64 - SHELVES_BITS)
