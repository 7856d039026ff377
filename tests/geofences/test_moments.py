"""What a transition means."""

from __future__ import annotations

from msgspec.structs import replace

from geofences.contracts import MomentKind
from geofences.moments import moment_kinds, moments_of
from geofences.transitions import Transition, TransitionKind

ENTERED = Transition(
    TransitionKind.ENTERED,
    "shp_1",
    "dev_1",
    "fen_1",
    "vis_1",
    100.0,
    101.0,
    100.0,
    None,
    0,
    0.9,
    ("position_stale",),
    "inside",
)


class TestMomentKinds:
    def test_the_first_visit_is_a_store_visit(self) -> None:
        assert moment_kinds(ENTERED, 1) == (MomentKind.STORE_VISIT,)

    def test_a_later_one_is_also_a_return(self) -> None:
        assert moment_kinds(ENTERED, 2) == (MomentKind.STORE_VISIT, MomentKind.RETURN_VISIT)

    def test_the_others_have_one_each(self) -> None:
        assert moment_kinds(replace(ENTERED, kind=TransitionKind.DWELLED), 3) == (MomentKind.DWELL,)
        assert moment_kinds(replace(ENTERED, kind=TransitionKind.EXITED), 3) == (MomentKind.LEFT,)
        assert moment_kinds(replace(ENTERED, kind=TransitionKind.CROSSED), 1) == (MomentKind.CROSSED,)


class TestMomentsOf:
    def test_ids_depend_on_shopper_fence_start_and_kind_alone(self) -> None:
        (one,) = moments_of(ENTERED, place_id="plc_1", nth_visit=1)
        (same,) = moments_of(replace(ENTERED, decided_s=999.0, confidence=0.5), place_id="plc_1", nth_visit=1)
        assert one.id == same.id
        assert moments_of(replace(ENTERED, started_s=101.0), place_id="plc_1", nth_visit=1)[0].id != one.id
        assert moments_of(replace(ENTERED, shopper_id="shp_2"), place_id="plc_1", nth_visit=1)[0].id != one.id

    def test_each_step_of_the_ladder_is_its_own_moment(self) -> None:
        dwelled = replace(ENTERED, kind=TransitionKind.DWELLED, dwell_s=120)
        ids = {moments_of(replace(dwelled, dwell_s=s), place_id="plc_1", nth_visit=1)[0].id for s in (120, 300, 900)}
        assert len(ids) == 3

    def test_doubts_travel_with_the_moment(self) -> None:
        (one,) = moments_of(ENTERED, place_id="plc_1", nth_visit=1)
        assert one.doubts == ("position_stale",)
        assert one.trust.value == "claimed"
