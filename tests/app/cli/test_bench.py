"""`moments bench`: what it prints; the figures themselves are measured by `make bench`, on a machine with nothing else to do."""

from __future__ import annotations

import json
import os

import pytest

from app.cli import bench_index, measuring
from geofences.index.measuring import Figure
from tests.app.cli.conftest import Moments


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "startup", lambda: {"help_s": 0.21})
    monkeypatch.setattr(measuring, "moment", lambda shoppers, per_second: {"shoppers": shoppers, "entering_per_second": per_second, "offer_visible_p95_s": 1.4})
    monkeypatch.setattr(bench_index, "measure_index", lambda fences, points, large: ["no peer", Figure(f"{fences} {points} {large}", 9.5, "x", 8.0)])
    monkeypatch.setattr(bench_index, "measure_detect", lambda fences, points: [Figure("a single fix", 6.0, "us", 5.0, at_least=False)])


class TestBench:
    def test_words_name_the_promise(self, moments: Moments, measured: None) -> None:
        assert moments("bench", "startup").out.split() == ["help_s", "0.21", "(to", "reach:", "0.5)"]

    def test_json_of_all(self, moments: Moments, measured: None) -> None:
        ran = moments("bench", "all", "--shoppers", "3", "--per-second", "2", "--json")
        found = json.loads(ran.out)
        assert found.pop("100000 300000 False") == {"value": 9.5, "unit": "x", "target": 8.0, "at": "least", "reached": True}
        assert found.pop("a single fix") == {"value": 6.0, "unit": "us", "target": 5.0, "at": "most", "reached": False}
        assert found.pop("notes") == ["no peer"]
        assert found == {"help_s": 0.21, "shoppers": 3, "entering_per_second": 2.0, "offer_visible_p95_s": 1.4}

    def test_one_half_only(self, moments: Moments, measured: None) -> None:
        assert "help_s" not in moments("bench", "moment").out


class TestIndexAndDetect:
    def test_a_figure_stands_beside_its_target(self, moments: Moments, measured: None) -> None:
        ran = moments("bench", "index", "--fences", "2000", "--points", "5000")
        assert ran.out.splitlines()[0].strip() == "no peer"
        assert ran.out.splitlines()[1].split() == ["2000", "5000", "True", "9.5", "x", "to", "reach:", ">=", "8", "reached"]

    def test_what_was_missed_is_said(self, moments: Moments, measured: None) -> None:
        assert "NOT REACHED" in moments("bench", "detect").out


class TestIngest:
    def test_a_small_run_is_whole(self, moments: Moments) -> None:
        """The real server and the reference agree, on both databases; what it costs is for `make bench` to say."""
        found = json.loads(moments("bench", "ingest", "--fences", "1000", "--fixes", "4000", "--batch", "200", "--json").out)
        assert found["sqlite_rows"]["geofences_fix_log"] == found["postgresql_rows"]["geofences_fix_log"] == 20
        assert found["sqlite_rows"]["geofences_visit"] == found["postgresql_rows"]["geofences_visit"] > 20
        assert {"decode_fixes_per_cpu_s", "detect_fixes_per_cpu_s", "sqlite_against_bare", "postgresql_against_bare"} <= found.keys()


class TestResidentMb:
    def test_of_this_process(self) -> None:
        assert 10 < measuring._resident_mb(os.getpid()) < 2000


class TestRedeem:
    @pytest.mark.timeout(300)
    def test_every_coupon_is_redeemed_once_and_the_books_add_up(self, moments: Moments) -> None:
        ran = moments("bench", "redeem", "--redemptions", "64", "--connections", "4", "--json")
        found = json.loads(ran.out)
        assert (found["redemptions"], found["connections"], found["drift"]) == (64, 4, [])
        assert found["against_bare"] > 0


class TestCheckout:
    @pytest.mark.timeout(300)
    def test_every_order_is_paid_once_and_its_statements_run_again(self, moments: Moments) -> None:
        ran = moments("bench", "checkout", "--orders", "16", "--connections", "2", "--json")
        found = json.loads(ran.out)
        assert (found["orders"], found["not_paid"], found["drift"]) == (16, 0, [])
        assert found["statements_per_order"] > 50
        assert found["against_bare"] > 0


class TestAudience:
    def test_a_small_run_counts_what_it_made(self) -> None:
        from app.cli import bench_audience

        found = bench_audience.audience(600)
        assert (found["shoppers"], found["visits"], found["count_everybody_members"]) == (600, 6_000, 600)
        assert 20 <= found["count_members"] < 600
