"""Many threads that start at the same instant: how the tests of this floor race."""

from __future__ import annotations

import threading
from collections.abc import Callable


def race(count: int, work: Callable[[int], object]) -> list[object]:
    """Run `work(0..count-1)` in threads released by one barrier; results, or the exceptions, in order."""
    barrier = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(i: int) -> None:
        barrier.wait()
        try:
            results[i] = work(i)
        except Exception as error:  # noqa: BLE001 - the race is over what comes back
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
