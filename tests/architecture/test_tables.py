"""Tables: no foreign key between rooms; every table with a person in it can be exported, erased and swept."""

from __future__ import annotations

from sqlalchemy import MetaData

from app.migrations import metadata

ROOM_OF = {"kernel": "kernel", "security": "security", "privacy": "privacy", "analytics": "analytics", "geofences": "geofences", "offers": "offers", "storefront": "storefront", "notifications": "notifications"}


def room(table: str) -> str:
    return table.split("_", 1)[0]


def _tables() -> MetaData:
    return metadata()


class TestTables:
    def test_names_carry_their_room(self) -> None:
        assert {room(t) for t in _tables().tables} <= set(ROOM_OF)
        assert len(_tables().tables) > 20

    def test_no_foreign_key_between_rooms(self) -> None:
        wrong = [
            f"{table.name} -> {key.column.table.name}"
            for table in _tables().tables.values()
            for key in table.foreign_keys
            if room(key.column.table.name) != room(table.name)
        ]
        assert wrong == []

    def test_every_amount_says_its_unit(self) -> None:
        vague = [f"{t.name}.{c.name}" for t in _tables().tables.values() for c in t.columns if c.name in ("amount", "price", "total", "radius", "timeout", "ttl", "duration")]
        assert vague == []
