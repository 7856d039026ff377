from __future__ import annotations

from app.security.reasons import REASONS
from tests.paths import REPOSITORY


class TestReasons:
    def test_the_page_lists_each_with_its_sentence(self) -> None:
        page = (REPOSITORY / "docs" / "reasons" / "security.md").read_text(encoding="utf-8")
        assert [code for code, text in REASONS.items() if f"| `{code}` | {text} |" not in page] == []
