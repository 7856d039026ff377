"""What `offers` does when something happened: a moment is decided, a retracted one is voided, a verified contact is noted.

Owns the subscriptions of the room. Each handler runs in its own transaction beside its inbox row; a repeat does nothing.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kernel.outbox import Envelope, Subscriptions
from app.security.contacts import facade as contacts
from app.security.contacts.contracts import ContactVerified
from geofences.contracts import MomentDetected, MomentKind, MomentRetracted, MomentView, TrustLevel
from offers import facade
from offers.settings import OfferSettings


def moment_of(event: MomentDetected) -> MomentView:
    return MomentView(
        id=event.moment_id,
        kind=MomentKind(event.kind),
        shopper_id=event.shopper_id,
        device_id=event.device_id,
        place_id=event.place_id,
        visit_id=event.visit_id,
        occurred_at=event.occurred_at,
        dwell_s=event.dwell_s,
        nth_visit=event.nth_visit,
        confidence=event.confidence,
        trust=TrustLevel(event.trust),
        trust_reasons=event.trust_reasons,
    )


def subscribe(subscriptions: Subscriptions, settings: OfferSettings) -> None:
    """Called once by bootstrap."""

    def decide(session: Session, event: MomentDetected, envelope: Envelope) -> None:
        at, told = session.info["clock"].now(), envelope.event_id
        facade.decide(session, moment_of(event), at=at, fewer_mute_s=settings.fewer_mute_s, told=told)

    def retract(session: Session, event: MomentRetracted, envelope: Envelope) -> None:
        at, taken_back = session.info["clock"].now(), envelope.event_id
        facade.retract(session, moment_id=event.moment_id, shopper_id=event.shopper_id, at=at, taken_back=taken_back)

    def note_contact(session: Session, event: ContactVerified, _envelope: Envelope) -> None:
        value = contacts.contact_of(session, event.shopper_id, contacts.ContactKind(event.kind))
        if value is not None:  # else it was changed or erased meanwhile
            facade.note_contact(session, shopper_id=event.shopper_id, contact=value, at=event.verified_at)

    subscriptions.on(MomentDetected, consumer="offers.decide", handler=decide, prompt=True)
    subscriptions.on(MomentRetracted, consumer="offers.retract", handler=retract, prompt=True)
    subscriptions.on(ContactVerified, consumer="offers.note_contact", handler=note_contact)
