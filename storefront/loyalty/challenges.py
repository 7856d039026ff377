"""How far somebody is with a challenge, and how often she has met it. Pure.

Owns periods and streaks. A period is a set of local days, so an hour that comes twice or not at all changes nothing. A streak is a run of periods
without a gap; each `in_a_row` of them is the challenge met once more, up to `most`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from storefront.loyalty.facts import Facts, bought_in, visited_in
from storefront.loyalty.programme import Challenge, Every, Goal


@dataclass(frozen=True, slots=True)
class Progress:
    """`have` of the goal in the period of today, `row` periods running (with today's, once it is met). `begun`: its first day has come; `over`: its last
    has passed. `ends_on` is the last day of today's period."""

    have: int
    row: int
    met: int
    begun: bool
    over: bool
    ends_on: date


def period(challenge: Challenge, day: date) -> date:
    """The first day of the period a day lies in."""
    match challenge.every:
        case Every.WEEK:
            return day - timedelta(days=day.weekday())
        case Every.MONTH:
            return day.replace(day=1)
        case Every.ONCE:
            return date.fromisoformat(challenge.starts_on)


def following(challenge: Challenge, start: date) -> date:
    """The first day of the period after."""
    if challenge.every is Every.WEEK:
        return start + timedelta(days=7)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1)


def counted(challenge: Challenge, facts: Facts) -> dict[date, int]:
    """First day of each period -> how much of the goal."""
    found: dict[date, set[object]] = {}
    sums: dict[date, int] = {}
    for visit in visited_in(facts, challenge.starts_on, challenge.ends_on):
        at = period(challenge, date.fromisoformat(visit.day))
        if challenge.goal is Goal.VISITS:
            found.setdefault(at, set()).add(visit)
        elif challenge.goal is Goal.STORES:
            found.setdefault(at, set()).add(visit.place_id)
    for line in bought_in(facts, challenge.scope, challenge.starts_on, challenge.ends_on):
        at = period(challenge, date.fromisoformat(line.day))
        if challenge.goal is Goal.PIECES:
            sums[at] = sums.get(at, 0) + line.pieces
        elif challenge.goal is Goal.SPEND and line.currency == challenge.currency:
            sums[at] = sums.get(at, 0) + line.spent_minor
    return sums or {at: len(each) for at, each in found.items()}


def runs(challenge: Challenge, facts: Facts) -> list[tuple[date, int]]:
    """(first day of the last period, how many) of each run of periods in which the goal was met, in their order."""
    out: list[tuple[date, int]] = []
    for at in sorted(at for at, have in counted(challenge, facts).items() if have >= challenge.count):
        if out and challenge.every is not Every.ONCE and following(challenge, out[-1][0]) == at:
            out[-1] = (at, out[-1][1] + 1)
        else:
            out.append((at, 1))
    return out


def times_met(challenge: Challenge, facts: Facts) -> int:
    return min(challenge.most, sum(length // challenge.in_a_row for _, length in runs(challenge, facts)))


def progress(challenge: Challenge, facts: Facts, today: date) -> Progress:
    first = date.fromisoformat(challenge.starts_on)
    last = date.fromisoformat(challenge.ends_on)
    now = period(challenge, min(max(today, first), last))
    end = last if challenge.every is Every.ONCE else min(last, following(challenge, now) - timedelta(days=1))
    row = 0
    for at, length in runs(challenge, facts):
        if at == now or (challenge.every is not Every.ONCE and following(challenge, at) == now):
            row = length
    return Progress(counted(challenge, facts).get(now, 0), row, times_met(challenge, facts), today >= first, today > last, end)
