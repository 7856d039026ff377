"""Visits and moments as a flush writes them: numbers, what others have raised, and what is never told twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select, update

from app.kernel.db import Database
from geofences import trust
from geofences.models import MomentRow, VisitRow
from geofences.transitions import Transition, TransitionKind
from geofences.visit_store import record

PLACES = {"fen_1": "plc_1", "fen_2": "plc_2"}
START_S = 1_800_000_000.0


@dataclass(frozen=True)
class Stay:
    """Transitions of one stay, by minutes after its start."""

    visit_id: str
    fence_id: str = "fen_1"
    starts_s: float = START_S
    shopper_id: str = "shp_1"

    def transition(self, kind: TransitionKind, minutes: float, doubts: tuple[str, ...] = (), **more: Any) -> Transition:
        at_s = self.starts_s + 60 * minutes
        ended_s = at_s if kind is TransitionKind.EXITED else None
        step = int(60 * minutes)
        return Transition(kind, self.shopper_id, "dev_1", self.fence_id, self.visit_id, at_s, at_s, self.starts_s, ended_s, step, 0.9, doubts, "why", **more)

    def entered(self) -> Transition:
        return self.transition(TransitionKind.ENTERED, 0)

    def dwelled(self, minutes: float, *doubts: str) -> Transition:
        return self.transition(TransitionKind.DWELLED, minutes, doubts)

    def exited(self, minutes: float) -> Transition:
        return self.transition(TransitionKind.EXITED, minutes)


def put(database: Database, *transitions: Transition) -> int:
    with database.transaction() as session:
        return record(session, transitions, PLACES, at=database.clock.now())


def visits(database: Database) -> list[Any]:
    with database.reading() as session:
        columns = (VisitRow.id, VisitRow.nth_visit, VisitRow.dwell_s, VisitRow.trust)
        return [tuple(row) for row in session.execute(select(*columns).order_by(VisitRow.started_at, VisitRow.id))]


def moments(database: Database) -> list[Any]:
    with database.reading() as session:
        columns = (MomentRow.kind, MomentRow.dwell_s, MomentRow.trust)
        return [tuple(row) for row in session.execute(select(*columns).order_by(MomentRow.occurred_at, MomentRow.kind))]


class TestRecord:
    def test_a_whole_stay_in_one_flush_or_in_several(self, database: Database) -> None:
        one, other = Stay("vis_1"), Stay("vis_2", shopper_id="shp_2")
        assert put(database, one.entered(), one.dwelled(2), one.exited(7)) == 3
        assert [put(database, t) for t in (other.entered(), other.dwelled(2), other.exited(7))] == [1, 1, 1]
        assert visits(database) == [("vis_1", 1, 420, "claimed"), ("vis_2", 1, 420, "claimed")]

    def test_nothing_is_told_twice(self, database: Database) -> None:
        stay = Stay("vis_1")
        several = (stay.entered(), stay.dwelled(2), stay.exited(7))
        assert put(database, *several) == 3
        assert put(database, *several) == 0
        assert len(moments(database)) == 3

    def test_two_first_visits_of_one_flush_are_counted_in_order(self, database: Database) -> None:
        later, first = Stay("vis_b", starts_s=START_S + 7200), Stay("vis_a")
        put(database, later.entered(), first.entered(), first.exited(5))
        assert [(i, nth) for i, nth, *_ in visits(database)] == [("vis_a", 1), ("vis_b", 2)]
        put(database, Stay("vis_c", starts_s=START_S + 9000).entered(), Stay("vis_d", "fen_2", START_S + 9000).entered())
        assert [(i, nth) for i, nth, *_ in visits(database)][2:] == [("vis_c", 3), ("vis_d", 1)]

    def test_a_fence_that_is_gone_tells_of_nobody_new(self, database: Database) -> None:
        stay = Stay("vis_1", "fen_gone")
        assert put(database, stay.entered(), stay.exited(5)) == 0
        assert visits(database) == []

    def test_what_ended_stays_as_it_ended(self, database: Database) -> None:
        stay = Stay("vis_1")
        put(database, stay.entered(), stay.exited(7))
        put(database, replace(stay.exited(9), visit_id="vis_1"))
        assert visits(database) == [("vis_1", 1, 420, "claimed")]


class TestTrust:
    """Seen to fail with every flush writing the level that positions alone have."""

    def raised(self, database: Database) -> Stay:
        stay = Stay("vis_1")
        put(database, stay.entered())
        with database.transaction() as session:
            session.execute(update(VisitRow).values(trust="corroborated"))
        return stay

    def test_what_beacons_have_confirmed_stays_and_is_told(self, database: Database) -> None:
        put(database, self.raised(database).dwelled(2))
        assert visits(database) == [("vis_1", 1, 120, "corroborated")]
        assert moments(database) == [("store_visit", 0, "claimed"), ("dwell", 120, "corroborated")]

    def test_a_made_up_position_takes_it_away(self, database: Database) -> None:
        put(database, self.raised(database).dwelled(2, trust.MOCKED))
        assert visits(database) == [("vis_1", 1, 120, "claimed")]
        assert moments(database)[1] == ("dwell", 120, "claimed")
