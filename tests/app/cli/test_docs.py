"""The pages made from the code: `--check` names what is stale and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import docs


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    monkeypatch.setattr(docs, "DOCS", folder)
    monkeypatch.setattr(docs, "PAGES", {"a.md": lambda: "as the code says\n"})
    return folder


class TestMain:
    def test_writes_then_has_nothing_to_do(self, pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert docs.main([]) == 0
        assert (pages / "a.md").read_text() == "as the code says\n"
        assert docs.main([]) == 0
        assert capsys.readouterr().out == "docs: wrote docs/a.md\ndocs: up to date\n"

    def test_check_names_what_is_stale_and_leaves_it(self, pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (pages / "a.md").write_text("as it was\n")
        assert docs.main(["--check"]) == 1
        assert "docs/a.md" in capsys.readouterr().err
        assert (pages / "a.md").read_text() == "as it was\n"


class TestReasonCodes:
    def test_every_room_gives_reasons(self) -> None:
        assert {"geofences", "offers", "storefront", "notifications", "privacy", "security"} <= set(docs.reason_codes())


class TestSettingsPage:
    def test_shows_no_secret_and_bounds(self) -> None:
        page = docs.settings_page()
        assert "| `MOMENTS_PORT` | `8000` |" in page
        assert "at most 65535" in page
        assert "SecretStr" not in page
