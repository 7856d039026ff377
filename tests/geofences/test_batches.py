"""Batches as they arrive: in columns when all is well, item by item when not, and both ways the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.batches import Batch, Reading, TooMany, UnreadableBatch, of_json, of_lines, of_objects
from geofences.reasons import FIX_REASONS, FixReason
from geofences.track import Key

NOW = 1_800_000_000.0
JANE = Key("shp_1", "dev_1")
HOW = Reading(JANE, NOW, 604_800)
SERVER = Reading(None, NOW, 604_800)
GOOD: dict[str, Any] = {"ts": NOW - 5, "lat": 60.17, "lon": 24.94, "accuracy_m": 10}


def body(*fixes: Any) -> bytes:
    return json.dumps({"fixes": fixes}).encode()


def lines(*fixes: Any) -> bytes:
    return b"\n".join(json.dumps(fix).encode() for fix in fixes) + b"\n"


def told(batch: Batch) -> tuple[Any, ...]:
    """All that a batch says, in a form that compares (NaN is None)."""
    c = batch.columns
    whose = [c.keys[no] for no in c.key_no.tolist()]
    floats = [np.where(np.isnan(a), -1, a).tolist() for a in (c.at_s, c.reported_s, c.lat_deg, c.lon_deg, c.accuracy_m, c.speed_mps, c.age_s)]
    return whose, floats, c.mocked.tolist(), batch.place.tolist(), batch.results.rows()


class TestOfJson:
    def test_each_for_itself(self) -> None:
        batch = of_json(body(GOOD, {**GOOD, "id": "mine"}, {**GOOD, "lat": 91, "id": "x"}, 5), HOW, 10)
        assert len(batch.columns) == 1
        rows = batch.results.rows()
        assert [(r.status, r.field, r.id) for r in rows] == [
            ("accepted", None, None),
            ("duplicate", None, "mine"),
            ("refused", "fixes[2].lat", "x"),
            ("refused", "fixes[3]", None),
        ]
        assert rows[2].remedy == FIX_REASONS[FixReason.LATITUDE_OUT_OF_RANGE]
        assert [batch.results.number(s) for s in ("accepted", "duplicate", "refused")] == [1, 1, 2]

    def test_messages_hold_no_coordinate(self) -> None:
        assert "91.2" not in str(of_json(body({**GOOD, "lat": 91.2345}), HOW, 10).results.rows())

    def test_a_good_batch_is_not_read_item_by_item(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("geofences.batches.of_objects", None)
        batch = of_json(body(*[{**GOOD, "ts": NOW - i} for i in range(100)]), HOW, 100)
        assert batch.results.number("accepted") == 100

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"fixes": {}}', b"\xff", b'{"fixes": [' + b"[" * 100_000])
    def test_what_is_no_batch(self, raw: bytes) -> None:
        with pytest.raises(UnreadableBatch):
            of_json(raw, HOW, 10)

    def test_too_many(self) -> None:
        for raw in (body(*[GOOD] * 11), body(*[{}] * 11)):
            with pytest.raises(TooMany, match="at most 10"):
                of_json(raw, HOW, 10)

    def test_a_server_says_whose(self) -> None:
        mine, hers = {**GOOD, "shopper_id": "shp_1", "device_id": "dev_1"}, {**GOOD, "shopper_id": "shp_2", "device_id": "dev_2"}
        batch = of_json(body(mine, hers, GOOD, {**hers, "device_id": "dev\u0000"}), SERVER, 10)
        assert batch.columns.keys == (JANE, Key("shp_2", "dev_2"))
        assert [(r.status, r.reason, r.field) for r in batch.results.rows()[2:]] == [
            ("refused", "whose_missing", "fixes[2].shopper_id"),
            ("refused", "whose_missing", "fixes[3].device_id"),
        ]


class TestClocks:
    def times(self, *offsets: float) -> list[float]:
        batch = of_json(body(*[{**GOOD, "ts": NOW + o} for o in offsets]), HOW, 10)
        return [at - NOW for at in batch.columns.at_s.tolist()]

    def test_the_past_stays(self) -> None:
        assert self.times(-100, -5) == [-100, -5]

    def test_a_clock_a_little_ahead_shifts_its_batch(self) -> None:
        assert self.times(0, 10, 20) == [-20, -10, 0]

    def test_one_far_ahead_is_now_and_moves_no_other(self) -> None:
        assert self.times(-60, 3600) == [-60, 0]

    def test_of_many_devices_each_has_its_own_clock(self) -> None:
        fixes = [{**GOOD, "ts": NOW + o, "shopper_id": "shp_1", "device_id": d} for d, o in (("a", 20), ("a", 0), ("b", -5))]
        assert (of_json(body(*fixes), SERVER, 10).columns.at_s - NOW).tolist() == [0, -20, -5]


class TestOfLines:
    def test_a_broken_line_is_one_refused_fix(self) -> None:
        raw = lines(GOOD) + b"{oops\n\n" + lines({**GOOD, "ts": NOW - 9})
        batch = of_lines(raw, HOW, 10)
        assert [(r.status, r.reason) for r in batch.results.rows()] == [("accepted", None), ("refused", "not_an_object"), ("accepted", None)]

    def test_nothing_is_a_batch_of_none(self) -> None:
        assert of_lines(b"", HOW, 10).results.count == 0

    def test_too_many(self) -> None:
        with pytest.raises(TooMany):
            of_lines(lines(*[GOOD] * 3), HOW, 2)


ODD = st.one_of(st.none(), st.booleans(), st.integers(-10, 200), st.floats(), st.sampled_from(["", "x", "12", [], {}]))
FIXES = st.fixed_dictionaries(
    {},
    optional={
        "ts": st.one_of(st.sampled_from([NOW, NOW - 1, NOW + 5, NOW - 1e6, NOW + 1e6, 0, 1.8e12, "2027-01-15T08:00:00Z"]), ODD),
        "occurred_at": st.sampled_from(["2027-01-15T07:59:00Z", "nonsense", 5]),
        "lat": st.one_of(st.sampled_from([60.17, -90, 90, 90.1]), ODD),
        "lon": st.one_of(st.sampled_from([24.94, -180, 180, 180.5]), ODD),
        "accuracy_m": st.one_of(st.sampled_from([0, 8.5, 100_000, 100_001, -1]), ODD),
        "speed_mps": st.one_of(st.sampled_from([0, 1.5, -1, 1001]), ODD),
        "bearing_deg": ODD,
        "mocked": st.one_of(st.booleans(), ODD),
        "id": st.one_of(st.sampled_from(["a", "b" * 100, "b" * 101]), ODD),
        "shopper_id": st.sampled_from(["shp_1", "shp_2", "", 3]),
        "device_id": st.sampled_from(["dev_1", "dev_2", "", None]),
        "more": ODD,
    },
)


class TestBothWays:
    """Seen to fail with the check of the latitude left out of the columns, and with duplicates not looked for there."""

    @settings(max_examples=300, deadline=None)
    @given(st.lists(FIXES, max_size=5), st.booleans())
    def test_columns_and_items_agree(self, fixes: list[dict[str, Any]], from_server: bool) -> None:
        how = SERVER if from_server else HOW
        raw = json.dumps({"fixes": fixes}, allow_nan=True).encode()
        assert told(of_json(raw, how, 10)) == told(of_objects(json.loads(raw)["fixes"], how))

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 2)), max_size=12))
    def test_duplicates_are_found_alike(self, some: list[tuple[int, int, int]]) -> None:
        fixes = [{**GOOD, "ts": NOW - ago, "lat": 60 + north, "shopper_id": "shp_1", "device_id": f"dev_{d}"} for ago, north, d in some]
        assert told(of_json(body(*fixes), SERVER, 20)) == told(of_objects(fixes, SERVER))
        assert told(of_lines(lines(*fixes), SERVER, 20)) == told(of_objects(fixes, SERVER))


class TestResults:
    def test_as_json(self) -> None:
        for batch in (of_json(body(GOOD, {**GOOD, "lat": 60}), HOW, 10), of_json(body(GOOD, {**GOOD, "id": "x"}, 7), HOW, 10)):
            document = json.loads(batch.results.to_json())
            assert document["accepted"] + document["duplicate"] + document["refused"] == len(document["results"])
            assert [r["status"] for r in document["results"]] == [r.status for r in batch.results.rows()]

    def test_sent_again(self) -> None:
        results = of_json(body(GOOD, 7), HOW, 10).results
        results.repeated()
        assert [r.status for r in results.rows()] == ["duplicate", "refused"]


class TestRefusing:
    def test_the_others_stay(self) -> None:
        fixes = [{**GOOD, "ts": NOW - i, "shopper_id": f"shp_{i % 3}", "device_id": f"dev_{i % 3}"} for i in range(6)]
        batch = of_json(body(*fixes), SERVER, 10).refusing({1: FixReason.NO_CONSENT}, "shopper_id")
        assert batch.columns.keys == (Key("shp_0", "dev_0"), Key("shp_2", "dev_2"))
        assert batch.columns.key_no.tolist() == [0, 1, 0, 1]
        assert [r.status for r in batch.results.rows()] == ["accepted", "refused", "accepted"] * 2
        assert batch.results.rows()[1].field == "fixes[1].shopper_id"
