"""`moments doctor`: its words, its JSON, its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments


class TestDoctor:
    def test_well(self, moments: Moments, data_dir: Path) -> None:
        ran = moments("doctor")
        assert ran.code == 0
        assert ran.out.startswith("ok    python")
        assert not data_dir.exists(), "looking must not make anything"

    def test_json(self, moments: Moments) -> None:
        ran = moments("doctor", "--json")
        document = json.loads(ran.out)
        assert document["ok"] is True
        assert {"name", "level", "text", "mend"} == set(document["checks"][0])

    def test_ill_exits_with_one_and_names_the_cure(self, moments: Moments, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MOMENTS_PUBLIC_URL", "http://shop.example")
        ran = moments("doctor")
        assert ran.code == 1
        assert "FAIL  address" in ran.out
        assert "mend: export MOMENTS_PUBLIC_URL=https://shop.example" in ran.out
        assert json.loads(moments("doctor", "--json").out)["ok"] is False
