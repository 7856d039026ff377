"""The pages of a purchase as Lighthouse sees them: on a slow phone, and for who sees or hears little."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import bench_pages
from app.kernel.errors import AppError
from app.web import assets
from tests.browser.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.skipif(not CHROMIUM.exists() or not (assets.NODE_MODULES / "lighthouse").exists(), reason="needs Chromium (apt-get install chromium) and Lighthouse (npm ci)")
class TestPages:
    def test_each_is_quick_and_can_be_used_by_everybody(self) -> None:
        """Planted bugs: a cart that does not say its language and has a button without a name (accessibility 91); nine tenths of a second of work
        as the page opens (performance 71)."""
        figures = bench_pages.pages()
        assert list(figures)[:4] == ["offer", "product", "cart", "checkout"]
        assert {name: (figures[name]["performance"] >= 90, figures[name]["accessibility"] >= 95) for name in bench_pages.PAGES} == dict.fromkeys(bench_pages.PAGES, (True, True)), figures
        assert figures["reached"]


class TestMissing:
    def test_what_is_missing_is_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(assets, "NODE_MODULES", tmp_path)
        with pytest.raises(AppError, match="Lighthouse is not installed; run `make setup`"):
            bench_pages.pages()
