"""Take in the fixes of one device: check each, ask the gate, append to the log. What is answered is committed.

Owns the use case. Must not detect anything: the runner reads the log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from app.security.sealing import keyed_hash
from geofences.adapters.table_log import TableLog
from geofences.fixes import FixResult, read_batch
from geofences.ports import FixLog
from geofences.settings import GeofenceSettings
from geofences.track import Key, Sample


@dataclass(frozen=True, slots=True)
class IngestReport:
    """How many fixes were taken, how many were known, how many refused; `results` in the order of the batch."""

    accepted: int
    duplicate: int
    refused: int
    results: tuple[FixResult, ...]


def ingest(
    session: Session,
    key: Key,
    raws: list[Any],
    *,
    received_at: datetime,
    settings: GeofenceSettings,
    milliseconds: bool = False,
    log: FixLog | None = None,
) -> IngestReport | Fail:
    """Append what is good of a batch in the caller's transaction; `Fail(no_consent_location)` and nothing stored without consent."""
    verdict = may(session, key.shopper_id, Purpose.LOCATION, received_at)
    if isinstance(verdict, Fail):
        return verdict
    samples, results = read_batch(
        raws, received_s=received_at.timestamp(), max_age_s=settings.max_fix_age_s, milliseconds=milliseconds
    )
    if samples:
        position = (log or TableLog()).append(session, key, tuple(samples), digest=_digest(samples), at=received_at)
        if position is None:  # the same batch was sent before: nothing to do, and that is what we say
            results = [replace(r, status="duplicate") if r.status == "accepted" else r for r in results]
    counts = {status: sum(r.status == status for r in results) for status in ("accepted", "duplicate", "refused")}
    return IngestReport(counts["accepted"], counts["duplicate"], counts["refused"], tuple(results))


def _digest(samples: list[Sample]) -> str:
    """Keyed, so that the stored value cannot be tried against guessed positions."""
    return keyed_hash("fix_batch", "\n".join(sorted(s.id for s in samples)))
