"""A forecast service that answers as Open-Meteo does (`GET {url}?latitude=...&daily=...`), its own or one's own instance.

Owns the words of that API. Must not raise, must not hold a caller for long, and must not believe a number that no weather has:
garbage is trouble, as silence is. It is told the middle of an area of ours, never where anybody is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from app.kernel.logs import get_logger
from offers.outside.almanac import Area, Issue
from offers.outside.ports import Trouble
from offers.outside.schemas import DayIn, day_of
from offers.outside.settings import OutsideSettings

log = get_logger(__name__)

SOURCE = "open-meteo"
REST_S, LONGEST_REST_S = 300.0, 6 * 3600.0
ANSWER_MOST_BYTES = 256 * 1024
_DAILY = ("temperature_2m_max", "precipitation_sum", "cloud_cover_mean")


class OpenMeteoGateway:
    def __init__(self, settings: OutsideSettings) -> None:
        self._chosen = settings

    def issues(self, area: Area, at: datetime) -> Sequence[Issue] | Trouble:
        try:
            return self._asked(area, at)
        except Exception as error:  # noqa: BLE001 - their trouble must never be ours; an address with a key in it stays unsaid
            log.warning("no_forecast", area=area.id, why=type(error).__name__)
            return Trouble(type(error).__name__, REST_S)

    def _asked(self, area: Area, at: datetime) -> Sequence[Issue] | Trouble:
        import httpx2  # lazy: not needed where no live source is set

        deadline, body = time.monotonic() + self._chosen.timeout_s, b""
        with (
            httpx2.Client(timeout=self._chosen.timeout_s, follow_redirects=False, trust_env=False) as http,
            http.stream("GET", self._chosen.url, params=self._question(area)) as answer,
        ):
            status, after = int(answer.status_code), answer.headers.get("Retry-After", "")
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > ANSWER_MOST_BYTES or time.monotonic() > deadline:
                    return Trouble("too slow or too long", REST_S)
        if status != 200:
            asked_s = float(after[:9]) if after.isascii() and after.isdigit() else 0.0
            return Trouble(f"status {status}", min(max(asked_s, REST_S), LONGEST_REST_S))
        days = _days(json.loads(body))
        good_until = at + timedelta(seconds=self._chosen.good_for_s)
        return [Issue(area.id, day_of(day, SOURCE, at), good_until) for day in days] or Trouble("no days", REST_S)

    def _question(self, area: Area) -> dict[str, str]:
        asked = {
            "latitude": f"{area.lat_deg:.2f}",
            "longitude": f"{area.lon_deg:.2f}",
            "daily": ",".join(_DAILY),
            "timezone": area.timezone,
            "forecast_days": "10",
        }
        key = self._chosen.api_key.get_secret_value()
        return asked | ({"apikey": key} if key else {})


def _days(answer: Any) -> list[DayIn]:
    """The days for which all is said that a forecast needs; raises over one that no weather can have."""
    daily = answer["daily"]
    high, rain, clouds = (daily[name] for name in _DAILY)
    found: list[DayIn] = []
    for day, high_c, rain_mm, cloud in zip(daily["time"], high, rain, clouds, strict=True):
        if high_c is None or rain_mm is None:
            continue  # the last day of a model's run is often half told
        try:
            found.append(DayIn(day=day, high_c=high_c, rain_mm=rain_mm, cloud_pct=None if cloud is None else round(cloud)))
        except ValidationError:
            raise ValueError("not a forecast") from None
    return found
