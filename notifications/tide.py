"""One look for all open streams of a process at what other processes have committed.

Owns the task that looks and wakes those concerned. Must not read what was written: a wake says "look", as everywhere. What this process
commits itself wakes its streams at once; the look finds these messages too, and passes over whoever has seen them.
"""

from __future__ import annotations

import asyncio
from collections import deque

import anyio
import anyio.to_thread
from sqlalchemy import bindparam, func, select

from app.kernel.db import Database
from app.kernel.logs import get_logger
from notifications.broadcast import Broadcaster
from notifications.models import Message

log = get_logger(__name__)

LOOK_BACK = 5
"""So many looks long whatever is written is asked for again: of two processes the one with the lower position may commit later. (Positions
of one shopper commit in their order.)"""

NEWEST = select(func.max(Message.position))
_WRITTEN = select(Message.shopper_id, func.max(Message.position).label("newest")).where(Message.position > bindparam("after")).group_by(Message.shopper_id)


class Tide:
    """`rise` runs while streams are open; a second call while it does changes nothing."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def rise(self, database: Database, broadcaster: Broadcaster, every_s: float, limiter: anyio.CapacityLimiter) -> None:
        """Inside the event loop of the streams, once the first of them listens."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(database, broadcaster, every_s, limiter), name="inbox-tide")

    async def _watch(self, database: Database, broadcaster: Broadcaster, every_s: float, limiter: anyio.CapacityLimiter) -> None:
        marks: deque[int] = deque(maxlen=LOOK_BACK)
        while broadcaster.open_streams() and not broadcaster.closed:
            try:
                if marks:
                    written = await anyio.to_thread.run_sync(database.glance, _WRITTEN, {"after": marks[0]}, limiter=limiter)
                    for row in written:
                        broadcaster.wake_here(row.shopper_id, row.newest)
                    marks.append(max((row.newest for row in written), default=marks[-1]))
                else:
                    newest = await anyio.to_thread.run_sync(database.glance, NEWEST, {}, limiter=limiter)
                    marks.append(newest[0][0] or 0)
                    broadcaster.wake_all()  # they may have looked just before what was found to be the newest was written
            except Exception as error:  # noqa: BLE001 - the streams live on their own wakes meanwhile; the next look may be answered
                log.warning("inbox_tide_failed", error=type(error).__name__)
            await asyncio.sleep(every_s)
