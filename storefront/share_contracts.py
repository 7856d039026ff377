"""Shapes of sharing that may leave the room. `contracts.py` hands them out with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ShareView:
    """Her link to a product. `path` is what follows our address; `points`: what it has brought her so far."""

    product_id: str
    path: str
    points: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReferralRewarded:
    """Event `referral.rewarded`: whoever shared a product got points for a first order it led to. Not whose order."""

    TYPE: ClassVar[str] = "referral.rewarded"

    shopper_id: str
    share_id: str
    points: int
    at: datetime
