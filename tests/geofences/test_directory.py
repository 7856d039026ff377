"""Places remembered from one transaction to the next: never older than the database, never what was rolled back."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.kernel.db import Database
from geofences import facade, repository
from geofences.contracts import Place
from geofences.directory import Directory
from tests.conftest import START


def place(place_id: str, chain: str | None = None, *tags: str) -> Place:
    return Place(place_id, f"Name of {place_id}", "shop", chain, "Europe/Helsinki", tags, 60.17, 24.95)


def write(session: Session, name: str, place_id: str = "plc_one") -> None:
    feature = {
        "type": "Feature",
        "id": place_id,
        "geometry": {"type": "Point", "coordinates": [24.95, 60.17]},
        "properties": {"name": name, "kind": "shop", "radius_m": 30, "timezone": "Europe/Helsinki"},
    }
    facade.import_geojson(session, {"type": "FeatureCollection", "features": [feature]}, at=START)


def bring(database: Database, name: str, place_id: str = "plc_one", *, fail: bool = False) -> None:
    with database.transaction() as session:
        write(session, name, place_id)
        assert facade.directory(session).by_id[place_id].name == name
        if fail:
            raise RuntimeError("undone")


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return [p.name for p in facade.directory(session).by_id.values()]


class TestDirectory:
    def test_finds_by_id_chain_and_tag_each_once_by_id(self) -> None:
        found = Directory([place("plc_b", "Ooey", "sweet"), place("plc_a", "Ooey"), place("plc_c", None, "sweet"), place("plc_d")])
        assert [p.id for p in found.named(["plc_b", "plc_unknown"], ["Ooey"], ["sweet"])] == ["plc_a", "plc_b", "plc_c"]
        assert [p.id for p in found.named([], [], ["sweet"])] == ["plc_b", "plc_c"]
        assert found.named([], ["Other"], ["other"]) == []

    def test_keeps_the_order_it_was_given(self) -> None:
        assert list(Directory([place("plc_b"), place("plc_a")]).by_id) == ["plc_b", "plc_a"]


class TestRemembering:
    def test_a_change_is_seen_at_once(self, database: Database) -> None:
        """Seen to fail with the version read after the places and with a version that only fences move."""
        bring(database, "First")
        assert names(database) == ["First"]
        bring(database, "Renamed")
        assert names(database) == ["Renamed"]
        bring(database, "Another", "plc_two")
        assert names(database) == ["Another", "Renamed"]

    def test_what_was_rolled_back_is_not_remembered(self, database: Database) -> None:
        """Seen to fail when the transaction that changes places fills the memory: both changes count as version 2."""
        bring(database, "First")
        with pytest.raises(RuntimeError, match="undone"):
            bring(database, "Never", fail=True)
        assert names(database) == ["First"]
        bring(database, "Second")
        assert names(database) == ["Second"]

    def test_unchanged_it_reads_no_places(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        bring(database, "First")
        assert names(database) == ["First"]
        monkeypatch.setattr(repository, "places", lambda _session: pytest.fail("read again"))
        assert names(database) == ["First"]

    def test_asked_again_in_a_transaction_it_reads_nothing_but_sees_what_that_changed(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bugs: asked each time; what was first seen kept over an own change."""
        bring(database, "First")
        asked: list[object] = []
        version = repository.fence_version
        monkeypatch.setattr(repository, "fence_version", lambda session: asked.append(session) or version(session))
        with database.transaction() as session:
            assert facade.directory(session) is facade.directory(session)
            assert len(asked) == 1
            write(session, "Second")
            assert facade.directory(session).by_id["plc_one"].name == "Second"
