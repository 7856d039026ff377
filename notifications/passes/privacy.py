"""What is held of the wallets her passes lie in, how it is exported and erased, and how long it is kept.

Owns `HOLDERS` and `rules(settings)`. Push tokens are not exported: they open the way to a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from notifications.passes.models import PassCopy
from notifications.settings import NotificationSettings


def _export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    copies = session.scalars(select(PassCopy).where(PassCopy.shopper_id == shopper_id).order_by(PassCopy.id))
    return {"passes": [{"coupon_id": c.coupon_id, "wallet": c.wallet, "registered_at": c.registered_at, "told_at": c.told_at} for c in copies]}


def _erase(session: Session, shopper_id: str) -> int:
    return touched(session, delete(PassCopy).where(PassCopy.shopper_id == shopper_id))


HOLDERS: tuple[DataHolder, ...] = (DataHolder("notifications.passes", ("notifications_pass_copy",), _export, _erase),)


def rules(settings: NotificationSettings) -> tuple[RetentionRule, ...]:
    why = "Which of your wallets hold a pass of ours and where they hear of changes; until the offer has ended, and a while after, so that the pass can say so."
    return (RetentionRule("notifications_pass_copy", "ends_at", settings.keep_passes_s, why),)


RULES: tuple[RetentionRule, ...] = rules(NotificationSettings())  # type: ignore[call-arg]
