"""Take in a batch of sightings: ask the gate, check each, append to the log. What is answered is committed.

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
from geofences.beacons import sighting_log
from geofences.beacons.settings import BeaconSettings
from geofences.beacons.sightings import read_batch
from geofences.fixes import FixResult
from geofences.track import Key


@dataclass(frozen=True, slots=True)
class SightingReport:
    """How many sightings were taken, how many were known, how many refused; `results` in the order of the batch."""

    accepted: int
    duplicate: int
    refused: int
    results: tuple[FixResult, ...]


def ingest_sightings(
    session: Session, key: Key, raws: list[Any], *, received_at: datetime, settings: BeaconSettings
) -> SightingReport | Fail:
    """Append what is good of a batch in the caller's transaction; `Fail(no_consent_location)` and nothing stored without consent."""
    verdict = may(session, key.shopper_id, Purpose.LOCATION, received_at)
    if isinstance(verdict, Fail):
        return verdict
    taken, results = read_batch(raws, received_s=received_at.timestamp(), max_age_s=settings.max_sighting_age_s)
    if taken:
        # keyed, so that the stored value cannot be tried against guessed sightings
        digest = keyed_hash("sighting_batch", "\n".join(sorted(s.id for s in taken)))
        if sighting_log.append(session, key, tuple(taken), digest=digest, at=received_at) is None:
            results = [replace(r, status="duplicate") if r.status == "accepted" else r for r in results]
    counts = {status: sum(r.status == status for r in results) for status in ("accepted", "duplicate", "refused")}
    return SightingReport(counts["accepted"], counts["duplicate"], counts["refused"], tuple(results))
