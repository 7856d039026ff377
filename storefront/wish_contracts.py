"""Shapes of wishes that may leave the room. `contracts.py` hands them out with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class WishMatched:
    """Event `wish.matched`: she has come to a store, and what stands on her list lies there; each product once a visit."""

    TYPE: ClassVar[str] = "wish.matched"

    shopper_id: str
    place_id: str
    visit_id: str
    moment_id: str
    product_ids: tuple[str, ...]
    found_at: datetime
