"""What beacons do about events of the cellar.

Owns the subscription. A withdrawn consent takes the sightings that still wait with it; what the runner has in memory goes with its next
flush (the gate is asked there).
"""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from geofences.beacons.models import HearingStateRow, SightingLogRow


def subscribe(subscriptions: Subscriptions) -> None:
    """Called by bootstrap."""
    subscriptions.on(ConsentChanged, consumer="geofences.beacons.forget", handler=forget_sightings)


def forget_sightings(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
    """Location withdrawn, and not granted again meanwhile: waiting sightings and the detector's memory go. Visits end with those of positions."""
    if event.purpose != Purpose.LOCATION.value or event.granted:
        return
    if may(session, event.shopper_id, Purpose.LOCATION, session.info["clock"].now()).ok:
        return
    quietly = {"synchronize_session": False}
    waiting = update(SightingLogRow).where(SightingLogRow.shopper_id == event.shopper_id)
    session.execute(waiting.values(payload=None).execution_options(**quietly))
    memory = delete(HearingStateRow).where(HearingStateRow.shopper_id == event.shopper_id)
    session.execute(memory.execution_options(**quietly))
