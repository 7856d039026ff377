"""What may leave app/security/devices: the event that her coupons were frozen, or thawed. Owns shapes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FreezeChanged:
    """Event `freeze.changed`: a shopper's coupons were frozen, or thawed; which of the two is asked of app/security. Told while a wallet holds a pass."""

    TYPE: ClassVar[str] = "freeze.changed"

    shopper_id: str
    changed_at: datetime
