"""What the room asks of whoever knows the weather.

Owns the port. Must not say who that is: adapters/ do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from offers.outside.almanac import Area, Issue


@dataclass(frozen=True, slots=True)
class Trouble:
    """No forecast. `why` in a word or two for the operator; `rest_s`: do not ask again before."""

    why: str
    rest_s: float


class ForecastGateway(Protocol):
    def issues(self, area: Area, at: datetime) -> Sequence[Issue] | Trouble:
        """What it knows of the area at `at`, a day each, today first. Never raises, and returns within its time."""
        ...
