"""A fix leaves the phone as `POST /v1/fixes` takes it."""

from __future__ import annotations

from datetime import UTC, datetime

from app.demo.phone import fix_document
from app.demo.walkers import SimFix


class TestFixDocument:
    def test_exact(self) -> None:
        fix = SimFix(5.0, 24.94833, 60.16907, 6.0, 1.35, 24.9, 60.1)
        assert fix_document(datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC), fix) == {
            "occurred_at": "2026-11-21T12:00:05Z",
            "lat": 60.16907,
            "lon": 24.94833,
            "accuracy_m": 6.0,
            "speed_mps": 1.35,
        }
