"""A code that was shown before its visit began: it counts for that visit, once, and from no other place or phone.

Seen to fail on: a proof that serves two visits, one shown by another phone, one shown long before, and one shown while she was told to be in
another town (where she was last told of long before, too), and one spent on a visit that was taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.people import NewDevice
from geofences import trust
from geofences.beacons.models import CorroborationRow
from geofences.index import FenceIndex
from geofences.models import MomentRow, VisitRow
from geofences.presence.early import WAITS_S, shown_before
from geofences.revision import Revision
from geofences.revision_store import apply
from geofences.tiers import PRINTED, TILL
from geofences.track import TrackState
from geofences.transitions import Transition, TransitionKind
from geofences.visit_store import record
from tests.geofences.conftest import SHOP_ID

from .test_proving import FAR_ID, code, facts, far, level, show, visiting

__all__ = ["far"]

Make = Callable[..., NewDevice]
PLACES = {"fnc_1": SHOP_ID, "fnc_2": SHOP_ID, "fnc_far": FAR_ID}


def begins(database: Database, who: NewDevice, visit_id: str = "vis_1", fence_id: str = "fnc_1", *, doubts: tuple[str, ...] = (), device: str | None = None, also: tuple[Transition, ...] = ()) -> str:
    now_s = database.clock.now().timestamp()
    entered = Transition(TransitionKind.ENTERED, who.shopper_id, device or who.device_id, fence_id, visit_id, now_s, now_s, now_s, None, 0, 0.9, doubts, "why")
    with database.transaction() as session:
        record(session, [entered, *also], PLACES, at=database.clock.now(), shown=shown_before)
    return visit_id


class TestShownBefore:
    @pytest.mark.parametrize(("kind", "visit_level", "for_value"), [(PRINTED, "corroborated", "claimed"), (TILL, "verified", "verified")])
    def test_counts_once_the_visit_begins(
        self, database: Database, clock: ManualClock, shop: str, shopper: Make, kind: str, visit_level: str, for_value: str
    ) -> None:
        ann = shopper()
        assert show(database, ann, code(database, kind)).visit_id is None
        clock.advance(seconds=WAITS_S)
        visit_id = begins(database, ann)
        assert (level(database, visit_id), facts(database, visit_id)[0]) == (visit_level, for_value)
        with database.reading() as session:
            assert set(session.scalars(select(MomentRow.trust))) == {visit_level}

    def test_counts_for_one_visit(self, database: Database, clock: ManualClock, shop: str, shopper: Make) -> None:
        ann = shopper()
        show(database, ann, code(database, TILL))
        clock.advance(seconds=60)
        assert [level(database, begins(database, ann, f"vis_{n}", f"fnc_{n}")) for n in (1, 2)] == ["verified", "claimed"]
        begins(database, ann)  # told again
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(CorroborationRow)) == 1

    def test_waits_a_few_minutes_and_no_longer(self, database: Database, clock: ManualClock, shop: str, shopper: Make) -> None:
        ann = shopper()
        show(database, ann, code(database, TILL))
        clock.advance(seconds=WAITS_S + 1)
        assert level(database, begins(database, ann)) == "claimed"

    def test_another_phone_or_another_person_does_not_lend_it(self, database: Database, shop: str, shopper: Make) -> None:
        ann, bob = shopper(), shopper()
        show(database, ann, code(database, TILL), device="dev_borrowed")
        assert level(database, begins(database, ann)) == "claimed"
        assert level(database, begins(database, bob, "vis_2")) == "claimed"

    def test_nor_does_it_count_while_she_was_told_to_be_elsewhere(self, database: Database, clock: ManualClock, shop: str, far: str, shopper: Make) -> None:
        ann = shopper()
        visiting(database, ann, far)
        at = clock.now()
        with database.transaction() as session:
            session.execute(update(VisitRow).values(seen_at=at + timedelta(seconds=1)))
        show(database, ann, code(database, TILL))
        clock.advance(seconds=30)
        assert level(database, begins(database, ann)) == "claimed"

    def test_nor_while_she_has_not_left_there_however_long_ago_that_was_told_of(self, database: Database, clock: ManualClock, shop: str, far: str, shopper: Make) -> None:
        ann = shopper()
        visiting(database, ann, far)
        clock.advance(seconds=1_200)
        show(database, ann, code(database, TILL))
        clock.advance(seconds=30)
        assert level(database, begins(database, ann)) == "claimed"

    @pytest.mark.parametrize(("left_before_s", "visit_level"), [(1, "verified"), (-1, "claimed")])
    def test_that_she_left_there_may_be_told_with_it(
        self, database: Database, clock: ManualClock, shop: str, far: str, shopper: Make, left_before_s: int, visit_level: str
    ) -> None:
        """A phone without a network tells of both at once: what counts is where she was when she showed the code."""
        ann = shopper()
        there = visiting(database, ann, far)
        clock.advance(seconds=1_200)
        show(database, ann, code(database, TILL))
        left_s = clock.now().timestamp() - left_before_s
        left = Transition(TransitionKind.EXITED, ann.shopper_id, ann.device_id, "fnc_far", there, left_s, left_s, left_s - 1_300, left_s, 1_300, 0.9, (), "why")
        clock.advance(seconds=30)
        assert level(database, begins(database, ann, also=(left,))) == visit_level

    def test_a_made_up_position_is_never_more_than_claimed(self, database: Database, shop: str, shopper: Make) -> None:
        ann = shopper()
        show(database, ann, code(database, TILL))
        assert level(database, begins(database, ann, doubts=(trust.MOCKED,))) == "claimed"

    def test_proofs_that_undid_each_other_count_for_nothing(self, database: Database, clock: ManualClock, shop: str, far: str, shopper: Make) -> None:
        ann = shopper()
        show(database, ann, code(database, TILL))
        clock.advance(seconds=20)
        show(database, ann, code(database, TILL, far))
        assert level(database, begins(database, ann)) == "claimed"

    def test_one_spent_on_a_visit_that_is_taken_back_counts_for_the_true_one(self, database: Database, clock: ManualClock, shop: str, shopper: Make) -> None:
        ann = shopper()
        show(database, ann, code(database, TILL))
        clock.advance(seconds=60)
        assert level(database, begins(database, ann, "vis_1", "fnc_1")) == "verified"
        with database.transaction() as session:
            apply(session, [Revision(TrackState(), retracted_visits=("vis_1",))], FenceIndex(()), at=clock.now())
        assert level(database, begins(database, ann, "vis_2", "fnc_2")) == "verified"
        with database.reading() as session:
            assert list(session.scalars(select(CorroborationRow.visit_id))) == ["vis_2"]
