"""There and back by either form; a spreadsheet computes nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.kernel.errors import Invalid
from notifications.conversations.faq.files import of_text, to_csv, to_json
from notifications.conversations.faq.keeping import FaqEntry
from notifications.conversations.faq.schemas import FaqIn

TEXTS = {"en": {"question": "=1+1, or not?", "answer": "Two,\n\"or\" so.", "also_asked": ["One and one?", "Sum?"]}, "fi": {"question": "Kysymys?", "answer": "Vastaus", "also_asked": []}}
ENTRY = FaqEntry("sums", "published", TEXTS, 3, "per_1", datetime(2026, 11, 21, tzinfo=UTC), ())


class TestThereAndBack:
    @pytest.mark.parametrize("form", [to_json, to_csv])
    def test_by_either_form(self, form: object) -> None:
        found = FaqIn.model_validate(of_text("\ufeff" + form([ENTRY])))  # type: ignore[operator]
        assert [(e.id, e.state, {tag: text.model_dump() for tag, text in e.texts.items()}) for e in found.entries] == [("sums", "published", TEXTS)]

    def test_no_cell_begins_as_a_formula(self) -> None:
        assert "'=1+1" in to_csv([ENTRY])


class TestWrong:
    @pytest.mark.parametrize("text", ["{", "a,b\n1,2\n", ""])
    def test_what_is_neither(self, text: str) -> None:
        with pytest.raises(Invalid):
            of_text(text)

    @pytest.mark.parametrize("entries", [[{"id": "A B", "texts": TEXTS}], [{"id": "a", "texts": {}}], [{"id": "a", "texts": {"x!": TEXTS["fi"]}}], [{"id": "a", "texts": TEXTS}] * 2])
    def test_what_is_no_faq(self, entries: object) -> None:
        with pytest.raises(ValidationError):
            FaqIn.model_validate({"entries": entries})
