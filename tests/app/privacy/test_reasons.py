from __future__ import annotations

from app.privacy.purposes import Purpose, no_consent
from app.privacy.reasons import REASONS
from tests.paths import REPOSITORY


class TestReasons:
    def test_every_purpose_has_a_sentence(self) -> None:
        assert set(REASONS) == {*(no_consent(p) for p in Purpose), "minor", "os_permission_never"}

    def test_the_page_lists_each_with_its_sentence(self) -> None:
        page = (REPOSITORY / "docs" / "reasons" / "privacy.md").read_text(encoding="utf-8")
        assert [code for code, text in REASONS.items() if f"| `{code}` | {text} |" not in page] == []
