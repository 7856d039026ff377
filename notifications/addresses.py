"""Where a delivery goes: the token of a phone, the subscription of a browser, or the contact she has shown to be hers.

Owns looking it up at the moment of sending, so that what was changed or taken away meanwhile is not written to. Must not log or
return an address to anybody but dispatch.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.security import people
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from app.security.sealing import CannotOpen
from notifications import tokens
from notifications.contracts import ChannelKind
from notifications.models import Delivery
from notifications.ports import TokenKind

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
    value = contacts.contact_of(session, shopper_id, kind) if kind is not None else None
    return Address(kind, value) if kind is not None and value is not None else None


def address_of(session: Session, delivery: Delivery) -> Address | None:
    """Where to send it, or None: the token is gone, the phone is somebody else's by now, or there is no contact any more."""
    channel = ChannelKind(delivery.channel)
    if not channel.to_device:
        return contact_for(session, delivery.shopper_id, channel)
    device = people.device(session, delivery.device_id)
    if device is None or device.shopper_id != delivery.shopper_id or delivery.push_token_id is None:
        return None
    try:
        found = tokens.address(session, delivery.push_token_id)
    except CannotOpen:
        return None
    return Address(found.kind, found.value, found.push_token_id) if found is not None else None
