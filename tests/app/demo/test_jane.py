"""Jane's walk goes from the street into the shop's fence, stays, and leaves it again."""

from __future__ import annotations

import itertools

import pytest

from app.demo.city.layers import city_place, layer
from app.demo.jane import INSIDE_S, SHOP, janes_walk, streets
from app.demo.streets import distance_m


class TestJanesWalk:
    def test_outside_inside_outside(self) -> None:
        walk = janes_walk(streets())
        shop = city_place(SHOP)
        door = (shop.lon_deg, shop.lat_deg)
        radius_m = next(f["properties"]["radius_m"] for f in layer("places")["features"] if f["id"] == SHOP)
        assert walk.leaves_s - walk.enters_s == pytest.approx(INSIDE_S)
        assert distance_m(walk.track.at(0), door) > 200
        assert all(distance_m(walk.track.at(walk.enters_s + s), door) < 1 for s in range(int(INSIDE_S)))
        assert distance_m(walk.track.end, door) > 2 * radius_m

    def test_once_in_once_out(self) -> None:
        walk = janes_walk(streets())
        shop = city_place(SHOP)
        inside = [distance_m(walk.track.at(s), (shop.lon_deg, shop.lat_deg)) <= 26 for s in range(int(walk.track.ends_s))]
        assert sum(a != b for a, b in itertools.pairwise(inside)) == 2
