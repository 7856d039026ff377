"""Gifts once, exact under returns and races; tiers and their benefits; points for money; the same standing whatever the order of the news."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from app.kernel.clock import ManualClock
from app.privacy.purposes import Purpose
from offers import tiers
from storefront.checkout import quote
from storefront.errors import PointsNotExchanged, PointsTooFew
from storefront.jobs import weigh_loyalty
from storefront.loyalty import counting, holding, weighing
from storefront.orders.models import OrderRow
from tests.offers.builders import race
from tests.storefront.floor import fill
from tests.storefront.loyalty.club import CLUB, JANE, Club

LAPSING = CLUB.replace("  points:\n", "  points:\n    last_days: 30\n    lapse_from: 2026-12-01\n")


class TestGifts:
    def test_a_full_card_is_given_for_once(self, club: Club) -> None:
        club.buy("k1", prd_bonbon=4)
        club.weigh()
        card = next(card for card in club.shown().cards if card.id == "bonbon")
        assert (club.gifts(), club.credit(), card.have, card.full) == ([("Bonbon card", "given")], 300, 1, 1)
        assert club.events() == ["loyalty.gift_given", "loyalty.tier_moved"]

    def test_what_goes_back_takes_its_stamp_and_the_gift_with_it_and_both_come_again(self, club: Club) -> None:
        order_id = club.buy("k1", prd_bonbon=3)
        club.give_back(order_id, {1: 1})
        card = next(card for card in club.shown().cards if card.id == "bonbon")
        assert (club.gifts(), club.credit(), card.have) == ([("Bonbon card", "withdrawn")], 0, 2)
        club.buy("k2", prd_bonbon=1)
        assert (club.gifts(), club.credit()) == ([("Bonbon card", "given")], 300)

    def test_a_gift_that_is_spent_is_not_asked_back_but_its_stamp_is_missing(self, club: Club) -> None:
        """Planted bug: the gift is withdrawn although the money is gone."""
        order_id = club.buy("k1", prd_bonbon=3)
        with club.shop.database.transaction() as session:
            from storefront.balance import books

            assert books.hold(session, "ord_other", JANE, 200, "EUR", at=club.shop.now())
        club.give_back(order_id, {1: 2})
        card = next(card for card in club.shown().cards if card.id == "bonbon")
        assert (club.gifts(), club.credit(), card.have) == ([("Bonbon card", "kept")], 100, -2)
        club.buy("k2", prd_bonbon=4)
        assert (club.gifts(), club.credit()) == ([("Bonbon card", "kept")], 100)
        club.buy("k3", prd_bonbon=1)
        assert (sorted(club.gifts()), club.credit()) == ([("Bonbon card", "given"), ("Bonbon card", "kept")], 400)

    def test_of_many_who_weigh_at_once_one_gives(self, club: Club) -> None:
        """Planted bug: nobody holds her standing, and a gift is booked whether or not its row was written by this call."""
        club.agree()
        club.weigh()  # her standing is there already: making it would let only one in
        with club.shop.database.transaction() as session:
            sold = counting.Sold("ord_1", JANE, None, "EUR", club.shop.now())
            counting.bought(session, sold, [counting.Kept(1, "prd_bonbon", 7, 3150)], first=True, at=club.shop.now())
        for visit_id, place_id in (("vis_1", "plc_kluuvi"), ("vis_2", "plc_kamppi")):
            club.there(visit_id, place_id)
            club.told(visit_id)
        race([club.weigh] * 6)
        shown = club.shown()
        assert (club.credit(), shown.points) == (600, 5 + 5 + 20 + 50)
        assert sorted(club.gifts()) == [("Bonbon card", "given"), ("Bonbon card", "given"), ("Two stores", "given"), ("Visits", "given")]

    def test_the_same_standing_whatever_the_order_of_the_news_and_however_often(self, club: Club) -> None:
        """Orders that shrink, visits that are told, taken back and told again, in any order and with weighing in between, against all told once and weighed at the end.

        Planted bug: nothing is taken back (`dues.back` not looked at).
        """
        rng = random.Random(20261123)
        for case in range(4):
            ends = []
            orders = {f"{n}": sorted((rng.randint(0, 5) for _ in range(rng.randint(1, 3))), reverse=True) for n in range(5)}
            visits = {f"{n}": (rng.choice(("plc_kluuvi", "plc_kamppi")), club.shop.now() - timedelta(days=rng.randint(0, 9)), rng.random() < 0.7) for n in range(8)}
            for way in ("straight", "shuffled"):
                who = f"shp_{case}_{way}"
                club.agree(who)
                _tell(club, who, orders, visits, rng if way == "shuffled" else None)
                shown = club.shown(who)
                ends.append((shown.points, club.credit(who), shown.tier, sorted((g.title, g.text) for g in shown.gifts if g.state == "given"), [(c.have, c.full) for c in shown.cards], shown.challenges))
            assert ends[0] == ends[1]


def _tell(club: Club, who: str, orders: dict[str, list[int]], visits: dict[str, tuple[str, object, bool]], rng: random.Random | None) -> None:
    left = {key: list(pieces) for key, pieces in orders.items()}
    news: list[tuple[str, str]] = [("order", key) for key, pieces in orders.items() for _ in pieces] + [("visit", key) for key in visits]
    if rng is not None:
        news += [one for one in news if one[0] == "visit" and rng.random() < 0.7]
        rng.shuffle(news)
        for key in visits:  # known at first, whatever comes of it
            club.there(f"vis_{who}_{key}", visits[key][0], visits[key][1], shopper_id=who)  # type: ignore[arg-type]
    half = len(news) // 2
    for number, (kind, key) in enumerate(news + [one for one in news if one[0] == "visit"]):
        if rng is None or number >= half:
            _settle_truth(club, who, visits)
        if kind == "visit":
            club.told(f"vis_{who}_{key}", who)
        else:
            first, pieces = left[key] == orders[key], left[key].pop(0)
            sold = counting.Sold(f"ord_{who}_{key}", who, None, "EUR", club.shop.now())
            with club.shop.database.transaction() as session:
                counting.bought(session, sold, [counting.Kept(1, "prd_bonbon", pieces, pieces * 450)] if pieces or first else [], first=first, at=club.shop.now())
        if rng is not None and rng.random() < 0.4:
            club.weigh(who)
    club.weigh(who)


def _settle_truth(club: Club, who: str, visits: dict[str, tuple[str, object, bool]]) -> None:
    for key, (place_id, at, stands) in visits.items():
        if stands:
            club.there(f"vis_{who}_{key}", place_id, at, shopper_id=who)  # type: ignore[arg-type]
        else:
            club.visits.pop(f"vis_{who}_{key}", None)


class TestTiers:
    def test_reached_shown_and_gone_with_time_alone(self, club: Club, clock: ManualClock) -> None:
        club.buy("k1", prd_truffle=1)
        tier = club.shown().tier
        assert tier is not None
        assert (tier.name, tier.total, tier.upper_name, tier.missing, tier.benefits) == ("Silver", 1299, "Gold", 3701, ("2 times the points", "free delivery"))
        assert tier.kept_until == "2026-12-30"
        clock.advance(40 * 86_400)
        assert weigh_loyalty(club.shop) == 1
        assert weigh_loyalty(club.shop) == 0
        assert club.shown().tier is not None
        assert club.shown().tier.name is None  # type: ignore[union-attr]
        assert club.events() == ["loyalty.tier_moved", "loyalty.tier_moved"]

    def test_audiences_are_told_of_whoever_agreed_and_no_longer_than_it_lasts(self, club: Club, clock: ManualClock) -> None:
        """Planted bug: told whether she agreed or not."""

        def told() -> dict[str, int]:
            with club.shop.database.reading() as session:
                return tiers.tiers_of(session, club.shop.now())

        club.buy("k1", prd_truffle=1)
        assert told() == {}
        club.agree(purpose=Purpose.PERSONALISATION)
        club.weigh()
        assert told() == {JANE: 1}
        club.buy("k2", prd_truffle=4)
        assert told() == {JANE: 2}
        clock.advance(41 * 86_400)
        assert told() == {}

    def test_of_somebody_who_was_erased_since_nothing_is_written(self, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bug: whoever waited is weighed without being looked for again."""
        club.buy("k1", prd_truffle=1)
        monkeypatch.setattr(weighing, "due", lambda *_: [JANE])
        with club.shop.database.transaction() as session:
            holding.forget(session, JANE)
        assert weigh_loyalty(club.shop) == 1
        with club.shop.database.reading() as session:
            assert holding.export(session, JANE) == {}

    def test_what_goes_back_was_never_spent(self, club: Club) -> None:
        order_id = club.buy("k1", prd_truffle=1)
        club.give_back(order_id, {1: 1})
        assert club.shown().tier is not None
        assert club.shown().tier.name is None  # type: ignore[union-attr]

    def test_it_multiplies_the_points_of_later_orders_and_brings_them_free(self, club: Club) -> None:
        club.buy("k1", prd_truffle=1)
        assert club.shown().points == 12
        fill(club.shop, prd_truffle=1)
        with club.shop.database.transaction() as session:
            ways = {way.id: way.price_minor for way in quote(session, club.shop, JANE, place_id=None, at=club.shop.now(), seen=True).delivery}
        assert ways == {"pickup": 0, "home": 0}
        order_id = club.buy("k2")
        with club.shop.database.reading() as session:
            assert session.get_one(OrderRow, order_id).points_bp == 20_000
        assert club.shown().points == 12 + 24


class TestExchange:
    def exchanged(self, club: Club, times: int = 1, cause: str = "exc_1") -> int:
        with club.shop.database.transaction() as session:
            return weighing.exchange(session, JANE, times, cause=cause, at=club.shop.now())

    def test_points_for_money(self, club: Club) -> None:
        club.buy("k1", prd_truffle=2)
        assert (club.shown().points, self.exchanged(club, 2)) == (25, 200)
        assert (club.shown().points, club.credit()) == (5, 200)
        with pytest.raises(PointsTooFew):
            self.exchanged(club)
        assert (club.shown().points, club.credit()) == (5, 200)

    def test_of_many_at_once_as_many_as_there_are_points(self, club: Club) -> None:
        """Planted bug: points are taken without the condition that there are enough."""
        club.buy("k1", prd_truffle=2)

        def one(number: int) -> bool:
            try:
                return bool(self.exchanged(club, cause=f"exc_{number}"))
            except PointsTooFew:
                return False

        assert sum(race([lambda n=n: one(n) for n in range(5)])) == 2
        assert (club.shown().points, club.credit()) == (5, 200)

    def test_not_where_the_programme_does_not(self, club: Club) -> None:
        text = CLUB.replace("    exchange: {points: 10, credit_minor: 100, currency: EUR}\n", "").replace("loyalty:\n", "loyalty:\n  version: 1\n")
        club.apply(text)
        with pytest.raises(PointsNotExchanged):
            self.exchanged(club)

    def test_points_lapse_when_their_time_is_over_the_spent_ones_first(self, club: Club, clock: ManualClock) -> None:
        club.apply(LAPSING.replace("loyalty:\n", "loyalty:\n  version: 1\n"))
        club.buy("k1", prd_truffle=2)
        self.exchanged(club)
        shown = club.shown()
        assert (shown.lapsing, shown.lapses_at) == (15, clock.now() + timedelta(days=30))
        clock.advance(30 * 86_400)
        assert weigh_loyalty(club.shop) == 1
        assert club.shown().points == 0
        with pytest.raises(PointsTooFew):
            self.exchanged(club, cause="exc_2")
