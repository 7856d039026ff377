"""A forecast service of this machine that answers as Open-Meteo does; its answers are told beforehand."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.demo.peers.scripted_peer import Answer, Heard, ScriptedPeer

DAYS = {
    "time": ["2026-11-21", "2026-11-22", "2026-11-23"],
    "temperature_2m_max": [18.26, -0.4, None],
    "precipitation_sum": [0.0, 4.44, 1.0],
    "cloud_cover_mean": [35.6, None, 80],
}


def said(**changes: Any) -> Answer:
    """An answer with some of its lists replaced."""
    return Answer(200, json.dumps({"latitude": 60.17, "daily": {**DAYS, **changes}}).encode())


class WeatherPeer(ScriptedPeer):
    def key_of(self, heard: Heard) -> str:
        return "forecast"

    def take(self, key: str, heard: Heard) -> Answer:
        return said()

    def asked(self) -> list[dict[str, str]]:
        return [{name: values[0] for name, values in parse_qs(urlsplit(one.path).query).items()} for one in self.attempts.get("forecast", [])]
