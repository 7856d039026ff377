"""`moments faq`: a file there and back."""

from __future__ import annotations

from pathlib import Path

from tests.app.cli.conftest import Moments

DOCUMENT = '{"entries": [{"id": "dogs", "state": "published", "texts": {"en": {"question": "May I bring my dog?", "answer": "Yes."}}}]}'


class TestFaq:
    def test_imported_and_exported(self, migrated: Moments, tmp_path: Path) -> None:
        file = tmp_path / "faq.json"
        file.write_text(DOCUMENT, encoding="utf-8")
        assert migrated("faq", "import", str(file)).out == "1 kept\n"
        assert '"May I bring my dog?"' in migrated("faq", "export").out
        assert "dogs,published,en,May I bring my dog?,Yes.," in migrated("faq", "export", "--csv").out
        file.write_text('{"entries": [{"id": "D"}]}', encoding="utf-8")
        assert "entries.0" in migrated("faq", "import", str(file)).err
