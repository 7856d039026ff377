"""Waking crosses from threads into event loops, reaches only whom it concerns, and survives loops that have ended."""

from __future__ import annotations

import asyncio
import threading

from notifications.broadcast import Broadcaster, Listener


async def woken(listener: Listener, within_s: float) -> bool:
    try:
        await asyncio.wait_for(listener.event.wait(), within_s)
    except TimeoutError:
        return False
    return True


class TestBroadcaster:
    def test_wakes_hers_and_nobody_elses(self) -> None:
        async def scene() -> tuple[bool, bool, bool]:
            broadcaster = Broadcaster()
            with (
                broadcaster.listening("jane", 0) as one,
                broadcaster.listening("jane", 0) as two,
                broadcaster.listening("joe", 0) as joe,
            ):
                threading.Thread(target=broadcaster.wake, args=("jane",)).start()
                return await woken(one, 1), await woken(two, 1), await woken(joe, 0.05)

        assert asyncio.run(scene()) == (True, True, False)

    def test_who_has_looked_as_far_is_left_asleep(self) -> None:
        async def scene() -> tuple[bool, bool]:
            broadcaster = Broadcaster()
            with broadcaster.listening("jane", 6) as behind, broadcaster.listening("jane", 7) as up_to_date:
                broadcaster.wake_here("jane", 7)
                return await woken(behind, 1), await woken(up_to_date, 0.05)

        assert asyncio.run(scene()) == (True, False)

    def test_a_wake_before_the_wait_is_not_lost(self) -> None:
        async def scene() -> bool:
            broadcaster = Broadcaster()
            with broadcaster.listening("jane", 0) as listener:
                listener.event.clear()
                broadcaster.wake("jane")
                return await woken(listener, 1)

        assert asyncio.run(scene()) is True

    def test_close_wakes_all(self) -> None:
        async def scene() -> tuple[bool, bool]:
            broadcaster = Broadcaster()
            with broadcaster.listening("jane", 0) as listener:
                broadcaster.close()
                return await woken(listener, 1), broadcaster.closed

        assert asyncio.run(scene()) == (True, True)

    def test_close_within_the_lock(self) -> None:
        """A signal handler runs between two steps of the thread that may hold the lock. Planted bug: a plain Lock hung here."""
        broadcaster = Broadcaster()
        with broadcaster._lock:
            broadcaster.close()
        assert broadcaster.closed

    def test_a_loop_that_has_ended(self) -> None:
        broadcaster = Broadcaster()

        async def leave_open() -> Listener:
            listener = Listener(asyncio.get_running_loop(), 0)
            broadcaster._listeners["jane"] = {listener}
            return listener

        asyncio.run(leave_open())
        broadcaster.wake("jane")
        broadcaster.close()

    def test_counts(self) -> None:
        async def scene() -> list[int]:
            broadcaster = Broadcaster()
            with broadcaster.listening("jane", 0):
                inside = broadcaster.open_streams()
            return [inside, broadcaster.open_streams()]

        assert asyncio.run(scene()) == [1, 0]
