"""The pictures of docs/algorithms/detection.md are what the detector does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

HERE = Path(__file__).resolve().parent.parent.parent / "docs" / "algorithms" / "pictures"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def drawing() -> Any:
    spec = importlib.util.spec_from_file_location("detection_pictures", HERE / "detection.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestPictures:
    @pytest.mark.parametrize("name", ["probability", "track", "late", "wall"])
    def test_is_what_the_detector_draws(self, drawing: Any, name: str) -> None:
        kept = (HERE / f"detection-{name}.svg").read_text()
        drawn = drawing.PICTURES[f"detection-{name}.svg"]()
        ET.fromstring(drawn)
        assert NUMBER.sub("#", drawn) == NUMBER.sub("#", kept)
        for one, other in zip(NUMBER.findall(drawn), NUMBER.findall(kept), strict=True):
            assert abs(float(one) - float(other)) <= 1.0  # a pixel: other machines round otherwise

    def test_all_are_shown_on_the_page(self, drawing: Any) -> None:
        page = (HERE.parent / "detection.md").read_text()
        assert [name for name in drawing.PICTURES if f"(pictures/{name})" not in page] == []
