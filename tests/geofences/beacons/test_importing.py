"""Beacons brought in: all or nothing, wrong rows named, keys sealed and never shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from geofences.beacons import repository
from geofences.beacons.ephemeral import ephemeral_id
from geofences.beacons.errors import BeaconImportRefused
from geofences.beacons.importing import BeaconReport, import_beacons, offline, read_csv
from geofences.beacons.models import BeaconRow
from geofences.beacons.rotation import DriftRules
from geofences.beacons.sightings import Sighting
from tests.geofences.beacons.conftest import KEY_HEX, ROWS, UUID_TEXT, rotating, row
from tests.geofences.beacons.vectors import AGREEMENT, KEY

RULES = DriftRules()


def bring(database: Database, rows: object) -> BeaconReport:
    with database.transaction() as session:
        return import_beacons(session, rows, at=database.clock.now())


def refused(database: Database, rows: object) -> str:
    with pytest.raises(BeaconImportRefused) as wrong:
        bring(database, rows)
    return wrong.value.detail


class TestImportBeacons:
    def test_zones_and_beacons(self, database: Database, departments: str) -> None:
        with database.reading() as session:
            found = repository.listing(session)
        assert {(z["place_id"], z["within_place_id"], z["floor"]) for z in found["zones"]} == {
            ("plc_shoes", departments, "F1"),
            ("plc_hats", departments, "F1"),
        }
        assert found["beacons_total"] == 4
        assert {b["identity"] for b in found["beacons"]} == {f"{UUID_TEXT}/1/{n}" for n in (1, 2, 11, 12)}

    def test_again_is_the_same_and_the_version_counts(self, database: Database, departments: str) -> None:
        with database.reading() as session:
            before = repository.version(session)
        assert bring(database, ROWS) == BeaconReport(2, 4, ())
        with database.reading() as session:
            assert repository.version(session) == before + 1
            assert repository.listing(session)["beacons_total"] == 4

    def test_a_rotating_beacon_resolves_and_its_key_is_sealed(self, database: Database, departments: str) -> None:
        """Planted bug: the key stored as it is stands in the row."""
        bring(database, [rotating("shoes")])
        at_s = database.clock.now().timestamp()
        with database.reading() as session:
            stored = session.scalars(select(BeaconRow).where(BeaconRow.identity_key.is_not(None))).one()
            assert KEY not in bytes(stored.identity_key or b"")
            registry = repository.registry(session, RULES)
            assert KEY_HEX not in str(repository.listing(session))
        heard = Sighting(at_s + 60, "s", "eddystone_eid", ephemeral_id(KEY, 4, 5_060).hex(), "", -60)
        told = registry.tell(heard)
        assert told.beacon is not None
        assert told.beacon.id == "bcn_rotating"

    def test_a_key_may_be_agreed_on(self, database: Database, departments: str) -> None:
        agreed = rotating(
            "shoes", resolver_private=AGREEMENT["resolver_private"], beacon_public=AGREEMENT["beacon_public"]
        )
        del agreed["identity_key"]
        bring(database, [agreed])
        key = bytes.fromhex(AGREEMENT["identity_key"])
        with database.reading() as session:
            registry = repository.registry(session, RULES)
        heard = Sighting(
            database.clock.now().timestamp(), "s", "eddystone_eid", ephemeral_id(key, 4, 5_000).hex(), "", -60
        )
        assert registry.tell(heard).beacon is not None

    def test_ids_that_tell_nobody_apart_are_noticed(self, database: Database, departments: str) -> None:
        report = bring(database, [row("shoes", 0, major=0), row("hats", 0, major=0, id="bcn_other")])
        assert len(report.notices) == 1
        assert "/0/0" in report.notices[0]
        alone = bring(
            database,
            [row("shoes", 0, major=0, address=f"AA:00:00:00:00:0{i}", id=f"a{i}", uuid="1" * 32) for i in (1, 2)],
        )
        assert not [n for n in alone.notices if "11111111" in n]

    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            ({}, "at least one"),
            ([], "at least one"),
            ("x", "at least one"),
            ([5], "beacons[0].: a beacon is an object"),
            ([row("shoes", 1), row("nowhere", 2)], "beacons[1].place_id: no such place"),
            ([row("shoes", 1, within_place_id="plc_gone")], "beacons[0].within_place_id"),
            ([row("shoes", 70_000)], "beacons[0].minor"),
            ([row("shoes", 1, uuid="none")], "beacons[0].uuid"),
            ([row("shoes", 1, address="here")], "beacons[0].address"),
            ([row("shoes", 1, lat=None)], "beacons[0].lat"),
            ([row("shoes", 1, lat=91)], "beacons[0].lat"),
            ([row("shoes", 1, zone=5)], "beacons[0].zone"),
            ([row("shoes", 1), row("shoes", 1)], "beacons[1].id: another row"),
            ([row("shoes", 1), row("shoes", 2, within_place_id=None)], "beacons[1].within_place_id: two rows"),
            ([rotating("shoes", identity_key="00")], "beacons[0].identity_key: 32 hexadecimal digits"),
            ([rotating("shoes", exponent=16)], "beacons[0].exponent"),
            ([rotating("shoes", exponent=None)], "beacons[0].exponent"),
            ([rotating("shoes", clock_s=None)], "beacons[0].clock_s"),
            (
                [
                    {
                        k: v
                        for k, v in rotating("shoes", beacon_public="0" * 64, resolver_private="1" * 64).items()
                        if k != "identity_key"
                    }
                ],
                "small order",
            ),
        ],
    )
    def test_a_wrong_row_is_named_and_nothing_is_changed(
        self, database: Database, departments: str, rows: Any, says: str
    ) -> None:
        said = refused(database, rows)
        assert says in said
        assert KEY_HEX not in said
        with database.reading() as session:
            assert repository.listing(session)["beacons_total"] == 4


class TestReadCsv:
    def test_numbers_and_empty_cells(self) -> None:
        text = "place_id,zone,uuid,major,minor,tx_power_dbm,address,lat\nplc_a,Shoes,u,1,0x,-59,,60.5\n"
        assert read_csv(text) == [
            {
                "place_id": "plc_a",
                "zone": "Shoes",
                "uuid": "u",
                "major": 1,
                "minor": "0x",
                "tx_power_dbm": -59,
                "lat": 60.5,
            }
        ]

    def test_a_csv_comes_in(self, database: Database, departments: str) -> None:
        text = f"place_id,zone,floor,uuid,major,minor\nplc_shoes,Boots,F1,{UUID_TEXT},7,8\n"
        assert bring(database, read_csv(text)) == BeaconReport(1, 1, ())


class TestOffline:
    def test_the_same_zones_without_a_database(self) -> None:
        registry = offline([*ROWS, rotating("shoes")])
        assert {z.name for z in registry.zones.values()} == {"shoes", "hats"}
        assert len(registry.beacons) == 4
