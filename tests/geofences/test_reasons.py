"""Every code the room can give has words, and every word a code that is given."""

from __future__ import annotations

import re
from pathlib import Path

from geofences import geometry, importing, outlines, reasons, trust
from geofences.sensitive import importing as sensitive_importing
from geofences.sensitive import refusals


def given(*modules: object) -> set[str]:
    """Codes written in the source of what refuses features."""
    text = "".join(Path(m.__file__).read_text() for m in modules)  # type: ignore[attr-defined]
    return set(
        re.findall(
            r'(?:_Refused\(\s*|OutlineRefused\(\s*|noticed\(\s*|refuse\(|Problem\([\w.()]+, |Problem\("document", |return |notices.append\(\s*\()\s*"([a-z_]+)",\s',
            text,
        )
    )


class TestReasons:
    def test_every_refusal_of_a_feature_has_words(self) -> None:
        codes = given(geometry, importing, outlines, refusals, sensitive_importing)
        codes.add(reasons.SENSITIVE_PLACE)  # given by its name in refusals.py and importing.py
        assert len(codes) >= 25
        assert codes <= reasons.REASONS.keys()
        assert reasons.IMPORT_REASONS.keys() <= codes

    def test_every_refusal_of_a_fix_has_words(self) -> None:
        assert {str(code) for code in reasons.FixReason} == {str(code) for code in reasons.FIX_REASONS}

    def test_every_doubt_has_words(self) -> None:
        assert {trust.MOCKED, trust.JUMP, trust.STALE, trust.INACCURATE, *trust.MADE_UP} == reasons.DOUBTS.keys()
