"""Which kinds of evidence count beside which, and what they are worth."""

from __future__ import annotations

import pytest

from geofences import tiers, trust
from geofences.contracts import TrustLevel
from geofences.tiers import BEACON, PRINTED, ROTATING, SCREEN, TILL


class TestIndependent:
    @pytest.mark.parametrize(
        ("kinds", "counted"),
        [
            ({BEACON, ROTATING}, {ROTATING}),
            ({PRINTED, SCREEN}, {SCREEN}),
            ({BEACON, PRINTED}, {BEACON}),
            ({ROTATING, PRINTED}, {ROTATING, PRINTED}),
            ({BEACON, SCREEN}, {BEACON, SCREEN}),
            ({BEACON, PRINTED, SCREEN, ROTATING, TILL}, {SCREEN, ROTATING, TILL}),
        ],
    )
    def test_of_each_sort_the_strongest(self, kinds: set[str], counted: set[str]) -> None:
        assert tiers.independent(kinds) == counted


class TestLevel:
    def test_what_can_be_replayed_never_verifies(self) -> None:
        """Seen to fail when a printed code counted beside a static beacon."""
        assert tiers.level((), {BEACON, PRINTED}) is TrustLevel.CORROBORATED

    def test_a_screen_and_a_beacon_do_and_the_till_alone(self) -> None:
        assert tiers.level((), {SCREEN}) is TrustLevel.CORROBORATED
        assert tiers.level((), {SCREEN, ROTATING}) is TrustLevel.VERIFIED
        assert tiers.level((), {TILL}) is TrustLevel.VERIFIED
        assert tiers.level((trust.MOCKED,), {TILL}) is TrustLevel.CLAIMED


class TestFacts:
    @pytest.mark.parametrize("kinds", [set[str](), {BEACON}, {PRINTED}, {BEACON, PRINTED}])
    def test_for_value_nothing_that_can_be_replayed_counts(self, kinds: set[str]) -> None:
        """Seen to fail when the level of the visit was given as it is: a static beacon opened what asks for more."""
        found = tiers.facts((), kinds)
        assert found.visit_level == "claimed"
        assert found.presence in ("bare_fix", "static_beacon")

    @pytest.mark.parametrize(
        ("kinds", "level", "presence"),
        [
            ({ROTATING, BEACON}, "corroborated", "rotating_beacon"),
            ({SCREEN, PRINTED}, "corroborated", "shelf_qr"),
            ({SCREEN, ROTATING}, "verified", "shelf_qr"),
            ({TILL, BEACON}, "verified", "till"),
        ],
    )
    def test_what_changes_within_seconds_does(self, kinds: set[str], level: str, presence: str) -> None:
        found = tiers.facts((), kinds)
        assert (found.visit_level, found.presence) == (level, presence)

    @pytest.mark.parametrize(
        ("doubts", "verdict"),
        [
            ((), "genuine"),
            ((trust.STALE, trust.INACCURATE), "genuine"),
            ((trust.JUMP,), "uncertain"),
            ((trust.STATIC,), "uncertain"),
            (("beacon_echoed",), "uncertain"),
            ((trust.SYNTHETIC, trust.JUMP), "spoofed"),
            ((trust.REPLAYED,), "spoofed"),
            ((trust.MOCKED,), "spoofed"),
        ],
    )
    def test_the_verdict_of_its_doubts(self, doubts: tuple[str, ...], verdict: str) -> None:
        assert tiers.facts(doubts, ()).trust_verdict == verdict

    def test_the_words_are_those_of_the_policies(self) -> None:
        from app.security.policies.contracts import Presence, TrustVerdict, VisitLevel

        told = [tiers.facts((), kinds) for kinds in ((), {BEACON}, {ROTATING}, {SCREEN}, {TILL})]
        assert [Presence(facts.presence) for facts in told] == list(Presence)
        assert {VisitLevel(facts.visit_level) for facts in told} == set(VisitLevel)
        assert {TrustVerdict(word) for word in (tiers.GENUINE, tiers.UNCERTAIN, tiers.SPOOFED)} == set(TrustVerdict)
