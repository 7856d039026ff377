"""Keeping a shopper's addresses, each change asked of the rules (app/security/policies) first.

Owns that order: hers first (another's is as none), then whether the address fits its country, then the rules; who holds her phone
for a minute does not send her parcels elsewhere. The API and our pages both come through here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.security.asking import Asker
from app.security.policies.contracts import Action
from storefront.addresses import repository
from storefront.addresses.formats import Address, accepted, country_names
from storefront.addresses.repository import Kept, address, addresses
from storefront.addresses.schemas import AddressIn, AddressOut, accepted_phone, address_out

__all__ = ["Address", "AddressIn", "AddressOut", "Kept", "accepted", "accepted_phone", "add", "address", "address_out", "addresses", "change", "country_names", "remove"]


def add(session: Session, asker: Asker, new: Callable[[], Address], *, default: bool, at: datetime) -> Kept:
    """Raises Invalid, AddressBookFull; StepUpNeeded (401), PolicyRefused (403)."""
    hers, wanted = asker.principal.id, new()
    asker.allow(session, Action.CHANGE_ADDRESS, at=at)
    return address(session, hers, repository.add(session, hers, wanted, default=default, at=at))


def change(session: Session, asker: Asker, address_id: str, new: Callable[[], Address], *, default: bool, at: datetime) -> Kept:
    """Raises UnknownAddress before anything else, then as `add`."""
    hers = asker.principal.id
    address(session, hers, address_id)
    wanted = new()
    asker.allow(session, Action.CHANGE_ADDRESS, at=at)
    repository.change(session, hers, address_id, wanted, default=default, at=at)
    return address(session, hers, address_id)


def remove(session: Session, asker: Asker, address_id: str, *, at: datetime) -> None:
    """Raises UnknownAddress, and what the rules say."""
    hers = asker.principal.id
    address(session, hers, address_id)
    asker.allow(session, Action.CHANGE_ADDRESS, at=at)
    repository.remove(session, hers, address_id, at=at)
