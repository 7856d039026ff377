"""A looking thread wakes when it is told, and ends when it is stopped."""

from __future__ import annotations

import threading

from notifications.looking import LookingThread


class Counting(LookingThread):
    def __init__(self) -> None:
        super().__init__("counting", patience_s=60)
        self.looks, self.looked = 0, threading.Semaphore(0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            self.looks += 1
            self.looked.release()
            self._woken.wait()


class TestLookingThread:
    def test_looks_at_its_start_and_when_woken_and_ends(self) -> None:
        """Seen to fail with a `stop` that does not wake: the thread waited on."""
        one = Counting()
        assert not one.running
        one.start()
        assert one.looked.acquire(timeout=60)
        one.wake()
        assert one.looked.acquire(timeout=60)
        one.stop()
        assert (one.running, one.looks) == (False, 2)

    def test_stopped_before_its_start(self) -> None:
        Counting().stop()
