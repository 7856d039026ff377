"""Plain words for what was decided, for the shopper, the marketer and the clerk. English for now.

Pure: from the recorded decision and the campaign's words to sentences. Must not decide, and must not promise what the
record does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.kernel.money import Money
from offers import audience_words, schedule
from offers.conditions import MomentFacts, PlaceFacts, ordinal
from offers.contracts import Reason
from offers.decision import OFFER, Record, Result
from offers.definition import Definition
from offers.phrases import benefit_text
from offers.reasons import Audience, Facts, Weighed
from offers.sentences import SENTENCES

KIND_TEXT = {
    "store_visit": "a visit to the store",
    "dwell": "a longer stay",
    "return_visit": "a return visit",
    "left": "leaving the store",
    "crossed": "passing through",
    "beacon_proximity": "standing near a beacon",
}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def span_text(seconds: int) -> str:
    """`600` -> `10 minutes`: the largest unit that fits, rounded down."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            n = seconds // size
            return f"{n} {unit}" + ("" if n == 1 else "s")
    return f"{seconds} second" + ("" if seconds == 1 else "s")


def times_text(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def day_text(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _local(at: datetime, zone_name: str) -> datetime:
    return at.astimezone(schedule.zone(zone_name) or UTC)


def until_text(end: datetime, now: datetime, where: ZoneInfo | None) -> str:
    """`end` is exclusive. `until 18:30 today`, `until tonight`, `until Sunday`, `until 30 November`."""
    last = (end - timedelta(seconds=1)).astimezone(where or UTC)
    today = now.astimezone(where or UTC).date()
    at_midnight = (last.hour, last.minute) == (23, 59)
    away = (last.date() - today).days
    shown_time = end.astimezone(where or UTC).strftime("%H:%M")
    if away <= 0:
        return "until tonight" if at_midnight else f"until {shown_time} today"
    if away == 1:
        return "until tomorrow" if at_midnight else f"until {shown_time} tomorrow"
    day = schedule.WEEKDAYS[last.weekday()] if away < 7 else day_text(last.date())
    return f"until {day}" if at_midnight else f"until {day}, {shown_time}"


_TEXT_OF: dict[str, Callable[[int], str]] = {
    "s": span_text,
    "bp": lambda value: f"{value / 100:g} %",
    "ppm": lambda value: f"{value / 10_000:.1f} %",
}


def _extended(facts: Facts) -> dict[str, object]:
    """Facts plus their readable forms: `dwell_s` gives `dwell_text`, `budget_minor` gives `budget_text`."""
    out: dict[str, object] = dict(facts)
    for name, value in facts.items():
        if isinstance(value, bool) or not isinstance(value, int):
            continue
        stem, _, unit = name.rpartition("_")
        if unit == "minor":
            out[f"{stem}_text"] = Money(value, str(facts.get("currency", "EUR"))).display()
        elif unit in _TEXT_OF:
            out[f"{stem}_text"] = _TEXT_OF[unit](value)
        elif name == "cap":
            out["cap_times_text"] = times_text(value)
        elif name == "nth_visit":
            out["nth_visit_text"] = ordinal(value)
    kind = facts.get("kind")
    if isinstance(kind, str):
        out["kind_text"] = KIND_TEXT.get(kind, kind)
    for name in ("valid_from", "expired_at", "redeemed_at"):
        value = facts.get(name)
        if isinstance(value, str) and "T" in value:
            moment = datetime.fromisoformat(value)
            out[name] = f"{day_text(moment.date())} at {moment.strftime('%H:%M')} {moment.tzname() or ''}".strip()
    return out | _days_of(facts) | audience_words.texts_of(facts)


def _days_of(facts: Facts) -> dict[str, object]:
    named = {name: facts.get(name) for name in ("starts_on", "ends_on", "local_date", "forecast_day", "special_day")}
    out: dict[str, object] = {name: day_text(date.fromisoformat(day)) for name, day in named.items() if isinstance(day, str)}
    special = facts.get("special")
    return out | ({"special_text": special.replace("_", " ")} if isinstance(special, str) else {})


class _Kept(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def say(code: str, facts: Facts, audience: Audience) -> str:
    """One sentence for one reason. A code of another room (consent) has no sentence here and is named in words."""
    sentence = SENTENCES.get(code)
    if sentence is None:
        return code.replace("_", " ").capitalize() + "."
    text = sentence.to(audience).format_map(_Kept(_extended(facts)))
    return text[:1].upper() + text[1:]


RECOMPUTED = "Recomputed from the stored inputs, the decision is the same byte for byte."
NOT_RECOMPUTED = "Recomputed from the stored inputs, the decision is NOT the same: the record was changed."


def named(code: str) -> str:
    """A reason in a word or two, where many decisions with different numbers share it: `shopper cap reached`."""
    return code.replace("_", " ")


def reason(weighed: Weighed, audience: Audience) -> Reason:
    return Reason(weighed.code, weighed.passed, say(weighed.code, weighed.facts, audience), dict(weighed.facts))


def _when(moment: MomentFacts, place: PlaceFacts, now: datetime) -> str:
    local, today = _local(moment.occurred_at, place.timezone), _local(now, place.timezone).date()
    clock = local.strftime("%H:%M")
    return f"at {clock}" if local.date() == today else f"on {day_text(local.date())} at {clock}"


def doing(moment: MomentFacts, place: PlaceFacts, now: datetime, you: str = "you") -> str:
    """`you walked into Ooey Gooey Kluuvi at 14:02`."""
    when = _when(moment, place, now)
    match moment.kind:
        case "dwell":
            return f"{you} had spent {span_text(moment.dwell_s)} in {place.name} {when}"
        case "return_visit":
            return f"{you} came back to {place.name} {when}, for the {ordinal(moment.nth_visit)} time"
        case "left":
            return f"{you} left {place.name} {when}"
        case "crossed":
            return f"{you} passed through {place.name} {when}"
        case "beacon_proximity":
            return f"{you} stopped near one of our beacons in {place.name} {when}"
        case _:
            return f"{you} walked into {place.name} {when}"


def _because(definition: Definition, record: Record) -> str:
    clause = (
        definition.because.strip().rstrip(".")
        or f"{benefit_text(definition.benefit, definition.currency)} is to be had there"
    )
    where = schedule.zone(record.inputs.place.timezone)
    end = schedule.last_instant(definition.schedule, where) if where else None
    return f"{clause} {until_text(end, record.inputs.at, where)}" if end else clause


def headline(definition: Definition, record: Record, result: Result, audience: Audience, now: datetime) -> str:
    """The answer in one sentence: why this offer, or why not (the first thing that stood against it)."""
    shopper = audience is Audience.SHOPPER
    did = doing(record.inputs.moment, record.inputs.place, now, "you" if shopper else "the shopper")
    if result.outcome == OFFER:
        subject = "You got this" if shopper else f"“{definition.name}” was offered"
        return f"{subject} because {did} and {_because(definition, record)}."
    against = next((w for w in result.reasons if not w.passed), None)
    why = say(against.code, against.facts, audience) if against else ""
    if shopper:
        return f"{did[:1].upper()}{did[1:]}, and we did not offer you “{definition.title}”. {why}".strip()
    return f"“{definition.name}” was withheld when {did}. {why}".strip()


def body(definition: Definition, record: Record, expires_at: datetime) -> str:
    """The text under the title of a new coupon: what, where, until when."""
    place = record.inputs.place
    until = until_text(expires_at, record.inputs.at, schedule.zone(place.timezone))
    use = "Show the code at the till" if definition.coupon.at_till else "Use it in the app"
    if definition.coupon.at_till and definition.coupon.in_app:
        use = "Show the code at the till or use it in the app"
    return f"{benefit_text(definition.benefit, definition.currency)} at {place.name}, {until}. {use}."


def sentences(result: Result, audience: Audience) -> tuple[str, ...]:
    """Every reason as a sentence: what stood against it first for the shopper, in the order weighed for staff."""
    order = sorted(result.reasons, key=lambda w: w.passed) if audience is Audience.SHOPPER else list(result.reasons)
    return tuple(say(w.code, w.facts, audience) for w in order)
