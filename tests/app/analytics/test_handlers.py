"""Events become counts: in any order, twice, and only of those who agreed."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select

from app.analytics.models import CampaignTotal, FunnelRow
from app.privacy.consents import withdraw
from app.privacy.purposes import Purpose
from geofences.contracts import MomentRetracted
from tests.app.analytics.conftest import (
    NOW,
    WHOLE,
    Counting,
    answered,
    closed,
    decided,
    detected,
    issued,
    paid,
    pushed,
    redeemed,
    released,
    suppressed,
)


def row(counting: Counting, n: int | str, campaign_id: str = "cmp_1") -> set[str]:
    """The stages a moment has reached."""
    with counting.database.reading() as session:
        found = session.get(FunnelRow, (f"mom_{n}", campaign_id))
        if found is None:
            return set()
        columns = [column.name for column in FunnelRow.__table__.columns]
        stages = [name for name in columns if name.endswith("_at") and name != "noted_at"]
        return {name.removesuffix("_at") for name in stages if getattr(found, name)}


def total(counting: Counting) -> tuple[int, int, int, int] | None:
    with counting.database.reading() as session:
        found = session.get(CampaignTotal, ("cmp_1", "EUR"))
        return (found.orders, found.revenue_minor, found.redemptions, found.discount_minor) if found else None


class TestSubscribe:
    def test_the_whole_story(self, counting: Counting) -> None:
        counting.consent(1)
        counting.hear(*(event(1) for event in WHOLE))
        assert row(counting, 1, "") == {"detected"}
        assert row(counting, 1) == {"detected", "offered", "pushed", "seen", "ordered", "redeemed"}
        assert total(counting) == (1, 750, 1, 250)

    @pytest.mark.parametrize("seed", range(4))
    def test_any_order_and_twice_is_the_same(self, counting: Counting, seed: int) -> None:
        """Planted bug: adding to the totals without asking whether the stage was new doubled them."""
        counting.consent(1)
        events = [event(1) for event in WHOLE] * 2
        random.Random(seed).shuffle(events)
        counting.hear(*events)
        assert row(counting, 1) == {"detected", "offered", "pushed", "seen", "ordered", "redeemed"}
        assert total(counting) == (1, 750, 1, 250)

    def test_without_consent_nothing_is_counted(self, counting: Counting) -> None:
        """Planted bug: a handler registered without `_with_consent`."""
        counting.hear(*(event(1) for event in WHOLE), suppressed(1), released(1), closed(1))
        with counting.database.reading() as session:
            assert session.scalars(select(FunnelRow)).all() == []
            assert session.scalars(select(CampaignTotal)).all() == []

    def test_withdrawing_stops_it(self, counting: Counting) -> None:
        counting.consent(1)
        counting.hear(detected(1), decided(1))
        with counting.database.transaction() as session:
            withdraw(session, "shp_1", Purpose.ANALYTICS, source="test", at=NOW)
        counting.hear(pushed(1), redeemed(1))
        assert row(counting, 1) == {"detected", "offered"}

    def test_withheld_and_suppressed_stand_beside(self, counting: Counting) -> None:
        counting.consent(1, 2)
        counting.hear(decided(1, "withheld"), issued(2), suppressed(2))
        assert row(counting, 1) == {"detected", "withheld"}
        assert row(counting, 2) == {"offered", "suppressed"}

    def test_all_campaigns_of_a_moment_are_noted_at_once(self, counting: Counting) -> None:
        """Whatever was noted of one before, and heard twice. Planted bug: what was there before left as it was."""
        counting.consent(1)
        counting.hear(issued(1), *[decided(1, "offer", cmp_2="withheld", cmp_3="withheld")] * 2)
        assert [row(counting, 1, name) for name in ("cmp_1", "cmp_2", "cmp_3")] == [{"detected", "offered"}, *[{"detected", "withheld"}] * 2]

    def test_what_an_earlier_release_left_is_counted_as_well(self, counting: Counting) -> None:
        counting.consent(1)
        counting.hear(*decided(1, "withheld", cmp_2="offer").each())
        assert [row(counting, 1, name) for name in ("cmp_1", "cmp_2")] == [{"detected", "withheld"}, {"detected", "offered"}]

    def test_a_coupon_nobody_knows_is_not_counted(self, counting: Counting) -> None:
        counting.consent("none")
        counting.hear(pushed("none"), answered("none"), paid("none"), redeemed("none"))
        with counting.database.reading() as session:
            assert session.scalars(select(FunnelRow)).all() == []

    @pytest.mark.parametrize("order", [(redeemed, released), (released, redeemed)])
    def test_undone_at_the_till(self, counting: Counting, order: tuple[object, object]) -> None:
        """Planted bug: forgetting `not_undone` counted the redemption when its undoing was heard of first."""
        counting.consent(1)
        counting.hear(*(event(1) for event in order))  # type: ignore[operator]
        assert "redeemed" not in row(counting, 1)
        assert total(counting) in ((0, 0, 0, 0), None)

    def test_redeemed_again_after_a_release(self, counting: Counting) -> None:
        from datetime import timedelta

        counting.consent(1)
        counting.hear(redeemed(1), released(1), redeemed(1, NOW + timedelta(minutes=2)))
        assert total(counting) == (0, 0, 1, 250)

    @pytest.mark.parametrize("order", [(paid, closed), (closed, paid)])
    def test_refunded(self, counting: Counting, order: tuple[object, object]) -> None:
        counting.consent(1)
        counting.hear(*(event(1) for event in order))  # type: ignore[operator]
        assert "ordered" in row(counting, 1)
        assert total(counting) == (0, 0, 0, 0)

    def test_cancelled_before_payment_is_no_refund(self, counting: Counting) -> None:
        counting.consent(1)
        counting.hear(paid(1), closed(1, "cancelled"))
        assert total(counting) == (1, 750, 0, 0)

    def test_a_retracted_moment_is_not_counted_as_detected(self, counting: Counting) -> None:
        counting.consent(1)
        counting.hear(detected(1), decided(1), MomentRetracted("mom_1", "vis_1", "shp_1", "plc_1", NOW))
        assert row(counting, 1, "") == set()
        assert row(counting, 1) == {"detected", "offered"}
