"""The way that led to a moment is judged before it is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from geofences import trust
from geofences.spoofing import privacy
from geofences.spoofing.attacks import ATTACKS
from geofences.spoofing.judging import judged
from geofences.spoofing.models import MotionPrintRow
from geofences.spoofing.motion import Motion
from geofences.track_state import Key, Sample
from geofences.transitions import Transition, TransitionKind
from tests.geofences.spoofing.walks import walk

ANN, BOB = Key("shp_ann", "dev_ann"), Key("shp_bob", "dev_bob")


def samples(way: Motion, later_s: float = 0.0) -> list[Sample]:
    rows = zip(way.at_s.tolist(), way.lat_deg.tolist(), way.lon_deg.tolist(), way.accuracy_m.tolist(), strict=True)
    return [Sample(at_s + later_s, f"{no}", lat, lon, accuracy) for no, (at_s, lat, lon, accuracy) in enumerate(rows)]


def entered(key: Key, at_s: float, kind: TransitionKind = TransitionKind.ENTERED) -> Transition:
    return Transition(
        kind=kind, shopper_id=key.shopper_id, device_id=key.device_id, fence_id="fnc", visit_id=f"vis_{key.device_id}",
        at_s=at_s, started_s=at_s, decided_s=at_s, dwell_s=0, ended_s=None, confidence=0.9, doubts=(), why="inside",
    )  # fmt: skip


def told(
    session: Session, key: Key, fixes: Sequence[Sample], kind: TransitionKind = TransitionKind.ENTERED
) -> tuple[str, ...]:
    """The doubts of the moment that these fixes led to."""
    until_s = fixes[-1].at_s
    found = judged(
        session,
        [entered(key, until_s, kind)],
        lambda whose, since_s, most: [s for s in fixes if whose == key and s.at_s >= since_s][-most:],
    )
    return found[0].doubts


class TestJudged:
    def test_an_honest_way_keeps_its_prints_and_has_no_doubt(self, database: Database) -> None:
        with database.transaction() as session:
            assert told(session, ANN, samples(walk(1))) == ()
            rows = session.scalars(select(MotionPrintRow)).all()
            assert len(rows) > 5
            assert {(row.shopper_id, row.device_id) for row in rows} == {ANN}

    @pytest.mark.parametrize("later_s", [0.0, 86_400.0])
    def test_her_way_told_by_another_is_a_replay(self, database: Database, later_s: float) -> None:
        """Seen to fail when prints were looked for among the device's own alone."""
        with database.transaction() as session:
            told(session, ANN, samples(walk(1)))
            assert told(session, BOB, samples(walk(1), later_s)) == (trust.REPLAYED,)
            assert told(session, BOB, samples(walk(2), later_s)) == ()

    def test_her_own_way_told_for_another_day_is_one_and_sent_again_is_none(self, database: Database) -> None:
        with database.transaction() as session:
            told(session, ANN, samples(walk(1)))
            assert told(session, ANN, samples(walk(1)), TransitionKind.DWELLED) == ()
            assert told(session, replace_device(ANN), samples(walk(1))) == ()
            assert told(session, ANN, samples(walk(1), 7 * 86_400.0)) == (trust.REPLAYED,)

    def test_what_is_made_up_is_doubted_when_she_dwells_too(self, database: Database) -> None:
        made = ATTACKS["noisy_line"](walk(3), np.random.default_rng(1))
        with database.transaction() as session:
            for kind in (TransitionKind.ENTERED, TransitionKind.DWELLED):
                assert trust.SYNTHETIC in told(session, ANN, samples(made), kind)

    def test_leaving_and_little_known_are_let_be(self, database: Database) -> None:
        made = ATTACKS["noisy_line"](walk(3), np.random.default_rng(1))
        with database.transaction() as session:
            assert told(session, ANN, samples(made), TransitionKind.EXITED) == ()
            assert told(session, ANN, samples(made)[:12]) == ()
            assert session.scalars(select(MotionPrintRow)).all() == []


def replace_device(key: Key) -> Key:
    return Key(key.shopper_id, "dev_other")


class TestPrivacy:
    def test_prints_are_counted_out_and_go(self, database: Database) -> None:
        with database.transaction() as session:
            told(session, ANN, samples(walk(1)))
            given = privacy.export(session, ANN.shopper_id)["prints_of_ways"]
            assert given["count"] > 5
            assert given["first_at"] < given["last_at"]
            assert privacy.erase(session, BOB.shopper_id) == 0
            assert privacy.erase(session, ANN.shopper_id) == given["count"]
            assert privacy.erase(session, ANN.shopper_id) == 0
