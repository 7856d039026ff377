"""`moments bench`: what it prints; the figures themselves are measured by `make bench`, on a machine with nothing else to do."""

from __future__ import annotations

import json
import os

import pytest

from app.cli import measuring
from tests.app.cli.conftest import Moments


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "startup", lambda: {"help_s": 0.21})
    monkeypatch.setattr(measuring, "moment", lambda shoppers, per_second: {"shoppers": shoppers, "entering_per_second": per_second, "offer_visible_p95_s": 1.4})


class TestBench:
    def test_words_name_the_promise(self, moments: Moments, measured: None) -> None:
        assert moments("bench", "startup").out.split() == ["help_s", "0.21", "(to", "reach:", "0.5)"]

    def test_json_of_all(self, moments: Moments, measured: None) -> None:
        ran = moments("bench", "all", "--shoppers", "3", "--per-second", "2", "--json")
        assert json.loads(ran.out) == {"help_s": 0.21, "shoppers": 3, "entering_per_second": 2.0, "offer_visible_p95_s": 1.4}

    def test_one_half_only(self, moments: Moments, measured: None) -> None:
        assert "help_s" not in moments("bench", "moment").out


class TestResidentMb:
    def test_of_this_process(self) -> None:
        assert 10 < measuring._resident_mb(os.getpid()) < 2000
