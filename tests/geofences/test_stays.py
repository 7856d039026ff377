"""Visits looked back on: those that have ended, from an instant on, at some places."""

from __future__ import annotations

from datetime import timedelta

from app.kernel.db import Database
from geofences import facade
from tests.conftest import START
from tests.offers.crowd import days, stay

HOUR = timedelta(hours=1)


def some(database: Database) -> None:
    with database.transaction() as session:
        stay(session, "shp_a", "plc_1", START - days(3), 3600)
        stay(session, "shp_a", "plc_2", START - days(1), 600)
        stay(session, "shp_a", "plc_1", START - HOUR, open_=True)
        stay(session, "shp_b", "plc_1", START - days(2), 60)
        stay(session, "shp_b", "plc_1", START - HOUR, 3601)


class TestStays:
    def test_of_some_shoppers_that_have_ended(self, database: Database) -> None:
        some(database)
        with database.reading() as session:
            found = facade.stays(session, ["shp_a"], since=START - days(3), until=START)
            both = facade.stays(session, ["shp_a", "shp_b"], since=START - days(2), until=START + days(1))
        began = START - days(3)
        assert list(found) == [
            ("shp_a", "plc_1", began, began + HOUR, 3600),
            ("shp_a", "plc_2", START - days(1), START - days(1) + timedelta(seconds=600), 600),
        ]
        assert [(who, dwell_s) for who, _, _, _, dwell_s in both] == [("shp_b", 60), ("shp_a", 600), ("shp_b", 3601)]


class TestTallies:
    def test_of_everybody(self, database: Database) -> None:
        some(database)
        with database.reading() as session:
            ever = facade.stay_tallies(session, place_ids=None, since=None, until=START)
            lately = facade.stay_tallies(session, place_ids=["plc_1"], since=START - days(2), until=START)
            nowhere = facade.stay_tallies(session, place_ids=[], since=None, until=START)
        assert sorted(ever) == [("shp_a", 2, 4200, START - days(1)), ("shp_b", 1, 60, START - days(2))]
        assert (list(lately), list(nowhere)) == ([("shp_b", 1, 60, START - days(2))], [])


class TestBeginnings:
    def test_after_and_not_after(self, database: Database) -> None:
        some(database)
        with database.reading() as session:
            found = facade.stay_beginnings(session, since=START - days(2), until=START - HOUR)
        assert sorted(found) == [("shp_a", START - days(1)), ("shp_a", START - HOUR), ("shp_b", START - HOUR)]
