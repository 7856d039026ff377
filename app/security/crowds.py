"""Questions about many shoppers at once: since when they are known, who has an account or a device, who is one and the same.

Owns these reads. `shopper_ids` None is everybody. Must not answer for what a shopper may or wants: app/privacy/gate.py does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.db import prepared
from app.security.models import DeviceRow, PersonRow, ShopperRow

_IDS = bindparam("ids", expanding=True)
_SINCE = select(ShopperRow.id, ShopperRow.created_at)
_SINCE_OF = _SINCE.where(ShopperRow.id.in_(_IDS))
_ACCOUNTS = select(PersonRow.shopper_id).where(PersonRow.shopper_id.is_not(None), PersonRow.disabled_at.is_(None))
_ACCOUNTS_OF = _ACCOUNTS.where(PersonRow.shopper_id.in_(_IDS))


def known_since(session: Session, shopper_ids: Collection[str] | None = None) -> dict[str, datetime]:
    """When each of the ids was first seen."""
    rows: Any = session.execute(_SINCE) if shopper_ids is None else prepared(session, _SINCE_OF, {"ids": list(shopper_ids)})
    return dict(rows.all())


def with_account(session: Session, shopper_ids: Collection[str] | None = None) -> set[str]:
    """Those who have signed up, not those whose account is closed."""
    if shopper_ids is None:
        return {found for found in session.scalars(_ACCOUNTS) if found is not None}
    return set(prepared(session, _ACCOUNTS_OF, {"ids": list(shopper_ids)}).scalars())


def with_device(session: Session) -> set[str]:
    """Those with a live device: whose app has an inbox."""
    return set(session.scalars(select(DeviceRow.shopper_id).where(DeviceRow.revoked_at.is_(None)).distinct()))


def joined(session: Session) -> dict[str, str]:
    """Every id that was joined into another, with that other."""
    rows = session.execute(
        select(ShopperRow.id, ShopperRow.joined_into_shopper_id).where(ShopperRow.joined_into_shopper_id.is_not(None))
    )
    return {old: new for old, new in rows if new is not None}
