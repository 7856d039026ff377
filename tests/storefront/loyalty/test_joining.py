"""Who signs in brings what was counted: nothing lost, nothing doubled, and a no goes along."""

from __future__ import annotations

from datetime import timedelta

from app.kernel.clock import ManualClock
from storefront.facade import Shop
from storefront.joining import carrier
from storefront.loyalty import choosing
from tests.storefront.loyalty.club import CLUB, JANE, Club

BEFORE = "shp_unknown"


def joined(club: Club) -> None:
    shop: Shop = club.shop
    with shop.database.transaction() as session:
        carrier(shop.settings)(session, BEFORE, JANE, shop.now())
    club.weigh()


class TestHandOver:
    def test_stamps_gifts_and_points_go_along_once(self, club: Club) -> None:
        club.buy("k1", BEFORE, prd_bonbon=4)
        club.buy("k2", JANE, prd_bonbon=4)
        joined(club)
        shown = club.shown()
        card = next(card for card in shown.cards if card.id == "bonbon")
        assert (card.have, card.full, shown.points, club.credit()) == (2, 2, 36, 600)
        assert club.shown(BEFORE).points == 0
        club.buy("k3", JANE, prd_bonbon=1)
        assert club.credit() == 900

    def test_a_day_in_a_store_that_both_have_is_one(self, club: Club) -> None:
        """Planted bug: her old day takes the name of the new one although that has points already."""
        for who in (BEFORE, JANE):
            club.agree(who)
            for number, place_id in enumerate(("plc_kluuvi", "plc_kamppi")):
                club.there(f"vis_{who}_{number}", place_id, shopper_id=who)
                club.told(f"vis_{who}_{number}", who)
            club.weigh(who)
            assert club.shown(who).points == 5 + 5 + 20 + 50
        joined(club)
        assert club.shown().points == 5 + 5 + 20 + 50
        assert sorted(club.gifts()) == [("Two stores", "given"), ("Two stores", "withdrawn"), ("Visits", "given"), ("Visits", "withdrawn")]

    def test_what_has_lapsed_does_not_lapse_again(self, club: Club, clock: ManualClock) -> None:
        club.apply(CLUB.replace("  points:\n", "  points:\n    last_days: 30\n    lapse_from: 2026-12-01\n").replace("loyalty:\n", "loyalty:\n  version: 1\n"))
        club.buy("k1", BEFORE, prd_truffle=1)
        clock.advance(timedelta(days=31).total_seconds())
        club.weigh(BEFORE)
        assert club.shown(BEFORE).points == 0
        club.buy("k2", JANE, prd_truffle=1)
        joined(club)
        assert club.shown().points == 12

    def test_her_no_goes_along_and_a_yes_does_not(self, club: Club) -> None:
        with club.shop.database.transaction() as session:
            choosing.choose(session, BEFORE, counted=False, at=club.shop.now())
        club.weigh(BEFORE)
        joined(club)
        assert club.shown().counted is False
        assert club.shown(BEFORE).counted is True
