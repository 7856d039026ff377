"""When a card's time is over: after the last day of its month, not before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storefront.methods.cards import Card, expired, expires_soon

CARD = Card("pm_1", "visa", "4242", 11, 2026, "fp")


@pytest.mark.parametrize(
    ("at", "over", "soon"),
    [
        (datetime(2026, 9, 30, tzinfo=UTC), False, False),
        (datetime(2026, 10, 1, tzinfo=UTC), False, True),
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), False, True),
        (datetime(2026, 12, 1, tzinfo=UTC), True, False),
        (datetime(2027, 1, 1, tzinfo=UTC), True, False),
    ],
)
def test_good_until_the_last_day_of_its_month(at: datetime, over: bool, soon: bool) -> None:
    assert (expired(CARD, at), expires_soon(CARD, at)) == (over, soon)


def test_what_pays_is_not_printed() -> None:
    assert "pm_1" not in repr(CARD)
    assert "fp" not in repr(CARD)
