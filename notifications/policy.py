"""May we interrupt this shopper, here and now? All that was weighed, in a fixed order, and what follows.

Owns the rules: consent (the verdict is passed in), remaining life, quiet hours, one push per visit, the rolling caps; whether a message is
said, waits for the morning, is shown silently, or not at all; and which waiting message a more valuable one replaces.
Must not read the clock, a database or a setting: everything arrives as an argument. docs/algorithms/delivery.md has
the rules in prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.kernel.verdict import PASS, Fail, Verdict
from notifications.quiet import QuietHours, quiet_until
from notifications.reasons import NotificationReason as Reason

__all__ = ["Cap", "Course", "Occasion", "PolicyRules", "QuietHours", "Said", "course", "outranked", "rules_of", "weigh"]


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` messages in any `window_s` seconds. None as the number: no cap."""

    most: int | None
    window_s: int


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """What the settings say. `in_store_exempt`: a shopper standing in an open shop is awake, quiet hours do not hold.

    `cap` counts all messages to her on every channel; `of_campaign` and `of_place` those of one campaign, and of one place.
    """

    quiet: QuietHours
    in_store_exempt: bool
    cap: int
    cap_window_s: int
    one_per_visit: bool
    least_life_s: int
    of_campaign: Cap = Cap(None, 86_400)
    of_place: Cap = Cap(None, 86_400)


@dataclass(frozen=True, slots=True)
class Said:
    """A message that counts. `waits`: it has a push that no provider was asked to take yet, so it can still be let go for a better one."""

    message_id: str
    at: datetime
    value_minor: int
    campaign_id: str | None
    place_id: str | None
    visit_id: str | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Occasion:
    """The facts about one message at the instant `at` (aware UTC).

    `zones` are IANA names, the store's first and the shopper's where known; it is quiet if it is quiet in any of them.
    `in_store` is true while the visit that led to the offer is open. `said_at` are the instants of the messages this
    shopper was sent lately, `said_of_campaign` and `said_of_place` those among them of this campaign and this place;
    `said_this_visit` counts those of this visit.
    """

    at: datetime
    consent: Verdict
    expires_at: datetime
    zones: Sequence[str]
    in_store: bool
    said_at: Sequence[datetime]
    said_this_visit: int
    said_of_campaign: Sequence[datetime] = ()
    said_of_place: Sequence[datetime] = ()

    def counting(
        self, said: Sequence[Said], *, campaign_id: str | None, place_id: str | None, visit_id: str | None
    ) -> Occasion:
        """The same occasion after these messages, about a message of that campaign, place and visit."""
        return replace(
            self,
            said_at=tuple(one.at for one in said),
            said_this_visit=sum(1 for one in said if visit_id and one.visit_id == visit_id),
            said_of_campaign=tuple(one.at for one in said if campaign_id and one.campaign_id == campaign_id),
            said_of_place=tuple(one.at for one in said if place_id and one.place_id == place_id),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was weighed: `code` says how it ended, `facts` are the numbers it was weighed with."""

    passed: bool
    code: str
    facts: dict[str, str | int | float | bool | None]


class Say(StrEnum):
    NOW = "now"
    """In the inbox, and on the phone."""
    LATER = "later"
    """In the inbox now, on the phone when the quiet hours are over."""
    SILENTLY = "silently"
    """In the inbox alone, which makes no sound."""
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Course:
    """What follows, and every rule that led to it. `until` is set with LATER alone."""

    say: Say
    weighed: tuple[Rule, ...]
    until: datetime | None = None

    @property
    def against(self) -> tuple[Fail, ...]:
        return tuple(Fail(rule.code, rule.facts) for rule in self.weighed if not rule.passed)


CAPS = frozenset({Reason.ROLLING_CAP_REACHED, Reason.CAMPAIGN_CAP_REACHED, Reason.PLACE_CAP_REACHED})
TAKES_TURNS = CAPS | {Reason.VISIT_ALREADY_PUSHED}
"""What stands in the way only because something else was said: a better message may have its place."""


def rules_of(occasion: Occasion, rules: PolicyRules) -> tuple[Rule, ...]:
    """Every rule, held or broken, in order."""
    at, window_s = occasion.at, rules.cap_window_s
    return (
        rule(Reason.CONSENT_LIVE, occasion.consent, {}),
        rule(Reason.LIVES_LONG_ENOUGH, life(occasion, rules), {"left_s": int((occasion.expires_at - at).total_seconds())}),
        rule(Reason.NOT_QUIET, quiet(occasion, rules), {"in_store": occasion.in_store, "local_time": _clocks(occasion)}),
        rule(Reason.FIRST_OF_VISIT, once_per_visit(occasion, rules), {"said_this_visit": occasion.said_this_visit}),
        rule(
            Reason.UNDER_ROLLING_CAP,
            rolling_cap(occasion, rules),
            {"said": _within(occasion.said_at, at, window_s), "cap": rules.cap, "window_s": window_s},
        ),
        *(
            rule(held, cap_of(said, at, cap, broken), {"said": _within(said, at, cap.window_s), "cap": cap.most, "window_s": cap.window_s})
            for held, broken, said, cap in (
                (Reason.UNDER_CAMPAIGN_CAP, Reason.CAMPAIGN_CAP_REACHED, occasion.said_of_campaign, rules.of_campaign),
                (Reason.UNDER_PLACE_CAP, Reason.PLACE_CAP_REACHED, occasion.said_of_place, rules.of_place),
            )
        ),
    )


def weigh(occasion: Occasion, rules: PolicyRules) -> tuple[Fail, ...]:
    """Every reason not to send, in order; empty means: send."""
    return tuple(Fail(rule.code, rule.facts) for rule in rules_of(occasion, rules) if not rule.passed)


def course(occasion: Occasion, rules: PolicyRules) -> Course:
    """What to do with this message now.

    Quiet hours alone never lose a message: it waits for their end if the offer is still worth it then and is not bound to a visit that
    is going on, and is shown silently if not. What waits is weighed again in the morning, so caps that are full now do not matter.
    """
    weighed = rules_of(occasion, rules)
    against = {rule.code for rule in weighed if not rule.passed}
    if not against:
        return Course(Say.NOW, weighed)
    if Reason.QUIET_HOURS not in against or against - CAPS - {Reason.QUIET_HOURS}:
        return Course(Say.NOT, weighed)
    until = None if occasion.in_store else quiet_until(rules.quiet, occasion.zones, occasion.at)
    if until is not None and (occasion.expires_at - until).total_seconds() >= max(rules.least_life_s, 1):
        return Course(Say.LATER, weighed, until)
    return Course(Say.SILENTLY if against == {Reason.QUIET_HOURS} else Say.NOT, weighed)


def outranked(
    occasion: Occasion, said: Sequence[Said], rules: PolicyRules, *, value_minor: int, campaign_id: str | None, place_id: str | None, visit_id: str | None
) -> Said | None:
    """The waiting message to let go so that this more valuable one may be said; None if it may be said anyway, or not even so.

    The least valuable goes, the newest of equals. Equal value does not push anybody out: the first stays.
    """
    against = {f.reason for f in weigh(occasion, rules)}
    if not against or against - TAKES_TURNS:
        return None
    waiting = sorted((one for one in said if one.waits and one.value_minor < value_minor), key=lambda one: (one.value_minor, -one.at.timestamp(), one.message_id))
    for one in waiting:
        others = [other for other in said if other is not one]
        if not weigh(occasion.counting(others, campaign_id=campaign_id, place_id=place_id, visit_id=visit_id), rules):
            return one
    return None


def life(occasion: Occasion, rules: PolicyRules) -> Verdict:
    """An offer that ends within `least_life_s` is not worth an interruption."""
    left_s = int((occasion.expires_at - occasion.at).total_seconds())
    if left_s >= max(rules.least_life_s, 1):
        return PASS
    return Fail(Reason.OFFER_ENDS_TOO_SOON, {"left_s": left_s, "least_life_s": rules.least_life_s})


def quiet(occasion: Occasion, rules: PolicyRules) -> Verdict:
    """Quiet hours by the wall clock of each zone.

    An instant has exactly one wall-clock time in a zone, so the hour skipped in spring cannot occur and the hour
    repeated in autumn is judged alike both times: no arithmetic on local times, nothing to get wrong.
    """
    if occasion.in_store and rules.in_store_exempt:
        return PASS
    for zone in occasion.zones:
        wall = _wall(occasion.at, zone)
        if rules.quiet.covers(wall):
            facts = {
                "zone": zone,
                "local_time": wall.strftime("%H:%M"),
                "quiet_until": rules.quiet.ends.strftime("%H:%M"),
            }
            return Fail(Reason.QUIET_HOURS, facts)
    return PASS


def once_per_visit(occasion: Occasion, rules: PolicyRules) -> Verdict:
    if rules.one_per_visit and occasion.said_this_visit > 0:
        return Fail(Reason.VISIT_ALREADY_PUSHED, {"said_this_visit": occasion.said_this_visit})
    return PASS


def rolling_cap(occasion: Occasion, rules: PolicyRules) -> Verdict:
    """At most `cap` messages in any `cap_window_s`: a sliding window, since 23:59 and 00:01 are the same evening."""
    return cap_of(occasion.said_at, occasion.at, Cap(rules.cap, rules.cap_window_s), Reason.ROLLING_CAP_REACHED)


def cap_of(said_at: Sequence[datetime], at: datetime, cap: Cap, broken: Reason) -> Verdict:
    said = _within(said_at, at, cap.window_s)
    if cap.most is None or said < cap.most:
        return PASS
    return Fail(broken, {"said": said, "cap": cap.most, "window_s": cap.window_s})


def _within(said_at: Sequence[datetime], at: datetime, window_s: int) -> int:
    since = at - timedelta(seconds=window_s)
    return sum(1 for instant in said_at if instant > since)


def rule(held: Reason, verdict: Verdict, facts: dict[str, str | int | float | bool | None]) -> Rule:
    if isinstance(verdict, Fail):
        return Rule(False, str(verdict.reason), dict(verdict.facts))
    return Rule(True, str(held), facts)


def _wall(at: datetime, zone: str) -> time:
    return at.astimezone(ZoneInfo(zone)).time()


def _clocks(occasion: Occasion) -> str:
    return ", ".join(f"{_wall(occasion.at, zone):%H:%M} {zone}" for zone in occasion.zones)
