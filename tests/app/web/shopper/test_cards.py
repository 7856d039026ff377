"""A coupon's words on the phone: whose shop, until when, how long still, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.web.shopper.cards import card, cards, left_text, place_text, usable
from geofences.contracts import Place
from offers.contracts import CouponState, CouponView

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 14:00 in Helsinki


def place(place_id: str, name: str) -> Place:
    return Place(place_id, name, "store", None, "Europe/Helsinki", (), 60.1, 24.9)


PLACES = {p.id: p for p in (place("a", "Ooey Gooey Asema"), place("b", "Ooey Gooey Kluuvi"), place("c", "Höyry Tea Room"))}
COUPON = CouponView("cpn_1", "AAAA", CouponState.ISSUED, "cam", "dec", "mom", "shp", ("a",), "T", "25 % off", "", NOW, NOW + timedelta(hours=4), None, None, None)


class TestLeftText:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(190_800, "2 d 5 h left"), (86_400, "1 d 0 h left"), (14_399, "3 h 59 min left"), (3600, "1 h 00 min left"), (3599, "59 min left"), (60, "1 min left"), (59.9, "59 s left"), (0, "This offer has ended."), (-5, "This offer has ended.")],
    )
    def test_largest_two_units(self, seconds: float, text: str) -> None:
        assert left_text(seconds) == text


class TestPlaceText:
    @pytest.mark.parametrize(
        ("ids", "text"),
        [(("a",), "Ooey Gooey Asema"), (("a", "b"), "Ooey Gooey, 2 shops"), (("a", "c"), "2 shops"), ((), "Anywhere with us"), (("gone",), "A shop of ours"), (("a", "gone"), "Ooey Gooey Asema")],
    )
    def test_one_chain_or_many(self, ids: tuple[str, ...], text: str) -> None:
        assert place_text(ids, PLACES) == text


class TestCard:
    def test_times_are_the_shops(self) -> None:
        made = card(COUPON, PLACES, NOW)
        assert (made.expires, made.left, made.ended) == ("until 18:00", "4 h 00 min left", "")

    def test_across_midnight(self) -> None:
        assert card(replace(COUPON, expires_at=NOW + timedelta(hours=11)), PLACES, NOW).expires == "until tomorrow 01:00"

    def test_far_away(self) -> None:
        assert card(replace(COUPON, expires_at=NOW + timedelta(days=3)), PLACES, NOW).expires == "until 24 November, 14:00"

    def test_used_says_where_and_when(self) -> None:
        used = replace(COUPON, state=CouponState.REDEEMED, redeemed_at=NOW, redeemed_place_id="b")
        assert card(used, PLACES, NOW).ended == "Used 14:00 in Ooey Gooey Kluuvi"

    def test_used_online(self) -> None:
        assert card(replace(COUPON, state=CouponState.REDEEMED, redeemed_at=NOW, order_id="ord"), PLACES, NOW).ended == "Used 14:00 in an order"

    @pytest.mark.parametrize(("state", "text"), [(CouponState.RESERVED, "Part of an order that is being paid"), (CouponState.EXPIRED, "Ended 18:00"), (CouponState.REVOKED, "Taken back by the shop")])
    def test_the_other_ends(self, state: CouponState, text: str) -> None:
        assert card(replace(COUPON, state=state), PLACES, NOW).ended == text


class TestUsable:
    def test_issued_and_before_its_end(self) -> None:
        assert usable(COUPON, NOW)
        assert not usable(COUPON, COUPON.expires_at)
        assert not usable(replace(COUPON, state=CouponState.RESERVED), NOW)


class TestCards:
    def test_of_a_book_the_next_coupon_stands_for_all_that_are_free(self) -> None:
        book = [replace(COUPON, id=f"cpn_{n}", number=n) for n in (1, 2, 3)]
        used = replace(book[0], state=CouponState.REDEEMED, redeemed_at=NOW)
        other = replace(COUPON, id="cpn_x", decision_id="dec_x")
        made = cards([other, *reversed(book[1:]), used], PLACES, NOW, frozenset({"cpn_3"}))
        assert [(c.coupon.id, c.uses_left, c.is_new) for c in made] == [("cpn_x", 1, False), ("cpn_2", 2, True), ("cpn_1", 1, False)]
