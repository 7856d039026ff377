"""The inbox as a stream of server-sent events.

Owns the frames and the loop of one open stream. It is the room's one async part: a client costs a coroutine, and a thread only
for the moment of each look, in which a short read transaction opens and ends. What it sends is committed and read at that
moment, consent included. Wire format: WHATWG HTML, 9.2 (server-sent events).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from sqlalchemy import bindparam, func, select

from app.kernel.db import Database
from app.kernel.http import to_json
from app.privacy import gate
from app.privacy.purposes import Purpose
from notifications import repository
from notifications.broadcast import Broadcaster, Listener
from notifications.contracts import InboxMessage
from notifications.models import Message
from notifications.settings import NotificationSettings

BATCH = 50
LOOKS_AT_ONCE = 8
"""Streams share this many threads, so that many clients cannot starve the other endpoints."""
LOOK_ANYWAY = 10
"""After so many waits in which nothing was written for anybody: of two processes the one with the lower position may commit later."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `position` is where the next one begins; `withheld`: what there is may not be shown now, and may be later."""

    messages: tuple[InboxMessage, ...]
    position: int
    withheld: bool = field(default=False, compare=False)


class Tide:
    """The newest position of anybody's message, asked for once for all streams of a process: while it stands still, none of them needs to look."""

    def __init__(self) -> None:
        self._lock, self._asked_at_s, self._newest = asyncio.Lock(), -math.inf, 0

    async def newest(self, database: Database, fresh_s: float, limiter: anyio.CapacityLimiter) -> int:
        async with self._lock:
            if time.monotonic() - self._asked_at_s >= fresh_s:
                ((newest,),) = await anyio.to_thread.run_sync(database.glance, _NEWEST, {}, limiter=limiter)
                self._newest, self._asked_at_s = newest or 0, time.monotonic()
        return self._newest


def look(database: Database, shopper_id: str, after_position: int) -> Look:
    """What is new for this shopper. Without live consent nothing is, and nothing is skipped either.

    A position nobody has reached yet comes from another database (restored, or made anew): start over, the device knows the
    messages it has shown.
    """
    at, after = database.clock.now(), after_position
    if not gate.glance(database, shopper_id, Purpose.MARKETING_PUSH, at).ok:
        return Look((), after, withheld=True)
    messages = repository.glance_after(database, shopper_id, after, at, BATCH)
    if not messages and after and after > (database.glance(_NEWEST, {})[0][0] or 0):
        after = 0
        messages = repository.glance_after(database, shopper_id, after, at, BATCH)
    return Look(tuple(messages), messages[-1].position if messages else after)


_NEWEST = select(func.max(Message.position))
_HERS = select(func.max(Message.position)).where(Message.shopper_id == bindparam("shopper_id"))


def glance(database: Database, shopper_id: str, after_position: int) -> Look:
    """A look of a stream that has looked before and was not woken: hundreds of them do it every second, and mostly there is nothing."""
    ((newest,),) = database.glance(_HERS, {"shopper_id": shopper_id})
    return look(database, shopper_id, after_position) if (newest or 0) > after_position else Look((), after_position)


def frame(message: InboxMessage) -> bytes:
    """One event. JSON holds no line break, so one data line is enough."""
    return b"id: %d\nevent: message\ndata: %s\n\n" % (message.position, to_json(message))


async def follow(
    database: Database, broadcaster: Broadcaster, shopper_id: str, after_position: int, settings: NotificationSettings
) -> AsyncIterator[bytes]:
    """Frames until the client goes, the server closes or the stream has lived long enough; the browser then comes back with
    `Last-Event-ID`."""
    position, born = after_position, time.monotonic()
    spoke = born
    limiter, tide, woken, seen, stood = _limiter(broadcaster), _tide(broadcaster), True, -1, 0
    with broadcaster.listening(shopper_id) as listener:
        yield b"retry: 1000\n: welcome\n\n"
        while not broadcaster.closed and time.monotonic() - born < settings.stream_life_s:
            listener.event.clear()  # before looking: what commits meanwhile wakes the next round
            newest = seen if woken else await tide.newest(database, settings.stream_poll_s / 2, limiter)
            stood = stood + 1 if newest == seen and not woken else LOOK_ANYWAY
            found, seen = Look((), position), newest
            if stood >= LOOK_ANYWAY:
                found, stood = await anyio.to_thread.run_sync(look if woken else glance, database, shopper_id, position, limiter=limiter), 0
                seen = -1 if found.withheld else seen
            position = found.position
            for message in found.messages:
                yield frame(message)
                spoke = time.monotonic()
            if len(found.messages) == BATCH:
                woken = True
                continue
            if time.monotonic() - spoke >= settings.stream_heartbeat_s:
                yield b": still here\n\n"
                spoke = time.monotonic()
            if not broadcaster.closed:
                woken = await _wait(listener, settings.stream_poll_s)
        yield b": goodbye\n\n"


async def _wait(listener: Listener, most_s: float) -> bool:
    """Whether it was woken."""
    try:
        return await asyncio.wait_for(listener.event.wait(), most_s)
    except TimeoutError:
        return False


def _tide(broadcaster: Broadcaster) -> Tide:
    """As the limiter."""
    if broadcaster.tide is None:
        broadcaster.tide = Tide()
    return broadcaster.tide


def _limiter(broadcaster: Broadcaster) -> anyio.CapacityLimiter:
    """One for all streams of this broadcaster; made inside the loop it serves."""
    if broadcaster.limiter is None:
        broadcaster.limiter = anyio.CapacityLimiter(LOOKS_AT_ONCE)
    return broadcaster.limiter
