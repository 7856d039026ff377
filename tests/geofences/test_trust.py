"""Graded evidence about a position."""

from __future__ import annotations

from geofences import trust
from geofences.contracts import TrustLevel

RULES = trust.TrustRules()


def doubts(
    *, mocked: bool = False, accuracy_m: float = 10.0, age_s: float = 1.0, moved_mps: float | None = 1.0
) -> tuple[str, ...]:
    return trust.weigh(mocked=mocked, accuracy_m=accuracy_m, age_s=age_s, moved_mps=moved_mps, rules=RULES).doubts


class TestWeigh:
    def test_a_plain_fix_raises_no_doubt(self) -> None:
        assert doubts() == ()

    def test_each_doubt_has_its_name(self) -> None:
        assert doubts(mocked=True) == (trust.MOCKED,)
        assert doubts(moved_mps=220.0) == (trust.JUMP,)
        assert doubts(age_s=3600.0) == (trust.STALE,)
        assert doubts(accuracy_m=1500.0) == (trust.INACCURATE,)

    def test_several_stand_in_order(self) -> None:
        assert doubts(mocked=True, accuracy_m=1500.0) == (trust.INACCURATE, trust.MOCKED)

    def test_the_first_fix_cannot_jump(self) -> None:
        assert doubts(moved_mps=None) == ()


class TestLevel:
    def test_positions_alone_are_claimed(self) -> None:
        assert trust.level(()) is TrustLevel.CLAIMED

    def test_a_second_kind_corroborates_two_verify(self) -> None:
        assert trust.level((), ["beacon"]) is TrustLevel.CORROBORATED
        assert trust.level((), ["beacon", "attested_device"]) is TrustLevel.VERIFIED

    def test_a_mocked_position_stays_claimed(self) -> None:
        assert trust.level([trust.MOCKED], ["beacon", "attested_device"]) is TrustLevel.CLAIMED
