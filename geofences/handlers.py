"""What the room does about events of the cellar.

Owns the subscriptions. A withdrawn consent takes the positions that still wait with it; what the runner has in memory goes with
its next flush (the gate is asked there).
"""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from app.privacy.gate import may
from app.privacy.purposes import Purpose
from geofences.adapters.table_log import forget_shoppers
from geofences.models import TrackStateRow, VisitRow


def subscribe(subscriptions: Subscriptions) -> None:
    """Called by bootstrap."""
    subscriptions.on(ConsentChanged, consumer="geofences.forget", handler=forget_positions)


def forget_positions(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
    """Location withdrawn, and not granted again meanwhile: waiting positions and the detector's memory go, visits end."""
    if event.purpose != Purpose.LOCATION.value or event.granted:
        return
    if may(session, event.shopper_id, Purpose.LOCATION, session.info["clock"].now()).ok:
        return
    quietly = {"synchronize_session": False}
    forget_shoppers(session, [event.shopper_id])
    session.execute(
        delete(TrackStateRow).where(TrackStateRow.shopper_id == event.shopper_id).execution_options(**quietly)
    )
    still_open = (VisitRow.shopper_id == event.shopper_id, VisitRow.ended_at.is_(None))
    session.execute(update(VisitRow).where(*still_open).values(ended_at=VisitRow.seen_at).execution_options(**quietly))
