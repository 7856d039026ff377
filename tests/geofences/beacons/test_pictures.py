"""The pictures of docs/algorithms/beacons.md are what the detector does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.geofences.beacons import drawing

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class TestPictures:
    @pytest.mark.parametrize("name", ["following", "flapping"])
    def test_is_what_is_drawn(self, name: str, tmp_path: Path) -> None:
        """Up to a tenth of a unit: other machines round otherwise."""
        kept = (drawing.PICTURES / f"beacons-{name}.svg").read_text()
        drawn = {"following": drawing.following, "flapping": drawing.flapping}[name]()
        assert NUMBER.sub("0", drawn) == NUMBER.sub("0", kept)
        mine, theirs = (list(map(float, NUMBER.findall(text))) for text in (drawn, kept))
        assert mine == pytest.approx(theirs, abs=0.6)
