"""Recorded weather and a calendar as files have them, around the Saturday on which tests begin."""

from __future__ import annotations

from typing import Any

HELSINKI: dict[str, Any] = {"id": "helsinki", "name": "Helsinki", "lat": 60.17, "lon": 24.94, "radius_km": 30, "timezone": "Europe/Helsinki", "region": "FI"}
FINLAND: dict[str, Any] = {
    "region": "FI", "first_day": "2026-01-01", "last_day": "2026-12-31",
    "days": [
        {"day": "2026-11-27", "name": "black_friday", "title": {"en": "Black Friday"}},
        {"day": "2026-12-06", "name": "independence_day", "holiday": True, "title": {"en": "Independence Day", "fi": "Itsenäisyyspäivä"}},
    ],
}  # fmt: skip


def day(date: str, high_c: float = 18, rain_mm: float = 0, cloud_pct: int | None = 20) -> dict[str, Any]:
    return {"day": date, "high_c": high_c, "rain_mm": rain_mm, "cloud_pct": cloud_pct}


def forecast(*days: dict[str, Any], known_at: str = "2026-11-21T06:00:00Z", good_for_h: int = 48) -> dict[str, Any]:
    return {"area": "helsinki", "known_at": known_at, "good_for_h": good_for_h, "days": list(days)}


def recorded(*forecasts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"areas": [HELSINKI], "forecasts": list(forecasts), "calendars": [FINLAND], **changes}
