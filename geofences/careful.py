"""Device by device, so that the one over which the rules fail does not stop the others.

Owns who is given up: of whom anything failed that is not the database's, until the next flush, which closes her visits unseen, forgets her track
and writes down that something was passed over. Where the rules fail for most there is nothing wrong with the devices but with us:
nobody is given up, and detection stands until it is mended. Pure, but for the savepoint it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from geofences.index import FenceIndex
from geofences.partition_store import Fenced, Held
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Transition

log = get_logger(__name__)

REASON = "rules_failed"
FEW = 10
"""So many may fail whatever the others do."""


Outcome = TypeVar("Outcome")


class Trial:
    """What is tried for each device, until all is worked in again that was when something failed. `failed`: those that are given up."""

    def __init__(self, held: Mapping[int, Held] = {}) -> None:
        self.failed: set[Key] = set()
        self._upto = {partition: (one.position, one.watermark_s) for partition, one in held.items()}

    def over(self, held: Mapping[int, Held]) -> bool:
        """Whether there is nothing left to be careful about, in what of it is held."""
        return all(
            one.fresh is None and one.position >= position and one.watermark_s >= watermark_s
            for partition, (position, watermark_s) in self._upto.items()
            if (one := held.get(partition)) is not None
        )

    def anew(self) -> Trial:
        """The same of which nobody has been tried yet."""
        again = Trial()
        again._upto = self._upto
        return again

    def each(self, devices: Iterable[Key], work: Callable[[Key], Outcome], session: Session | None = None) -> list[Outcome]:
        """What `work` returned for those for whom it did not fail; with a session, of the others nothing is written. Raises what the database
        raises, and a failure of the rules where they fail for most."""
        done: list[Outcome] = []
        failed: dict[Key, Exception] = {}
        for device in devices:
            if device in self.failed:
                continue
            try:
                with session.begin_nested() if session is not None else nullcontext():
                    done.append(work(device))
            except Exception as error:
                if not may_be_of_a_device(error):
                    raise
                failed[device] = error
        if len(failed) > max(FEW, len(done)):
            log.error("rules_fail_for_most", failed=len(failed), tried=len(failed) + len(done))
            raise next(iter(failed.values()))
        for device, error in failed.items():
            log.error(REASON, device_id=device.device_id, error=type(error).__name__, exc_info=error)
        self.failed.update(failed)
        return done

    def advance(
        self, states: Mapping[Key, TrackState], events: Mapping[Key, Iterable[Sample]], watermark_s: float, fences: FenceIndex, rules: TrackRules
    ) -> tuple[list[Transition], dict[Key, float | None]]:
        """`advance_many`, of those who are not given up."""
        done = self.each(states, lambda key: advance_many({key: states[key]}, {key: events.get(key, ())}, watermark_s, fences, rules))
        return [t for found, _ in done for t in found], {key: wake_s for _, wakes in done for key, wake_s in wakes.items()}

    def tell(self, session: Session, found: Iterable[Transition], write: Callable[[list[Transition]], int]) -> int:
        """Write what was found of each; the sum of what that returned."""
        own: dict[Key, list[Transition]] = {}
        for t in found:
            own.setdefault(Key(t.shopper_id, t.device_id), []).append(t)
        return sum(self.each(own, lambda key: write(own[key]), session))


def may_be_of_a_device(error: BaseException) -> bool:
    """Whether it would not as well have come with any other: not what a database that is away, busy or another's by now says."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError | IntegrityError)
    return isinstance(error, Exception) and not isinstance(error, AppError | Fenced | NoConnection | MemoryError)
