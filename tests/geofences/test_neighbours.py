"""Which fences contest a fix, and whose visit a visit is part of."""

from __future__ import annotations

from geofences.geometry import Circle
from geofences.index import Fence, FenceIndex
from geofences.neighbours import Neighbours
from geofences.transitions import Presence
from tests.geofences.tracks import K_LON, LAT, LON


def fence(name: str, east_m: float, radius_m: float, level: int = 0) -> Fence:
    return Fence(name, f"plc_{name}", name, Circle(LAT, LON + east_m / K_LON, radius_m), level)


def presence(name: str, *, is_open: bool = True, since_s: float = 0.0) -> Presence:
    return Presence(name, is_open, since_s, since_s, since_s, since_s, 1.0, 1.0, False)


HERE = Neighbours(
    FenceIndex(
        [
            fence("a", 0, 50),
            fence("b", 90, 50),
            fence("mall", 50, 300, -1),
            fence("kiosk", 5, 5),
            fence("desk", 0, 5, 1),
        ]
    )
)


class TestInOrder:
    def test_larger_first_then_open_then_deeper(self) -> None:
        distances = {"a": -1.0, "b": -20.0, "mall": -100.0, "desk": -3.0}
        assert HERE.in_order({}, distances) == ["mall", "b", "a", "desk"]
        assert HERE.in_order({"a": presence("a")}, distances) == ["mall", "a", "b", "desk"]
        assert HERE.in_order({"a": presence("a", is_open=False)}, distances) == ["mall", "b", "a", "desk"]


class TestContested:
    def test_by_a_rival_that_holds_the_fix_alone(self) -> None:
        assert HERE.contested("a", {"a": 10.0, "b": -1.0})
        assert not HERE.contested("a", {"a": 10.0, "b": 1.0})
        assert not HERE.contested("a", {"a": 10.0, "mall": -50.0, "kiosk": -1.0})


class TestHeldBy:
    def test_by_an_open_visit_next_door_that_is_near(self) -> None:
        open_a = {"a": presence("a")}
        assert HERE.held_by("b", open_a, {"a": 30.0, "b": -5.0}, 100.0) is open_a["a"]
        assert HERE.held_by("b", open_a, {"a": 130.0, "b": -5.0}, 100.0) is None
        assert HERE.held_by("b", {"a": presence("a", is_open=False)}) is None
        assert HERE.held_by("kiosk", open_a) is None
        assert HERE.held_by("mall", open_a) is None


class TestParentOf:
    def test_the_smallest_it_is_part_of(self) -> None:
        around = {"mall": presence("mall"), "a": presence("a"), "b": presence("b", is_open=False)}
        assert HERE.parent_of("desk", around) is around["a"]
        assert HERE.parent_of("a", around) is around["mall"]
        assert HERE.parent_of("kiosk", around) is around["a"]
        assert HERE.parent_of("mall", around) is None
        assert HERE.parent_of("b", {"b": presence("b", is_open=False)}) is None
