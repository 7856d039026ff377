"""The inbox as a stream of server-sent events.

Owns the frames and the loop of one open stream. It is the room's one async part: a client costs a coroutine, and a thread only
for the moment of each look, in which a short read transaction opens and ends. What it sends is committed and read at that
moment, consent included. Wire format: WHATWG HTML, 9.2 (server-sent events).
"""

from __future__ import annotations

import asyncio
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
from notifications.models import NO_MARKETING, Message
from notifications.settings import NotificationSettings
from notifications.tide import NEWEST, Tide

BATCH = 50
LOOKS_AT_ONCE = 8
"""Streams share this many threads, so that many clients cannot starve the other endpoints."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `position` is where the next one begins; `withheld`: of what there is some may not be shown now, and may be later."""

    messages: tuple[InboxMessage, ...]
    position: int
    withheld: bool = field(default=False, compare=False)


def look(database: Database, shopper_id: str, after_position: int) -> Look:
    """What is new for this shopper. Without live consent only what is no marketing is, and nothing is skipped: the position stays before what waits.

    A position nobody has reached yet comes from another database (restored, or made anew): start over, the device knows the
    messages it has shown.
    """
    at, after = database.clock.now(), after_position
    if not gate.glance(database, shopper_id, Purpose.MARKETING_PUSH, at).ok:
        messages = repository.glance_after(database, shopper_id, after, at, BATCH)
        return Look(tuple(message for message in messages if message.kind in NO_MARKETING), after, withheld=True)
    messages = repository.glance_after(database, shopper_id, after, at, BATCH)
    if not messages and after and after > (database.glance(NEWEST, {})[0][0] or 0):
        after = 0
        messages = repository.glance_after(database, shopper_id, after, at, BATCH)
    return Look(tuple(messages), messages[-1].position if messages else after)


_HERS = select(func.max(Message.position)).where(Message.shopper_id == bindparam("shopper_id"))


def glance(database: Database, shopper_id: str, after_position: int) -> Look:
    """A look of a stream that has looked before: mostly there is nothing new, and then it costs one question."""
    ((newest,),) = database.glance(_HERS, {"shopper_id": shopper_id})
    return look(database, shopper_id, after_position) if (newest or 0) > after_position else Look((), after_position)


def frame(message: InboxMessage, *, ahead: bool = False) -> bytes:
    """One event. JSON holds no line break, so one data line is enough. One that is sent `ahead` of what waits has no id, so that a browser that
    comes back does not pass over that."""
    return (b"" if ahead else b"id: %d\n" % message.position) + b"event: message\ndata: %s\n\n" % to_json(message)


async def follow(
    database: Database, broadcaster: Broadcaster, shopper_id: str, after_position: int, settings: NotificationSettings
) -> AsyncIterator[bytes]:
    """Frames until the client goes, the server closes or the stream has lived long enough; the browser then comes back with
    `Last-Event-ID`."""
    born = spoke = time.monotonic()
    limiter, woken, sent_ahead = _limiter(broadcaster), True, set[str]()
    with broadcaster.listening(shopper_id, after_position) as listener:
        _tide(broadcaster).rise(database, broadcaster, settings.stream_poll_s, limiter)
        yield b"retry: 1000\n: welcome\n\n"
        while not broadcaster.closed and time.monotonic() - born < settings.stream_life_s:
            listener.event.clear()  # before looking: what commits meanwhile wakes the next round
            found = await anyio.to_thread.run_sync(look if woken else glance, database, shopper_id, listener.position, limiter=limiter)
            listener.position = found.position
            for message in found.messages:
                if message.id not in sent_ahead:
                    yield frame(message, ahead=found.withheld)
                    spoke = time.monotonic()
            if found.withheld:
                sent_ahead.update(message.id for message in found.messages)
            if not found.withheld and len(found.messages) == BATCH:
                woken = True
                continue
            if time.monotonic() - spoke >= settings.stream_heartbeat_s:
                yield b": still here\n\n"
                spoke = time.monotonic()
            if not broadcaster.closed:
                quiet_s = min(spoke + settings.stream_heartbeat_s, born + settings.stream_life_s) - time.monotonic()
                woken = await _wait(listener, min(quiet_s, settings.stream_poll_s) if found.withheld else quiet_s)
        yield b": goodbye\n\n"


async def _wait(listener: Listener, most_s: float) -> bool:
    """Whether it was woken."""
    try:
        return await asyncio.wait_for(listener.event.wait(), most_s)
    except TimeoutError:
        return False


def _tide(broadcaster: Broadcaster) -> Tide:
    """As the limiter: one for all streams of this broadcaster."""
    if broadcaster.tide is None:
        broadcaster.tide = Tide()
    return broadcaster.tide


def _limiter(broadcaster: Broadcaster) -> anyio.CapacityLimiter:
    """One for all streams of this broadcaster; made inside the loop it serves."""
    if broadcaster.limiter is None:
        broadcaster.limiter = anyio.CapacityLimiter(LOOKS_AT_ONCE)
    return broadcaster.limiter
