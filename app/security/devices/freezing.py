"""Frozen: while we were warned of a phone, or of whoever holds it, no coupon of hers is reserved or redeemed.

Owns the mark on the rows of the device and of its shopper, and the one locked look by which a redeeming transaction and a freezing one
are put in order: whichever commits first, no use commits after the freeze. Coupons are not touched; they thaw with the mark.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved, prepared
from app.kernel.outbox import emit_if_owed
from app.security.devices.contracts import FreezeChanged
from app.security.models import DeviceRow, ShopperRow

BY_DEVICE = "device"
"""Why a shopper is frozen when it is for one of her devices."""

_shoppers = cast("Any", ShopperRow.__table__)
_LOOK = select(_shoppers.c.frozen_why, _shoppers.c.joined_into_shopper_id).where(_shoppers.c.id == bindparam("shopper_id"))
_LOCKED = _LOOK.with_for_update(read=True)


def frozen(session: Session, shopper_id: str, *, locked: bool = False) -> bool:
    """Are the coupons that were given to this shopper frozen, under her id or under that of whom she has become?

    `locked`: whoever freezes her waits until this transaction ends, and this one waits for a freeze under way. Look so after
    the coupon has been moved, in the same transaction.
    """
    statement = _LOCKED if locked else _LOOK
    row = prepared(session, statement, {"shopper_id": shopper_id}).one_or_none()
    if row is not None and row[0] is None and row[1] is not None:
        row = prepared(session, statement, {"shopper_id": row[1]}).one_or_none()
    return row is not None and row[0] is not None


def _mark(session: Session, shopper_id: str, mark: Update, at: datetime) -> bool:
    if not moved(session, mark):
        return False
    emit_if_owed(session, FreezeChanged(shopper_id, at), subject=shopper_id)
    return True


def freeze_device(session: Session, device_id: str, why: str, *, told_at: datetime) -> bool:
    """Mark a device and its shopper; False for a device that is unknown or of which something newer was told."""
    newer = update(DeviceRow).where(DeviceRow.id == device_id, (DeviceRow.told_at.is_(None)) | (DeviceRow.told_at <= told_at))
    if not moved(session, newer.values(frozen_why=why, told_at=told_at)):
        return False
    shopper_id = session.scalars(select(DeviceRow.shopper_id).where(DeviceRow.id == device_id)).one()
    mark = update(ShopperRow).where(ShopperRow.id == shopper_id, ShopperRow.frozen_why.is_(None))
    _mark(session, shopper_id, mark.values(frozen_why=BY_DEVICE, frozen_at=told_at), told_at)
    return True


def thaw_device(session: Session, device_id: str, *, told_at: datetime) -> bool:
    """The device is well again; so are the coupons, when no other device of hers is frozen and she herself is not."""
    newer = update(DeviceRow).where(DeviceRow.id == device_id, (DeviceRow.told_at.is_(None)) | (DeviceRow.told_at <= told_at))
    if not moved(session, newer.values(frozen_why=None, told_at=told_at)):
        return False
    shopper_id = session.scalars(select(DeviceRow.shopper_id).where(DeviceRow.id == device_id)).one()
    still = select(DeviceRow.id).where(DeviceRow.shopper_id == shopper_id, DeviceRow.frozen_why.is_not(None), DeviceRow.revoked_at.is_(None)).exists()
    clear = update(ShopperRow).where(ShopperRow.id == shopper_id, ShopperRow.frozen_why == BY_DEVICE, ~still)
    _mark(session, shopper_id, clear.values(frozen_why=None, frozen_at=None), told_at)
    return True


def freeze_shopper(session: Session, shopper_id: str, why: str, *, told_at: datetime) -> bool:
    """Mark the shopper herself: until she shows again that it is her (`proved_again`)."""
    return _mark(session, shopper_id, update(ShopperRow).where(ShopperRow.id == shopper_id).values(frozen_why=why, frozen_at=told_at), told_at)


def proved_again(session: Session, shopper_id: str, *, at: datetime) -> bool:
    """She has shown a passkey or a password since: what was frozen for her own sake thaws. What is wrong with a phone stays."""
    hers = update(ShopperRow).where(ShopperRow.id == shopper_id, ShopperRow.frozen_why != BY_DEVICE, ShopperRow.frozen_at <= at)
    if not _mark(session, shopper_id, hers.values(frozen_why=None, frozen_at=None), at):
        return False
    bad = select(DeviceRow.id).where(DeviceRow.shopper_id == shopper_id, DeviceRow.frozen_why.is_not(None), DeviceRow.revoked_at.is_(None))
    if session.scalars(bad.limit(1)).first() is not None:
        moved(session, update(ShopperRow).where(ShopperRow.id == shopper_id).values(frozen_why=BY_DEVICE, frozen_at=at))
    return True
