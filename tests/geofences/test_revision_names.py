"""Under which id a visit goes on whose start has moved."""

from __future__ import annotations

from app.kernel.clock import from_epoch_s
from app.kernel.db import Database
from geofences.models import VisitRow
from geofences.revision import Revision
from geofences.revision_names import Names
from geofences.track import TrackState
from geofences.transitions import Presence, Transition, TransitionKind, visit_id

START = 1_800_000_000.0


def entered(at_s: float, fence_id: str = "fen_1") -> Transition:
    return Transition(
        TransitionKind.ENTERED, "shp_1", "dev_1", fence_id, visit_id("shp_1", fence_id, at_s), at_s, at_s, at_s, None, 0, 0.9, (), "inside"
    )  # fmt: skip


def left(at_s: float, end_s: float) -> Transition:
    return Transition(
        TransitionKind.EXITED, "shp_1", "dev_1", "fen_1", visit_id("shp_1", "fen_1", at_s), end_s, end_s, at_s, end_s, 9, 0.9, (), "left"
    )  # fmt: skip


def put(database: Database, row_id: str, start_s: float, end_s: float | None) -> None:
    with database.transaction() as session:
        session.add(
            VisitRow(
                id=row_id, shopper_id="shp_1", device_id="dev_1", place_id="plc_1", fence_id="fen_1", nth_visit=1, dwell_s=0,
                started_at=from_epoch_s(start_s), ended_at=from_epoch_s(end_s) if end_s is not None else None,
                seen_at=from_epoch_s(start_s), confidence=0.9, trust="claimed", doubts=[],
            )
        )  # fmt: skip


class TestNames:
    def test_one_that_takes_the_time_of_one_that_is_gone_goes_on_as_it(self, database: Database) -> None:
        old, new = entered(START), entered(START - 60)
        put(database, old.visit_id, START, None)
        state = TrackState(
            presences={"fen_1": Presence("fen_1", True, START - 60, START - 60, START, START, 1, 1, False)}
        )
        revision = Revision(state, told=(new,), retracted=(old,), retracted_visits=(old.visit_id,))
        with database.reading() as session:
            names = Names.of(session, [revision])
        assert names.name(new.visit_id) == old.visit_id
        assert names.named(new).visit_id == old.visit_id
        assert names.gone([old.visit_id]) == []
        names.tell([revision])
        assert state.presences["fen_1"].told_as == old.visit_id

    def test_found_by_its_start_the_next_time(self, database: Database) -> None:
        put(database, "vis_first_told", START - 60, None)
        with database.reading() as session:
            names = Names.of(session, [Revision(TrackState(), told=(left(START - 60, START + 60),))])
        assert names.name(visit_id("shp_1", "fen_1", START - 60)) == "vis_first_told"

    def test_another_time_or_another_fence_is_another_visit(self, database: Database) -> None:
        old = entered(START)
        put(database, old.visit_id, START, START + 600)
        for new in (entered(START + 900), entered(START - 60, "fen_2")):
            revision = Revision(TrackState(), told=(new,), retracted=(old,), retracted_visits=(old.visit_id,))
            with database.reading() as session:
                names = Names.of(session, [revision])
            assert names.name(new.visit_id) == new.visit_id
            assert names.gone([old.visit_id]) == [old.visit_id]

    def test_two_do_not_go_on_as_one(self, database: Database) -> None:
        old = entered(START)
        put(database, old.visit_id, START, START + 600)
        one, two = entered(START - 60), entered(START + 300)
        told = (one, left(START - 60, START + 100), two)
        with database.reading() as session:
            names = Names.of(session, [Revision(TrackState(), told, (old,), (), (old.visit_id,))])
        assert (names.name(one.visit_id), names.name(two.visit_id)) == (old.visit_id, two.visit_id)
