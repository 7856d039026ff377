"""Which passes lie in which wallet: kept while a wallet wants to hear of changes.

Owns taking up, giving up and listing them, and where a device of Apple's is reached: sealed with the shopper's key, found again by keyed
hashes. Must not log a token or a device's id, and must not ask anybody: whether a proof opens a pass, the routes have asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.security.sealing import CannotOpen, keyed_hash
from app.security.vault import Destroyed, open_for, seal_for
from notifications.passes.contents import PassFacts
from notifications.passes.models import PassCopy
from notifications.passes.ports import Wallet

_TOKEN, _DEVICE = "wallet_token", "wallet_device"
TOKEN_MOST_CHARS = 256
COPIES_MOST = 10
"""So many devices of one pass; one more takes the place of the oldest. A pass is hers alone, and nobody has more watches and telephones."""

ANY_HELD = select(PassCopy.id).limit(1)
"""Whether any wallet holds a pass at all: asked in the transactions that change coupons."""


def register(session: Session, facts: PassFacts, shopper_id: str, device: str, token: str, at: datetime) -> bool:
    """This device of Apple's hears of changes of this pass at `token` from now on; False if it did before. Raises Invalid.

    A new token is taken for this pass alone: the proof opens no other, and a device tells it for each pass it holds.
    """
    if not token.isascii() or not token.isalnum() or len(token) > TOKEN_MOST_CHARS:
        raise Invalid.field("pushToken", f"the push token as the wallet has it: at most {TOKEN_MOST_CHARS} letters and digits")
    device_hash, address_hash = keyed_hash(_DEVICE, device), keyed_hash(_TOKEN, token)
    if _keep(session, Wallet.APPLE, facts, shopper_id, at, device_hash=device_hash, token=token, address_hash=address_hash):
        _make_room(session, facts.serial)
        return True
    mine = select(PassCopy).where(PassCopy.wallet == Wallet.APPLE.value, PassCopy.device_hash == device_hash, PassCopy.coupon_id == facts.serial)
    for copy in session.scalars(mine.with_for_update().execution_options(populate_existing=True)):
        copy.address_hash, copy.sealed, copy.registered_at = address_hash, _sealed(copy.shopper_id, token, copy.id), at
    session.flush()
    return False


def keep_object(session: Session, facts: PassFacts, shopper_id: str, digest: str, at: datetime) -> bool:
    """She was led to Google, where she may save this pass as `facts` say it: its changes are told there from now on. False if they were
    before."""
    return _keep(session, Wallet.GOOGLE, facts, shopper_id, at, digest=digest)


def _keep(
    session: Session, wallet: Wallet, facts: PassFacts, shopper_id: str, at: datetime, *, digest: str | None = None, device_hash: str = "", token: str = "",
    address_hash: str = "",
) -> bool:  # fmt: skip
    """`digest` None: nobody knows which form of it that wallet was given, so it is told once."""
    copy_id = new_id("pcy")
    values = {
        "id": copy_id, "shopper_id": shopper_id, "coupon_id": facts.serial, "wallet": wallet.value, "device_hash": device_hash,
        "address_hash": address_hash or copy_id, "sealed": _sealed(shopper_id, token, copy_id) if token else None, "digest": digest,
        "changed_at": at.replace(microsecond=0), "stamp": 0, "look_at": at, "state": "quiet", "attempts": 0, "next_attempt_at": at, "claim": None,
        "lease_until": None, "reason": None, "told_at": None, "registered_at": at, "ends_at": facts.expires_at,
    }  # fmt: skip
    return insert_new(session, PassCopy, values, unique=["wallet", "device_hash", "coupon_id"])


def _make_room(session: Session, coupon_id: str) -> None:
    mine = select(PassCopy.id).where(PassCopy.coupon_id == coupon_id, PassCopy.wallet == Wallet.APPLE.value)
    old = session.scalars(mine.order_by(PassCopy.registered_at.desc(), PassCopy.id.desc()).offset(COPIES_MOST)).all()
    if old:
        session.execute(delete(PassCopy).where(PassCopy.id.in_(old)).execution_options(synchronize_session=False))


def unregister(session: Session, coupon_id: str, device: str) -> bool:
    """This device does not hold the pass any more. False if we did not know that it did."""
    mine = (PassCopy.wallet == Wallet.APPLE.value, PassCopy.device_hash == keyed_hash(_DEVICE, device), PassCopy.coupon_id == coupon_id)
    gone = session.execute(delete(PassCopy).where(*mine).execution_options(synchronize_session=False))
    return cast("CursorResult[object]", gone).rowcount > 0


def changed_since(session: Session, device: str, since: int | None) -> tuple[Sequence[str], int] | None:
    """The serials of the passes of this device that changed after the tag `since` (None: all it has), and the tag to ask with next time.
    None: there are none."""
    mine = select(PassCopy.coupon_id, PassCopy.stamp).where(PassCopy.wallet == Wallet.APPLE.value, PassCopy.device_hash == keyed_hash(_DEVICE, device))
    rows = session.execute(mine.order_by(PassCopy.coupon_id)).all()
    changed = [row for row in rows if since is None or row.stamp > since]
    return ([row.coupon_id for row in changed], max(row.stamp for row in changed)) if changed else None


def token_of(copy: PassCopy) -> str | None:
    """Where the device is reached; None: its owner was forgotten, or it was sealed with a key that is lost."""
    try:
        return open_for(_TOKEN, copy.sealed, copy.id.encode()).decode() if copy.sealed is not None else None
    except (CannotOpen, Destroyed):  # hers alone: it must not hold up the others
        return None


def _sealed(shopper_id: str, token: str, copy_id: str) -> bytes:
    return seal_for(shopper_id, _TOKEN, token.encode(), copy_id.encode())
