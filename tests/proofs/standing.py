"""How long something takes as if the machine were its own: beside others, the time it stood in line for a processor is taken off.

Only for work that is done by one of the given processes' threads at a time, as one request is: then what they stood in line adds up to no
more than the time on the wall. Where the system does not say (proc(5), schedstat) nothing is taken off.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Took:
    wall_s: float = 0.0
    own_s: float = 0.0

    def worst(self, other: Took) -> None:
        """Keeps the longer of both, each by itself."""
        self.wall_s, self.own_s = max(self.wall_s, other.wall_s), max(self.own_s, other.own_s)

    @property
    def words(self) -> str:
        return f"{self.own_s:.2f} s ({self.wall_s:.2f} s by the clock on the wall)"


@contextmanager
def timed(others: Callable[[], Collection[int]] = tuple) -> Iterator[Took]:
    """Of this process and `others` (ids, asked before and after), filled in at the end."""
    took, stood_s, begun = Took(), _stood_s(others()), time.perf_counter()
    yield took
    took.wall_s = time.perf_counter() - begun
    took.own_s = took.wall_s - max(0.0, _stood_s(others()) - stood_s)


def _stood_s(others: Collection[int]) -> float:
    return sum(int(told.split()[1]) for pid in (os.getpid(), *others) for told in _told(pid)) / 1e9


def _told(pid: int) -> Iterator[str]:
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            yield thread.read_text()
        except OSError:  # it has ended meanwhile
            continue
