"""Scoring visits against annotated stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geofences.perturbing import PERTURBATIONS
from geofences.scoring import UnreadableTruth, by_polygon, evaluate_visits
from tests.geofences.tracks import FENCES, LAT, LON, sample, walk
from tests.paths import shared

SHOP = {
    "type": "Feature",
    "id": "f1",
    "properties": {"name": "Shop", "radius_m": 60},
    "geometry": {"type": "Point", "coordinates": [LON, LAT]},
}


def make(folder: Path) -> Path:
    (folder / "tracks").mkdir()
    (folder / "fences.geojson").write_text(json.dumps(SHOP))
    rows = [
        f"{1_700_000_000 + s.at_s},{s.lat_deg!r},{s.lon_deg!r},8"
        for s in walk((0, 300), (200, 0), (1400, 5), (1600, 300), (2400, 320))
    ]
    (folder / "tracks" / "t__run00__phone-2.csv").write_text("ts,lat,lon,accuracy_m\n" + "\n".join(rows) + "\n")
    stays = [
        "timeline,run,stay,start_ts,end_ts,duration_s,fence_arrive,fence_depart",
        "t,0,between_trips,1700000170,1700001440,1270,f1,f1",
        "t,0,after_last_trip,1700009000,1700009100,100,f1,f1",
    ]
    (folder / "truth_stays.csv").write_text("\n".join(stays) + "\n")
    return folder


class TestEvaluateVisits:
    def test_counts(self, tmp_path: Path) -> None:
        found = evaluate_visits(make(tmp_path))["detector"]["phones_2_3"]
        assert (found["stays"], found["stays_with_any_fix"], found["exactly_one_visit"], found["several_visits"]) == (
            2,
            1,
            1,
            0,
        )
        assert (found["visits_of_10_min"], found["precision_of_10_min"]) == (1, 1.0)
        assert found["arrival_error_p90_s"] <= 15

    def test_what_is_missing_is_named(self, tmp_path: Path) -> None:
        folder = make(tmp_path)
        (folder / "truth_stays.csv").write_text("a,b\n1,2\n")
        with pytest.raises(UnreadableTruth, match="start_ts"):
            evaluate_visits(folder)
        (folder / "truth_stays.csv").unlink()
        with pytest.raises(UnreadableTruth, match="truth_stays"):
            evaluate_visits(folder)

    def test_real_phones(self) -> None:
        """The figures the thresholds are held to; raw point-in-polygon breaks long stays to pieces."""
        found = evaluate_visits(shared("data", "mobilitynet_sfba"), rounds=1)
        ours, raw = found["detector"]["phones_2_3"], found["point_in_polygon"]["phones_2_3"]
        assert ours["exactly_one_share_of_observed"] >= 0.95
        assert ours["exactly_one_visit"] == 26  # two of them of phones silent until they left
        assert ours["several_visits"] == 0
        assert ours["precision_of_10_min"] >= 0.98
        assert ours["arrival_error_p90_s"] <= 200
        assert ours["visits_of_10_min"] == 26
        assert raw["visits_of_10_min"] <= 5
        for name in PERTURBATIONS:
            worse = found[f"detector_{name}"]["phones_2_3"]
            assert worse["exactly_one_share_of_observed"] >= 0.95, name
            assert worse["several_visits"] <= 0.01 * worse["stays"], name
            assert worse["precision_of_10_min"] >= 0.98, name
            assert worse["arrival_error_p90_s"] <= 200, name


class TestByPolygon:
    def test_every_step_out_is_an_end(self) -> None:
        found = by_polygon("d", [sample(0, 0), sample(10, 0), sample(20, 65), sample(30, 0)], FENCES)
        assert [(v.start_s, v.end_s) for v in found] == [(0, 10), (30, 30)]
