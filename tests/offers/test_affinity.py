"""What she used speaks for more of the same, four coupons' worth of caution against it, and never beyond its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from offers import affinity, schemas
from offers.affinity import Fit, Past
from tests.offers.builders import document

BONBON = frozenset({"bonbon"})


def definition(**changes: Any) -> Any:
    return schemas.checked(document(**changes))


class TestLikeness:
    def test_same_campaign_shared_scope_nothing_in_common(self) -> None:
        assert affinity.likeness("cam_1", frozenset(), Past("cam_1", BONBON, True)) == 100
        assert affinity.likeness("cam_1", frozenset({"bonbon", "cake"}), Past("cam_2", BONBON, True)) == 50
        assert affinity.likeness("cam_1", BONBON, Past("cam_2", frozenset({"tea"}), True)) == 0
        assert affinity.likeness("cam_1", frozenset(), Past("cam_2", frozenset(), True)) == 0


class TestFit:
    def test_nothing_known_is_even(self) -> None:
        assert affinity.fit("cam_1", definition(), [], 1) == Fit(0, 0, 10_000)
        assert affinity.fit("cam_1", definition(), [Past("cam_2", frozenset({"tea"}), True)], 1) == Fit(0, 0, 10_000)

    @pytest.mark.parametrize(
        ("used", "unused", "affinity_bp"), [(1, 0, 16_000), (0, 1, 8_000), (2, 2, 15_000), (90, 0, 38_723), (0, 90, 2_500)]
    )
    def test_her_rate_against_anybodys(self, used: int, unused: int, affinity_bp: int) -> None:
        past = [Past("cam_2", BONBON, True)] * used + [Past("cam_2", BONBON, False)] * unused
        fit = affinity.fit("cam_1", definition(), past, 1)
        assert fit == Fit(100 * (used + unused), 100 * used, affinity_bp)

    @pytest.mark.parametrize(("nth_visit", "affinity_bp"), [(0, 7_500), (1, 7_500), (2, 8_333), (10, 9_545)])
    def test_a_coupon_for_this_place_alone_is_for_those_who_come_here(self, nth_visit: int, affinity_bp: int) -> None:
        here = definition(coupon={"places": "place"})
        assert affinity.fit("cam_1", here, [], nth_visit).affinity_bp == affinity_bp
