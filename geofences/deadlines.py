"""When to look at which device again: event times in a heap, of which the newest told of a device counts.

Owns that order. Pure. Must not know what a deadline is for.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection


class Deadlines:
    """Of devices by number; each has one at most."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []

    def put(self, no: int, at_s: float | None) -> None:
        """Look at the device at `at_s`, and not when it was said before; None: not at all."""
        if at_s is None:
            self._at.pop(no, None)
        elif self._at.get(no) != at_s:
            self._at[no] = at_s
            heapq.heappush(self._heap, (at_s, no))

    def forget(self, nos: Collection[int]) -> None:
        for no in nos:
            self._at.pop(no, None)

    def due(self, upto_s: float) -> list[int]:
        """The devices to look at by `upto_s`; they have no deadline afterwards."""
        due: list[int] = []
        while self._heap and self._heap[0][0] <= upto_s:
            at_s, no = heapq.heappop(self._heap)
            if self._at.get(no) == at_s:
                del self._at[no]
                due.append(no)
        return due

    def next_s(self) -> float:
        """The first deadline; inf when there is none."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else math.inf

    def of(self, no: int) -> float | None:
        """When the device is looked at, if at a time that can be written down."""
        at_s = self._at.get(no)
        return at_s if at_s is not None and math.isfinite(at_s) else None
