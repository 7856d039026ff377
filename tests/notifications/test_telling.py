"""Several are told in one transaction: nobody twice in a turn, everybody's in their order, and few questions."""

from __future__ import annotations

from sqlalchemy import event

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.ids import derived_id
from notifications.announce import Announcer
from notifications.settings import NotificationSettings
from notifications.telling import one_each
from offers.contracts import CouponIssued
from tests.notifications.conftest import FakePlaces, Room


def announcer(room: Room) -> Announcer:
    return Announcer(settings=room.settings, channels=room.parts.channels, wake_streams=lambda _shopper_id: None, wake_dispatch=lambda: None)


class TestTurns:
    def test_nobody_twice_in_one_and_hers_in_their_order(self, room: Room) -> None:
        told = [room.coupon(who, name=f"{who}{n}") for who, n in [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("c", 1), ("b", 2)]]
        assert [[one.coupon_id for one in turn] for turn in one_each(told)] == [["cpn_a1", "cpn_b1", "cpn_c1"], ["cpn_a2", "cpn_b2"], ["cpn_a3"]]

    def test_none(self) -> None:
        assert one_each([]) == []


class TestTogether:
    def test_what_she_was_told_before_counts_also_within_one_transaction(self, database: Database, places: FakePlaces, clock: ManualClock) -> None:
        """Planted bug: what is known of her asked once for all that is announced together; three came in place of two."""
        room = Room(database, NotificationSettings(cap_messages=2), None)
        jane, joe = room.phone(push=False), room.phone(push=False)
        told = [room.coupon(who.shopper_id, name=f"{name}{n}", visit=f"vis_{name}{n}") for n in range(3) for who, name in ((jane, "jane"), (joe, "joe"))]
        with database.transaction() as session:
            announcer(room).announce(session, told, clock.now())
        states = {one.coupon_id: room.states(derived_id("msg", one.coupon_id))["inbox"] for one in told}
        sent, over = ("sent", ()), ("suppressed", ("rolling_cap_reached",))
        assert states == {f"cpn_{name}{n}": sent if n < 2 else over for name in ("jane", "joe") for n in range(3)}

    def test_ten_cost_few_statements_more_than_one(self, database: Database, places: FakePlaces, clock: ManualClock) -> None:
        """Planted bug: her consent asked for each of them."""
        room = Room(database, NotificationSettings(), None)
        phones = [room.phone() for _ in range(11)]
        told = [room.coupon(phone.shopper_id, name=f"{n}", visit=f"vis_{n}") for n, phone in enumerate(phones)]
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_more: asked.append(statement))

        def cost(some: list[CouponIssued]) -> int:
            asked.clear()
            with database.transaction() as session:
                announcer(room).announce(session, some, clock.now())
            return len(asked)

        alone = cost([told[0]])
        assert cost(told[1:]) <= alone + 9 + 3  # the turn of each is taken by itself; of one alone, what is written is written by one statement
