"""Who looks when another process has committed something: the topics of notices, and whom each wakes.

Owns that table. Must not know what is looked for: every wake says "look", and whoever is woken also looks from time to time by itself.
What a process does with its own loops it tells nobody; what it only takes in (an API replica) it tells those that have loops. Fixes,
sightings and messages in an inbox are told by everybody: whose partition it is, and where her page is open, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from app.kernel.db import Database
from app.kernel.leases import Tenure
from app.kernel.notices import Notices


class Runner(Protocol):
    def wake(self) -> None: ...
    def wake_beside(self) -> None: ...


class Streams(Protocol):
    elsewhere: Callable[[str], None] | None

    def hear(self, key: str) -> None: ...


class Loop(Protocol):
    name: str
    elsewhere: Callable[[], None] | None

    def wake_here(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Waking:
    """The notices of a built house, and who detects."""

    notices: Notices
    runner: Runner

    @property
    def running(self) -> bool:
        return self.notices.running

    def fixes(self) -> None:
        """Fixes were appended to the log."""
        self.runner.wake()
        self.notices.tell("fixes")

    def sightings(self) -> None:
        """Sightings were appended to theirs."""
        self.runner.wake_beside()
        self.notices.tell("sightings")

    def timetable(self) -> None:
        """Its lease was given back."""
        self.notices.tell("timetable")


def wire(database: Database, runner: Runner, streams: Streams, loops: Sequence[Loop], tenure: Tenure, *, here: bool) -> Waking:
    """`loops` send what is queued; they run in this process, and with them relays, detection and the timetable, if `here`."""
    notices = Notices(database)
    if database.dialect != "sqlite":
        streams.elsewhere = partial(notices.tell, "inbox")
        notices.on("inbox", streams.hear)
        if here:
            _listen(notices, database, runner, loops, tenure)
        else:
            database.relay_wakes.append(notices.bell("outbox"))
            for loop in loops:
                loop.elsewhere = partial(notices.tell, loop.name)
    return Waking(notices, runner)


def _listen(notices: Notices, database: Database, runner: Runner, loops: Sequence[Loop], tenure: Tenure) -> None:
    notices.on("outbox", lambda _: database.wake_relays())
    notices.on("fixes", lambda _: runner.wake())
    notices.on("sightings", lambda _: runner.wake_beside())
    notices.on("timetable", lambda _: tenure.wake())
    for loop in loops:
        notices.on(loop.name, lambda _, loop=loop: loop.wake_here())
