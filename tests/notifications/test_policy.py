"""The room's central decision: may we interrupt, and if not, for which reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import PASS, Fail
from notifications.policy import (
    Cap,
    Occasion,
    PolicyRules,
    QuietHours,
    Said,
    Say,
    course,
    life,
    once_per_visit,
    outranked,
    quiet,
    rolling_cap,
    rules_of,
    weigh,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RULES = PolicyRules(
    quiet=QuietHours(time(21, 0), time(8, 0)),
    in_store_exempt=True,
    cap=3,
    cap_window_s=86_400,
    one_per_visit=True,
    least_life_s=60,
)
FINE = Occasion(
    at=NOON,
    consent=PASS,
    expires_at=NOON + timedelta(hours=1),
    zones=("Europe/Helsinki",),
    in_store=True,
    said_at=(),
    said_this_visit=0,
)


def codes(occasion: Occasion, rules: PolicyRules = RULES) -> tuple[str, ...]:
    return tuple(f.reason for f in weigh(occasion, rules))


class TestWeigh:
    def test_nothing_against(self) -> None:
        assert weigh(FINE, RULES) == ()

    def test_every_reason_is_named_in_order(self) -> None:
        """Planted bug: `weigh` returning at the first failure made this fail."""
        bad = replace(
            FINE,
            at=datetime(2026, 11, 21, 22, 0, tzinfo=UTC),
            consent=Fail("no_consent_marketing_push"),
            expires_at=datetime(2026, 11, 21, 22, 0, 59, tzinfo=UTC),
            in_store=False,
            said_at=[datetime(2026, 11, 21, 20, 0, tzinfo=UTC)] * 3,
            said_this_visit=1,
        )
        assert codes(bad) == (
            "no_consent_marketing_push",
            "offer_ends_too_soon",
            "quiet_hours",
            "visit_already_pushed",
            "rolling_cap_reached",
        )

    def test_consent_alone_is_enough_to_stop_it(self) -> None:
        assert codes(replace(FINE, consent=Fail("no_consent_marketing_push"))) == ("no_consent_marketing_push",)


class TestLife:
    @pytest.mark.parametrize(("left_s", "ok"), [(60, True), (59, False), (0, False), (-5, False)])
    def test_bound(self, left_s: int, ok: bool) -> None:
        assert life(replace(FINE, expires_at=NOON + timedelta(seconds=left_s)), RULES).ok is ok

    def test_an_ended_offer_fails_even_with_no_least_life(self) -> None:
        assert life(replace(FINE, expires_at=NOON), replace(RULES, least_life_s=0)).ok is False


class TestQuiet:
    @pytest.mark.parametrize(
        ("hour_utc", "minute", "ok"),
        [(18, 59, True), (19, 0, False), (23, 30, False), (5, 59, False), (6, 0, True)],
    )
    def test_helsinki_winter(self, hour_utc: int, minute: int, ok: bool) -> None:
        at = datetime(2026, 11, 21, hour_utc, minute, tzinfo=UTC)
        assert quiet(replace(FINE, at=at, in_store=False), RULES).ok is ok

    def test_facts(self) -> None:
        at = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
        verdict = quiet(replace(FINE, at=at, in_store=False), RULES)
        assert verdict == Fail(
            "quiet_hours", {"zone": "Europe/Helsinki", "local_time": "21:30", "quiet_until": "08:00"}
        )

    def test_in_an_open_shop_at_night(self) -> None:
        at = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
        assert quiet(replace(FINE, at=at), RULES).ok is True
        assert quiet(replace(FINE, at=at), replace(RULES, in_store_exempt=False)).ok is False

    def test_quiet_in_any_zone_is_quiet(self) -> None:
        both = replace(FINE, in_store=False, zones=("Europe/Helsinki", "Pacific/Auckland"))
        assert quiet(both, RULES).ok is False  # 14:00 in Helsinki, 01:00 in Auckland

    def test_equal_ends_are_never_quiet(self) -> None:
        never = replace(RULES, quiet=QuietHours(time(8, 0), time(8, 0)))
        assert quiet(replace(FINE, in_store=False, at=NOON.replace(hour=6)), never).ok is True

    @pytest.mark.parametrize(
        ("zone", "at"),
        [
            ("Europe/Helsinki", datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),  # 08:00 summer time, an hour earlier in UTC
            ("Europe/Helsinki", datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),  # 08:00 winter time
            ("America/New_York", datetime(2026, 3, 8, 12, 0, tzinfo=UTC)),
            ("America/New_York", datetime(2026, 11, 1, 13, 0, tzinfo=UTC)),
            ("Australia/Lord_Howe", datetime(2026, 10, 3, 21, 0, tzinfo=UTC)),  # half an hour of daylight saving
        ],
    )
    def test_the_morning_after_the_clocks_change(self, zone: str, at: datetime) -> None:
        """Planted bug: taking the zone's offset at the preceding midnight shifted these by the change."""
        outside = replace(FINE, in_store=False, zones=(zone,))
        assert quiet(replace(outside, at=at), RULES).ok is True
        assert quiet(replace(outside, at=at - timedelta(minutes=1)), RULES).ok is False

    @given(
        at=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
        zone=st.sampled_from(
            ["Europe/Helsinki", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "America/St_Johns", "UTC"]
        ),
    )
    def test_never_within_the_wall_clocks_night(self, at: datetime, zone: str) -> None:
        wall = at.astimezone(ZoneInfo(zone))
        night = wall.hour >= 21 or wall.hour < 8
        assert quiet(replace(FINE, at=at, in_store=False, zones=(zone,)), RULES).ok is not night


class TestOncePerVisit:
    def test_second_message(self) -> None:
        assert once_per_visit(replace(FINE, said_this_visit=1), RULES) == Fail(
            "visit_already_pushed", {"said_this_visit": 1}
        )

    def test_switched_off(self) -> None:
        assert once_per_visit(replace(FINE, said_this_visit=1), replace(RULES, one_per_visit=False)) is PASS


class TestRollingCap:
    def test_a_calendar_day_is_not_the_window(self) -> None:
        """Planted bug: counting messages of the same date let a fourth through just after midnight."""
        evening = [datetime(2026, 11, 20, 23, m, tzinfo=UTC) for m in (0, 20, 40)]
        midnight = replace(FINE, at=datetime(2026, 11, 21, 0, 5, tzinfo=UTC), said_at=evening)
        assert rolling_cap(midnight, RULES) == Fail("rolling_cap_reached", {"said": 3, "cap": 3, "window_s": 86_400})

    def test_exactly_a_window_ago_no_longer_counts(self) -> None:
        day_ago = NOON - timedelta(days=1)
        assert rolling_cap(replace(FINE, said_at=[day_ago] * 3), RULES).ok is True
        assert rolling_cap(replace(FINE, said_at=[day_ago + timedelta(microseconds=1)] * 3), RULES).ok is False

    def test_cap_of_zero_sends_nothing(self) -> None:
        assert rolling_cap(FINE, replace(RULES, cap=0)).ok is False

    @given(st.lists(st.integers(min_value=0, max_value=200), max_size=60))
    def test_no_window_ever_holds_more_than_the_cap(self, gaps_min: list[int]) -> None:
        at, sent = NOON, list[datetime]()
        for gap in gaps_min:
            at += timedelta(minutes=gap)
            if rolling_cap(replace(FINE, at=at, said_at=sent), RULES).ok:
                sent.append(at)
        for end in sent:
            assert sum(1 for s in sent if end - timedelta(days=1) < s <= end) <= 3


NIGHT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)  # 22:00 in Helsinki, quiet until 06:00 UTC
MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class TestRulesOf:
    def test_what_held_is_kept_with_its_numbers_too(self) -> None:
        assert [(rule.passed, rule.code) for rule in rules_of(FINE, RULES)] == [
            (True, "consent_live"), (True, "lives_long_enough"), (True, "not_quiet"), (True, "first_of_visit"), (True, "under_rolling_cap"),
            (True, "under_campaign_cap"), (True, "under_place_cap"),
        ]  # fmt: skip
        assert rules_of(FINE, RULES)[2].facts == {"in_store": True, "local_time": "14:00 Europe/Helsinki"}
        assert rules_of(FINE, RULES)[4].facts == {"said": 0, "cap": 3, "window_s": 86_400}

    def test_caps_of_campaign_and_place(self) -> None:
        """Planted bug: counting every message toward the campaign's cap stopped another campaign's first."""
        rules = replace(RULES, of_campaign=Cap(1, 3600), of_place=Cap(2, 7200))
        half_hour_ago = NOON - timedelta(minutes=30)
        assert codes(replace(FINE, said_at=[half_hour_ago]), rules) == ()
        assert codes(replace(FINE, said_of_campaign=[half_hour_ago]), rules) == ("campaign_cap_reached",)
        assert codes(replace(FINE, said_of_campaign=[NOON - timedelta(hours=1)]), rules) == ()
        assert codes(replace(FINE, said_of_place=[half_hour_ago] * 2), rules) == ("place_cap_reached",)


class TestCourse:
    def test_said_by_day(self) -> None:
        assert course(FINE, RULES).say is Say.NOW

    def test_at_night_it_waits_if_it_is_worth_it_in_the_morning(self) -> None:
        late = replace(FINE, at=NIGHT, in_store=False, expires_at=MORNING + timedelta(seconds=60))
        assert (course(late, RULES).say, course(late, RULES).until) == (Say.LATER, MORNING)

    def test_at_night_it_is_silent_if_it_will_be_over(self) -> None:
        """Planted bug: holding it without comparing its end with the morning kept it for its last 59 seconds."""
        late = replace(FINE, at=NIGHT, in_store=False, expires_at=MORNING + timedelta(seconds=59))
        assert (course(late, RULES).say, course(late, RULES).until) == (Say.SILENTLY, None)

    def test_an_offer_of_a_visit_that_goes_on_never_waits(self) -> None:
        here = replace(FINE, at=NIGHT, in_store=True, expires_at=MORNING + timedelta(days=3))
        assert course(here, replace(RULES, in_store_exempt=False)).say is Say.SILENTLY
        assert course(here, RULES).say is Say.NOW

    def test_a_full_cap_matters_in_the_morning(self) -> None:
        late = replace(FINE, at=NIGHT, in_store=False, said_at=[NIGHT] * 3, expires_at=MORNING + timedelta(days=1))
        assert course(late, RULES).say is Say.LATER
        assert course(replace(late, expires_at=MORNING), RULES).say is Say.NOT

    @pytest.mark.parametrize("bad", [{"consent": Fail("no_consent_marketing_push")}, {"said_this_visit": 1}, {"expires_at": NIGHT}])
    def test_what_else_is_against_it_is_against_it_at_night_too(self, bad: dict[str, object]) -> None:
        late = replace(FINE, at=NIGHT, in_store=False, expires_at=MORNING + timedelta(days=1))
        assert course(replace(late, **bad), RULES).say is Say.NOT  # type: ignore[arg-type]


def said(name: str, value_minor: int, *, waits: bool = True, visit: str = "v", minutes_ago: int = 0) -> Said:
    return Said(name, NOON - timedelta(minutes=minutes_ago), value_minor, "c", "p", visit, waits)


class TestOutranked:
    ABOUT: dict[str, str | None] = {"campaign_id": "new", "place_id": "q", "visit_id": "w"}  # noqa: RUF012

    def ask(self, said: list[Said], value_minor: int, **changes: object) -> str | None:
        about = {**self.ABOUT, **changes}
        occasion = FINE.counting(said, **about)  # type: ignore[arg-type]
        found = outranked(occasion, said, RULES, value_minor=value_minor, **about)  # type: ignore[arg-type]
        return found.message_id if found else None

    def test_the_least_valuable_goes(self) -> None:
        """Planted bug: taking the first that waits let the best of three go, and the first of those worth less let the second best go."""
        assert self.ask([said("a", 50), said("c", 30), said("b", 20)], 40) == "b"

    def test_of_equals_the_newest_goes(self) -> None:
        assert self.ask([said("a", 20, minutes_ago=2), said("b", 20, minutes_ago=1), said("c", 30)], 40) == "b"

    def test_equal_value_pushes_nobody_out(self) -> None:
        assert self.ask([said("a", 40), said("b", 40), said("c", 40)], 40) is None

    def test_what_has_set_out_cannot_be_called_back(self) -> None:
        assert self.ask([said("a", 1, waits=False), said("b", 2, waits=False), said("c", 3)], 40) == "c"
        assert self.ask([said(n, 1, waits=False) for n in "abc"], 40) is None

    def test_nobody_goes_where_there_is_room_or_where_it_would_not_help(self) -> None:
        assert self.ask([said("a", 1)], 40) is None
        assert self.ask([said(n, 1) for n in "abcd"], 40) is None  # one too many even then

    def test_the_better_message_of_a_visit(self) -> None:
        assert self.ask([said("a", 1, visit="other"), said("b", 2, visit="w")], 40, visit_id="w") == "b"
