"""Which of several eligible campaigns speaks: higher priority, then higher expected value, then the smaller id.

Pure and total: the same candidates give the same order whatever order they come in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """`expected_value_minor`: what the merchant expects to earn by one such offer, in minor units."""

    campaign_id: str
    priority: int
    expected_value_minor: int


def ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Best first."""
    return tuple(sorted(candidates, key=lambda c: (-c.priority, -c.expected_value_minor, c.campaign_id)))
