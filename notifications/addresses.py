"""Where a delivery goes: the token of a phone, the subscription of a browser, or the contact she has shown to be hers.

Owns looking it up at the moment of sending, so that what was changed or taken away meanwhile is not written to. Must not log or
return an address to anybody but dispatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.security import people
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from app.security.sealing import CannotOpen
from app.security.vault import Destroyed
from notifications import tokens
from notifications.contracts import ChannelKind
from notifications.models import Delivery
from notifications.ports import TokenKind
from notifications.reasons import NotificationReason as Reason

_CONTACT = {
    ChannelKind.EMAIL: ContactKind.EMAIL,
    ChannelKind.SMS: ContactKind.PHONE,
    ChannelKind.WHATSAPP: ContactKind.PHONE,
}


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """`push_token_id` only for a device."""

    kind: TokenKind | ContactKind
    value: str
    push_token_id: str | None = None


def contact_for(session: Session, shopper_id: str, channel: ChannelKind) -> Address | None:
    """The verified contact a channel reaches her by; None when there is none, or the channel needs none."""
    kind = _CONTACT.get(channel)
    try:
        value = contacts.contact_of(session, shopper_id, kind) if kind is not None else None
    except (CannotOpen, Destroyed):  # hers alone: it must not hold up the others
        value = None
    return Address(kind, value) if kind is not None and value is not None else None


def why_none(session: Session, shopper_id: str, channel: ChannelKind) -> Reason:
    """Why there is no contact to be reached by: she never showed one, or it was lost, which she may not know."""
    kind = _CONTACT.get(channel)
    return Reason.CONTACT_LOST if kind is not None and contacts.was_lost(session, shopper_id, kind) else Reason.NO_VERIFIED_CONTACT


def address_of(session: Session, delivery: Delivery) -> Address | None:
    return addresses_of(session, [delivery])[delivery.id]


def addresses_of(session: Session, deliveries: Sequence[Delivery]) -> dict[str, Address | None]:
    """Where to send each, by its id; None: the token is gone, the phone is somebody else's by now, or there is no contact any more."""
    to_phones = [d for d in deliveries if ChannelKind(d.channel).to_device]
    others = {d.id: contact_for(session, d.shopper_id, ChannelKind(d.channel)) for d in deliveries if not ChannelKind(d.channel).to_device}
    owners = people.owners_of(session, {d.device_id for d in to_phones})
    known = tokens.addresses(session, {d.push_token_id for d in to_phones if d.push_token_id and owners.get(d.device_id) == d.shopper_id})
    return others | {d.id: _of(known.get(d.push_token_id or "")) if owners.get(d.device_id) == d.shopper_id else None for d in to_phones}


def _of(found: tokens.Address | None) -> Address | None:
    return Address(found.kind, found.value, found.push_token_id) if found is not None else None
