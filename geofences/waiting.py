"""Fixes that were read and that time has not passed yet.

Owns them, by partition and batch, and knows up to where everything read has been taken. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Set
from dataclasses import dataclass

import numpy as np

from geofences.columns import FixColumns, Flags, Ints, empty, joined


@dataclass(frozen=True, slots=True)
class _Rest:
    """What still waits of a batch; `nos` are the numbers of its devices."""

    partition: int
    position: int
    columns: FixColumns
    nos: Ints


class Waiting:
    def __init__(self) -> None:
        self._rests: list[_Rest] = []

    def put(self, partition: int, position: int, columns: FixColumns, nos: Ints) -> None:
        if len(columns):
            self._rests.append(_Rest(partition, position, columns, nos))

    def take(self, watermark_s: float, partitions: Set[int]) -> FixColumns:
        """What the watermark of these partitions has passed, sorted by device and time."""
        ready: list[tuple[FixColumns, Ints]] = []
        rests: list[_Rest] = []
        for whole in self._rests:
            rest = whole
            passed: Flags = rest.columns.at_s <= (watermark_s if rest.partition in partitions else -math.inf)
            if passed.all():
                ready.append((rest.columns, rest.nos))
                continue
            if passed.any():
                ready.append((rest.columns.take(passed), rest.nos))
                rest = _Rest(rest.partition, rest.position, rest.columns.take(~passed), rest.nos)
            rests.append(rest)
        self._rests = rests
        if not ready:
            return empty()
        together = joined(ready)
        return together.take(np.lexsort((together.at_s, together.key_no)))

    def forget(self, partitions: Collection[int]) -> None:
        self._rests = [rest for rest in self._rests if rest.partition not in partitions]

    def first(self) -> dict[int, int]:
        """Of each partition of which something waits, the position of the first such batch."""
        out: dict[int, int] = {}
        for rest in self._rests:
            out[rest.partition] = min(rest.position, out.get(rest.partition, rest.position))
        return out

    def next_s(self) -> float:
        """The first of them (event time); inf when nothing waits."""
        return min((float(rest.columns.at_s.min()) for rest in self._rests), default=math.inf)
