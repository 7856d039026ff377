"""What is known of the days ahead, as reasons of a decision.

Pure. Owns which reason and which numbers say what outlook.py found. Must not hold a rule of its own.
"""

from __future__ import annotations

from offers.outside import outlook
from offers.outside.asked import SpecialDays, Weather, special_words, weather_words
from offers.outside.outlook import Found, Outlook
from offers.reasons import Facts, ReasonCode, Weighed

_WEATHER = {
    Found.FITS: ReasonCode.WEATHER_FITS,
    Found.MISSES: ReasonCode.WEATHER_DOES_NOT_FIT,
    Found.FAR: ReasonCode.WEATHER_DAYS_FAR,
    Found.UNKNOWN: ReasonCode.WEATHER_UNKNOWN,
}
_SPECIAL = {Found.FITS: ReasonCode.SPECIAL_DAY, Found.MISSES: ReasonCode.NO_SPECIAL_DAY, Found.UNKNOWN: ReasonCode.CALENDAR_UNKNOWN}


def weighed(weather: Weather | None, special_days: SpecialDays | None, known: Outlook) -> tuple[Weighed, ...]:
    out = (_weather(weather, known) if weather else None, _special(special_days, known) if special_days else None)
    return tuple(one for one in out if one is not None)


def _weather(asked: Weather, known: Outlook) -> Weighed:
    found = outlook.weather(asked, known)
    facts: Facts = {"wanted": weather_words(asked), "area": known.area or "none", "unknown_days": found.unknown_days}
    if (day := found.day) is not None:
        facts |= {"forecast_day": day.day, "high_c": day.high_c, "rain_mm": day.rain_mm, "cloud_pct": day.cloud_pct, "source": day.source}
    return Weighed(str(_WEATHER[found.found]), found.found is Found.FITS, facts)


def _special(asked: SpecialDays, known: Outlook) -> Weighed:
    found = outlook.special(asked, known)
    facts: Facts = {"wanted": special_words(asked), "region": known.region or "none"}
    if found.found is Found.FITS:
        facts |= {"special_day": found.day, "special": found.name}
    return Weighed(str(_SPECIAL[found.found]), found.found is Found.FITS, facts)
