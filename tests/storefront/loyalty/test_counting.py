"""What counts: believed visits with consent, once for each store and day, and lines of paid orders as far as they are kept."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from app.kernel.clock import ManualClock
from app.kernel.errors import Invalid
from geofences import facade as geofences
from geofences.contracts import MomentDetected
from storefront.loyalty import choosing
from storefront.loyalty.handlers import may_count
from tests.conftest import START
from tests.offers.builders import KAMPPI
from tests.storefront.loyalty.club import CLUB, JANE, Club


def visits(club: Club) -> int:
    return next(card for card in club.shown().cards if card.id == "come").have + 2 * next(card for card in club.shown().cards if card.id == "come").full


class TestMayCount:
    @pytest.mark.parametrize(
        ("kind", "trust", "looked_at"),
        [
            ("store_visit", "claimed", False), ("store_visit", "corroborated", True), ("dwell", "claimed", False), ("dwell", "verified", True), ("return_visit", "corroborated", True),
            ("left", "claimed", True), ("left", "verified", True), ("drive_by", "verified", False),
        ],
    )  # fmt: skip
    def test_what_nothing_confirms_is_not_looked_at_before_it_ends(self, kind: str, trust: str, looked_at: bool) -> None:
        """Planted bugs: every moment looked at; ends that nothing confirms passed over."""
        told = MomentDetected("mom_1", kind, JANE, "dev_1", "plc_1", "vis_1", START, START, 0, 1, 0.9, trust)
        assert may_count(told) is looked_at


class TestVisited:
    def test_once_for_each_store_and_day(self, club: Club) -> None:
        """Planted bug: `Visited` that knows the visit instead of the day."""
        club.agree()
        for visit_id in ("vis_1", "vis_2", "vis_1"):
            club.come(visit_id)
        assert visits(club) == 1
        assert club.shown().points == 5

    def test_the_day_is_the_stores_own(self, club: Club) -> None:
        """23:30 and 00:30 in Helsinki are two days there and one in London; the same two instants are one day in Tokyo."""
        club.agree()
        for number, at in enumerate((datetime(2026, 11, 20, 21, 30, tzinfo=UTC), datetime(2026, 11, 20, 22, 30, tzinfo=UTC))):
            club.come(f"vis_h{number}", "plc_kluuvi", at)
            club.come(f"vis_t{number}", "plc_tokyo", at)
        assert visits(club) == 3

    @pytest.mark.parametrize("unlike", [{"level": "claimed"}, {"verdict": "spoofed"}, {"place_id": "plc_mall"}, {"shopper_id": "shp_other"}])
    def test_nothing_for_what_cannot_be_believed_or_was_no_visit(self, club: Club, unlike: dict[str, object]) -> None:
        club.agree()
        club.come("vis_1", **unlike)  # type: ignore[arg-type]
        assert (visits(club), club.shown().points) == (0, 0)

    def test_what_is_confirmed_later_counts_then_and_what_is_doubted_later_no_more(self, club: Club) -> None:
        club.agree()
        for level, has in (("claimed", 0), ("verified", 1), ("claimed", 0)):
            club.come("vis_1", level=level)
            assert visits(club) == has

    def test_of_the_chains_the_programme_names(self, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
        club.agree()
        text = CLUB.replace("  points:\n", "  chains: [Ooey Gooey]\n  points:\n").replace("loyalty:\n", "loyalty:\n  version: 1\n")
        club.apply(text)
        club.come("vis_1")
        monkeypatch.setattr(geofences, "place", lambda _session, _place_id: dataclasses.replace(KAMPPI, chain="Another"))
        club.come("vis_2", "plc_kamppi")
        assert visits(club) == 1
        with pytest.raises(Invalid, match=r"loyalty.chains\[0\]: there is no such chain; there are: Ooey Gooey \(line 5\)"):
            club.apply(text.replace("[Ooey Gooey]", "[Another]"))

    def test_nothing_without_consent(self, club: Club) -> None:
        club.come("vis_1")
        assert (visits(club), club.shown().visits_asked, club.shown().visits_count) == (0, True, False)

    def test_a_visit_that_never_was_is_taken_back_whatever_came_first(self, club: Club) -> None:
        club.agree()
        club.come("vis_1")
        club.visits.clear()
        assert club.told("vis_1")
        assert not club.told("vis_1")
        club.weigh()
        assert (visits(club), club.shown().points) == (0, 0)
        club.come("vis_1")
        assert (visits(club), club.shown().points) == (1, 5)

    def test_points_on_so_many_days_a_month_and_on_from_the_next(self, club: Club) -> None:
        club.agree()
        for day in range(1, 7):
            club.come(f"vis_{day}", at=datetime(2026, 11, day, 12, tzinfo=UTC))
        earned = [entry.points for entry in club.shown().entries if entry.why == "visited"]
        assert earned == [5, 5, 5]
        del club.visits["vis_2"]
        club.told("vis_2")
        club.weigh()
        assert sum(entry.points for entry in club.shown().entries if entry.why in ("visited", "visit_not_counted")) == 15

    def test_nothing_is_counted_while_she_does_not_want_it_also_when_it_is_told_late(self, club: Club, clock: ManualClock) -> None:
        """Planted bug: only her word of now is looked at."""
        club.agree()
        choose(club, counted=False)
        during = club.shop.now()
        club.come("vis_1")
        assert (visits(club), club.shown().counted) == (0, False)
        clock.advance(3600)
        choose(club, counted=True)
        clock.advance(3600)
        club.come("vis_2", "plc_kamppi", during)
        assert visits(club) == 0
        club.come("vis_3", "plc_kamppi")
        assert visits(club) == 1


def choose(club: Club, *, counted: bool) -> None:
    with club.shop.database.transaction() as session:
        choosing.choose(session, JANE, counted=counted, at=club.shop.now())
    club.weigh()


class TestBought:
    def test_pieces_that_are_paid(self, club: Club) -> None:
        club.buy("k1", prd_bonbon=2, prd_truffle=1)
        card = next(card for card in club.shown().cards if card.id == "bonbon")
        assert (card.have, card.needs, [pieces for _, _, pieces in card.counted]) == (2, 3, [2])

    def test_an_order_while_she_does_not_want_it_earns_no_points_and_no_stamps(self, club: Club) -> None:
        choose(club, counted=False)
        order_id = club.buy("k1", prd_bonbon=4)
        assert (club.shown().points, club.gifts()) == (0, [])
        choose(club, counted=True)
        club.give_back(order_id, {1: 1})
        assert (club.shown().points, club.gifts()) == (0, [])

    def test_what_she_has_stays_when_she_wants_no_more(self, club: Club) -> None:
        club.buy("k1", prd_bonbon=3)
        before = club.shown().points
        choose(club, counted=False)
        assert (club.shown().points, club.credit(), club.gifts()) == (before, 300, [("Bonbon card", "given")])
