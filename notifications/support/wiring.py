"""The parts of support, built once by the bootstrap. Owns nothing of its own; the roof holds them as `house.support`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from notifications.support.settings import SupportSettings
from notifications.support.telling import Teller


@dataclass(frozen=True, slots=True)
class Support:
    """`take_over_after_s`: as for conversations, after so long a case can be taken over."""

    settings: SupportSettings
    teller: Teller
    take_over_after_s: int


def of(house: Any) -> Support:
    """The parts of a built house."""
    return cast("Support", house.support)
