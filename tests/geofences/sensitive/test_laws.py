"""The table is told in tests of what follows from it."""

from __future__ import annotations

from geofences.sensitive.laws import LAWS


class TestTable:
    def test_rows_are_told_once(self) -> None:
        assert len({(law.jurisdiction, law.since, law.kinds) for law in LAWS}) == len(LAWS)
