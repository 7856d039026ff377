"""One OwnTracks message taken in, whichever way it came, and what the phone is told in answer.

Owns the use case. What is not taken (no consent, a senseless fix) is written to the log by reason and otherwise passed over: the app
would keep it and send it again for ever. The fix is in the log when the caller's transaction has committed, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.logs import get_logger
from app.kernel.verdict import Fail
from geofences import owntracks
from geofences.ingest import ingest
from geofences.ports import FixSink
from geofences.settings import GeofenceSettings
from geofences.track import Key
from geofences.watching import plan_for

log = get_logger(__name__)


def hear(
    session: Session,
    key: Key,
    message: Mapping[str, Any],
    *,
    received_at: datetime,
    settings: GeofenceSettings,
    wake: Callable[[], None] | None = None,
    log_to: FixSink | None = None,
) -> list[dict[str, Any]]:
    """Commands for the phone, often none. `wake` is called after the commit if there is something to detect."""
    fix = owntracks.fix_of(message)
    if fix is None:
        return []
    found = ingest(session, key, [fix], received_at=received_at, settings=settings, log=log_to)
    if isinstance(found, Fail):
        log.info("owntracks_not_taken", reason=found.reason)
        return []
    if found.refused:
        log.info("owntracks_not_taken", reason=found.results[0].reason)
        return []
    if found.accepted and wake is not None:
        session.info["after_commit"].append(wake)
    slots = settings.waypoints_per_phone
    if slots < 2 or not owntracks.wants_waypoints(message):
        return []
    plan = plan_for(session, owntracks.phone_of(message), os_limit=slots, reserve=1)
    return [owntracks.set_waypoints(plan)]
