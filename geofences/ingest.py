"""Take in a batch of fixes: ask whether they may be used, append to the log. What is answered is committed.

Owns the use case. Must not detect anything: the runner reads the log. Reading bytes (geofences/batches.py) is done before, with
no transaction open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.kernel import tracing
from app.kernel.verdict import Fail
from app.privacy.gate import may, refused_of
from app.privacy.permissions import coarse_phones
from app.privacy.purposes import Purpose
from app.security.sealing import keyed_hash
from geofences.adapters.table_log import TableLog
from geofences.batches import Batch, Reading, Results, of_objects
from geofences.coarsening import coarsened
from geofences.fixes import FixResult
from geofences.ports import FixSink
from geofences.reasons import FixReason
from geofences.settings import GeofenceSettings
from geofences.track import Key


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of a batch, fix by fix."""

    outcome: Results

    @property
    def accepted(self) -> int:
        return self.outcome.number("accepted")

    @property
    def duplicate(self) -> int:
        return self.outcome.number("duplicate")

    @property
    def refused(self) -> int:
        return self.outcome.number("refused")

    @property
    def results(self) -> tuple[FixResult, ...]:
        """In the order of the batch."""
        return tuple(self.outcome.rows())


def reading(key: Key | None, *, received_at: datetime, settings: GeofenceSettings, milliseconds: bool = False) -> Reading:
    """How a batch that is received now is to be read; `key` None: a server's, of many devices."""
    return Reading(key, received_at.timestamp(), settings.max_fix_age_s, milliseconds)


def ingest(
    session: Session,
    key: Key,
    raws: list[Any],
    *,
    received_at: datetime,
    settings: GeofenceSettings,
    milliseconds: bool = False,
    log: FixSink | None = None,
) -> IngestReport | Fail:
    """Append what is good of one device's fixes in the caller's transaction; `Fail(no_consent_location)` and nothing stored without consent."""
    how = reading(key, received_at=received_at, settings=settings, milliseconds=milliseconds)
    return take(session, of_objects(raws, how), key, received_at=received_at, log=log)


def take(
    session: Session, batch: Batch, key: Key | None, *, received_at: datetime, log: FixSink | None = None
) -> IngestReport | Fail:
    """Append a batch that was read. A device without consent gets `Fail`; a server's fixes are refused one by one."""
    if key is not None:
        verdict = may(session, key.shopper_id, Purpose.LOCATION, received_at)
        if isinstance(verdict, Fail):
            return verdict
    else:
        batch = _of_agreed(session, batch, received_at)
    batch = _as_permitted(session, batch)
    columns, outcome = batch.columns, batch.results
    if len(columns):
        with tracing.span("fixes.append", together=len(columns)):
            position = (log or TableLog()).append(session, columns, digest=_digest(batch), at=received_at)
        if position is None:  # the same batch was sent before: nothing to do, and that is what we say
            outcome.repeated()
    return IngestReport(outcome)


def _of_agreed(session: Session, batch: Batch, received_at: datetime) -> Batch:
    """Without the fixes of shoppers who have not agreed; somebody we do not know has not. Devices are called what the server likes."""
    keys = batch.columns.keys
    refused = refused_of(session, {key.shopper_id for key in keys}, Purpose.LOCATION, received_at)
    return batch.refusing(
        {no: FixReason.NO_CONSENT for no, key in enumerate(keys) if key.shopper_id in refused}, "shopper_id"
    )


def _as_permitted(session: Session, batch: Batch) -> Batch:
    """What comes of a phone whose system permits only an approximate position is known by its cell from here on, however exact it
    was sent: whoever asked the system for less is not told apart from whoever sends more than that."""
    columns = batch.columns
    coarse = coarse_phones(session, {key.shopper_id for key in columns.keys})
    if not coarse:
        return batch
    exact = np.array([(key.shopper_id, key.device_id) not in coarse for key in columns.keys], dtype=np.bool_)
    return replace(batch, columns=coarsened(columns, exact[columns.key_no]))


def _digest(batch: Batch) -> str:
    """Keyed, so that the stored value cannot be tried against guessed positions. The order of one device's fixes does not matter."""
    columns = batch.columns
    identities = columns.identities()
    whose = "\n".join(map("/".join, columns.keys)).encode()
    return keyed_hash("fix_batch", whose + b"\n" + identities[np.lexsort(identities.T[::-1])].tobytes())
