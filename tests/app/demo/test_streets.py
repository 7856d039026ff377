"""Routes over streets: the shortest one, over the largest connected part, stepping over at any door."""

from __future__ import annotations

import pytest

from app.demo.streets import Streets, distance_m, moved_by, path_length_m

A, B, C, D = (24.9400, 60.1690), (24.9410, 60.1690), (24.9410, 60.1700), (24.9400, 60.1700)
ISLAND = ((24.9500, 60.1750), (24.9501, 60.1750))


def square(*extra: tuple[tuple[float, float], ...]) -> Streets:
    return Streets([(A, B), (B, C), (C, D), *extra])


class TestDistanceM:
    def test_a_hundredth_degree_of_latitude(self) -> None:
        assert distance_m((24.94, 60.16), (24.94, 60.17)) == pytest.approx(1111.95, abs=0.01)

    def test_east_shrinks_with_the_cosine_of_latitude(self) -> None:
        assert distance_m((24.94, 60.0), (24.95, 60.0)) == pytest.approx(555.97, abs=0.01)


class TestMovedBy:
    def test_there_and_back_is_the_same_distance(self) -> None:
        assert distance_m(A, moved_by(A, 30.0, 40.0)) == pytest.approx(50.0, abs=0.001)


class TestRoute:
    def test_goes_round_when_there_is_no_shorter_way(self) -> None:
        path = square().route(A, D)
        assert path[0] == A
        assert path[-1] == D
        assert B in path
        assert C in path
        assert path_length_m(path) == pytest.approx(distance_m(A, B) + distance_m(B, C) + distance_m(C, D), abs=0.01)

    def test_takes_the_short_cut_when_there_is_one(self) -> None:
        path = square((A, D)).route(A, D)
        assert path_length_m(path) == pytest.approx(distance_m(A, D), abs=0.01)

    def test_refuses_a_point_that_is_no_node(self) -> None:
        with pytest.raises(KeyError):
            square().route(A, (24.0, 60.0))


class TestStreets:
    def test_an_unconnected_path_is_left_out(self) -> None:
        assert not set(ISLAND) & set(square(ISLAND).nodes)

    def test_long_streets_have_a_node_every_20_m(self) -> None:
        nodes = Streets([(A, B)]).nodes
        assert len(nodes) == 4  # 55.3 m in three parts


class TestWalk:
    def test_steps_off_the_street_at_the_door_and_makes_no_detour(self) -> None:
        door = moved_by(((A[0] + B[0]) / 2, A[1]), 0.0, 12.0)
        path = square().walk(A, door)
        assert path[0] == A
        assert path[-1] == door
        assert path_length_m(path) < distance_m(A, door) * 1.25
