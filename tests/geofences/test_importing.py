"""Places and fences from GeoJSON: all or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from geofences import facade, repository
from geofences.errors import ImportRefused
from geofences.fence_source import FenceSource
from geofences.models import FenceRow, PlaceRow
from tests.geofences.conftest import SHOP_FEATURE


def bring(database: Database, *features: Any) -> Any:
    with database.transaction() as session:
        return facade.import_geojson(
            session, {"type": "FeatureCollection", "features": list(features)}, at=database.clock.now()
        )


def with_properties(**properties: Any) -> dict[str, Any]:
    return {**SHOP_FEATURE, "properties": {**SHOP_FEATURE["properties"], **properties}}  # type: ignore[dict-item]


class TestImportGeojson:
    def test_a_place_with_all_it_has(self, database: Database) -> None:
        report = bring(database, SHOP_FEATURE)
        assert (report.created, report.updated, report.unchanged, report.place_ids) == (1, 0, 0, ("plc_shop",))
        with database.reading() as session:
            (place,) = facade.places(session)
        assert (place.id, place.name, place.kind, place.chain, place.timezone, place.tags) == (
            "plc_shop",
            "Ooey Gooey",
            "store",
            "ooey-gooey",
            "Europe/Helsinki",
            ("chocolate",),
        )

    def test_a_corridor_is_stored_with_its_buffer_and_a_circle_around_it(self, database: Database) -> None:
        street = {
            "type": "Feature",
            "id": "plc_street",
            "properties": {"name": "Promenade", "buffer_m": 30},
            "geometry": {"type": "LineString", "coordinates": [[24.94, 60.17], [24.96, 60.17]]},
        }
        bring(database, street)
        with database.reading() as session:
            (row,) = session.scalars(select(FenceRow)).all()
            (feature,) = facade.fences_geojson(session)["features"]
            (place,) = facade.places(session)
            assert (row.buffer_m, row.radius_m, row.watch_lat_deg) == (30.0, None, 60.17)
            assert row.watch_lon_deg == pytest.approx(24.95)
            assert 553 + 30 < row.watch_radius_m < 553 + 34
        assert feature["geometry"] == street["geometry"]
        assert feature["properties"]["buffer_m"] == 30.0
        assert (place.lat_deg, place.lon_deg) == (60.17, pytest.approx(24.95))

    def test_again_changes_nothing_and_moves_no_version(self, database: Database) -> None:
        bring(database, SHOP_FEATURE)
        with database.reading() as session:
            version = repository.fence_version(session)
        report = bring(database, SHOP_FEATURE)
        assert (report.created, report.updated, report.unchanged) == (0, 0, 1)
        with database.reading() as session:
            assert repository.fence_version(session) == version

    def test_the_same_id_updates(self, database: Database) -> None:
        bring(database, SHOP_FEATURE)
        assert bring(database, with_properties(name="New name", radius_m=80)).updated == 1
        with database.reading() as session:
            assert [p.name for p in facade.places(session)] == ["New name"]
            assert session.scalars(select(FenceRow.radius_m)).all() == [80.0]
            assert repository.fence_version(session) == 2

    def test_without_id_the_same_thing_is_the_same_place(self, database: Database) -> None:
        nameless = {k: v for k, v in SHOP_FEATURE.items() if k != "id"}
        assert bring(database, nameless).created == 1
        assert bring(database, nameless).unchanged == 1

    def test_an_id_of_another_system_is_kept_stable(self, database: Database) -> None:
        first = bring(database, {**SHOP_FEATURE, "id": "node/42"}).place_ids
        assert bring(database, {**SHOP_FEATURE, "id": "node/42"}).place_ids == first

    @pytest.mark.parametrize(
        ("properties", "reason"),
        [
            ({"kind": "Big Store"}, "bad_kind"),
            ({"chain": 5}, "bad_chain"),
            ({"tags": "chocolate"}, "bad_tags"),
            ({"hours": {"mon": "10:00-20:00"}}, "bad_hours"),
            ({"hours": "always"}, "bad_hours"),
            ({"tags": ["x"] * 21}, "bad_tags"),
            ({"timezone": "Helsinki"}, "bad_timezone"),
            ({"timezone": "../etc/passwd"}, "bad_timezone"),
            ({"name": ""}, "bad_name"),
            ({"radius_m": None}, "radius_missing"),
        ],
    )
    def test_one_wrong_feature_stops_all_of_them(
        self, database: Database, properties: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(ImportRefused) as caught:
            bring(database, {**SHOP_FEATURE, "id": "plc_good"}, with_properties(**properties))
        assert [p["reason"] for p in caught.value.extra["problems"]] == [reason]
        assert caught.value.extra["problems"][0]["feature"].startswith("feature 2 (")
        with database.reading() as session:
            assert session.scalars(select(PlaceRow.id)).all() == []

    def test_two_features_for_one_place(self, database: Database) -> None:
        nameless = {k: v for k, v in SHOP_FEATURE.items() if k != "id"}
        with pytest.raises(ImportRefused, match="names the same place"):
            bring(database, nameless, nameless)

    def test_the_map_gives_back_what_came(self, database: Database) -> None:
        bring(database, SHOP_FEATURE)
        with database.reading() as session:
            (feature,) = facade.fences_geojson(session)["features"]
        assert feature["geometry"] == SHOP_FEATURE["geometry"]
        assert (feature["properties"]["place_id"], feature["properties"]["radius_m"]) == ("plc_shop", 60.0)


class TestLevel:
    def test_by_kind_or_as_given_or_refused(self, database: Database) -> None:
        def feature(name: str, **properties: Any) -> dict[str, Any]:
            point = {"type": "Point", "coordinates": [24.94, 60.17]}
            return {
                "type": "Feature",
                "id": name,
                "properties": {"name": name, "radius_m": 60, **properties},
                "geometry": point,
            }

        several = [feature("a"), feature("b", kind="mall"), feature("c", kind="mall", level=4)]
        with database.transaction() as session:
            facade.import_geojson(session, {"type": "FeatureCollection", "features": several}, at=database.clock.now())
        with database.reading() as session:
            levels = {fence.name: fence.level for fence in FenceSource().current(session).fences}
        assert levels == {"a": 0, "b": -1, "c": 4}
        with database.transaction() as session, pytest.raises(ImportRefused) as caught:
            facade.import_geojson(session, feature("d", level="high"), at=database.clock.now())
        assert caught.value.extra["problems"][0]["reason"] == "bad_level"
