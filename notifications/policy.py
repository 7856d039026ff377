"""May we interrupt this shopper, here and now? All reasons against, in a fixed order.

Owns the rules: consent (the verdict is passed in), remaining life, quiet hours, one push per visit, the rolling cap.
Must not read the clock, a database or a setting: everything arrives as an argument. docs/algorithms/delivery.md has
the rules in prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kernel.verdict import PASS, Fail, Verdict, fails
from notifications.reasons import NotificationReason


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Wall-clock time [starts, ends) in which nobody is disturbed; it may span midnight. Equal ends: never quiet."""

    starts: time
    ends: time

    def covers(self, wall: time) -> bool:
        if self.starts == self.ends:
            return False
        if self.starts < self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """What the settings say. `in_store_exempt`: a shopper standing in an open shop is awake, quiet hours do not hold."""

    quiet: QuietHours
    in_store_exempt: bool
    cap: int
    cap_window_s: int
    one_per_visit: bool
    least_life_s: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """The facts about one message at the instant `at` (aware UTC).

    `zones` are IANA names, the store's first and the shopper's where known; it is quiet if it is quiet in any of them.
    `in_store` is true while the visit that led to the offer is open. `said_at` are the instants of the messages this
    shopper was sent lately; `said_this_visit` counts those of this visit.
    """

    at: datetime
    consent: Verdict
    expires_at: datetime
    zones: Sequence[str]
    in_store: bool
    said_at: Sequence[datetime]
    said_this_visit: int


def weigh(occasion: Occasion, rules: PolicyRules) -> tuple[Fail, ...]:
    """Every reason not to send, in order; empty means: send."""
    return fails(
        (
            occasion.consent,
            life(occasion, rules),
            quiet(occasion, rules),
            once_per_visit(occasion, rules),
            rolling_cap(occasion, rules),
        )
    )


def life(occasion: Occasion, rules: PolicyRules) -> Verdict:
    """An offer that ends within `least_life_s` is not worth an interruption."""
    left_s = int((occasion.expires_at - occasion.at).total_seconds())
    if left_s >= max(rules.least_life_s, 1):
        return PASS
    return Fail(NotificationReason.OFFER_ENDS_TOO_SOON, {"left_s": left_s, "least_life_s": rules.least_life_s})


def quiet(occasion: Occasion, rules: PolicyRules) -> Verdict:
    """Quiet hours by the wall clock of each zone.

    An instant has exactly one wall-clock time in a zone, so the hour skipped in spring cannot occur and the hour
    repeated in autumn is judged alike both times: no arithmetic on local times, nothing to get wrong.
    """
    if occasion.in_store and rules.in_store_exempt:
        return PASS
    for zone in occasion.zones:
        wall = occasion.at.astimezone(ZoneInfo(zone)).time()
        if rules.quiet.covers(wall):
            facts = {
                "zone": zone,
                "local_time": wall.strftime("%H:%M"),
                "quiet_until": rules.quiet.ends.strftime("%H:%M"),
            }
            return Fail(NotificationReason.QUIET_HOURS, facts)
    return PASS


def once_per_visit(occasion: Occasion, rules: PolicyRules) -> Verdict:
    if rules.one_per_visit and occasion.said_this_visit > 0:
        return Fail(NotificationReason.VISIT_ALREADY_PUSHED, {"said_this_visit": occasion.said_this_visit})
    return PASS


def rolling_cap(occasion: Occasion, rules: PolicyRules) -> Verdict:
    """At most `cap` messages in any `cap_window_s`: a sliding window, since 23:59 and 00:01 are the same evening."""
    since = occasion.at - timedelta(seconds=rules.cap_window_s)
    said = sum(1 for instant in occasion.said_at if instant > since)
    if said < rules.cap:
        return PASS
    return Fail(
        NotificationReason.ROLLING_CAP_REACHED, {"said": said, "cap": rules.cap, "window_s": rules.cap_window_s}
    )
