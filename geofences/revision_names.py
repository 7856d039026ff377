"""What visits are called once late fixes have moved their start.

Owns the names. An id follows from the start, but what was told under an id goes on under it: nobody is welcomed twice because she
came a minute earlier. A visit that was told and is gone, and one of the same fence that takes its time, are one: the second is
*adopted* under the id of the first. Reads visits and moments; must not write.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.clock import from_epoch_s
from geofences.contracts import MomentKind
from geofences.models import MomentRow, VisitRow
from geofences.revision import Revision, name
from geofences.transitions import Transition, TransitionKind

Told = tuple[str, str, int]
"""A moment by its visit, its kind and its step of the ladder."""


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    fence_id: str
    started_s: float
    ended_s: float


@dataclass(slots=True)
class Names:
    """`known`: what a visit is called in the tables, by the id that follows from its start. `adopted`: rows whose start is to be moved."""

    known: dict[str, str]
    starts: dict[str, tuple[str, float]]
    adopted: set[str]

    @classmethod
    def of(cls, session: Session, revisions: Sequence[Revision]) -> Names:
        several = [t for r in revisions for t in (*r.told, *r.retracted) if t.visit_id]
        starts = {t.visit_id: (t.fence_id, t.started_s) for t in several}
        starts |= {v.id: (v.fence_id, v.started_s) for r in revisions for v in r.visits}
        who = {t.visit_id: t.shopper_id for t in several} | {v.id: v.shopper_id for r in revisions for v in r.visits}
        if not starts:
            return cls({}, {}, set())
        by_start = _rows(session, set(who.values()), [s for _, s in starts.values()])
        rows = {i: by_start.get((who[i], fence_id, round(s * 1000))) for i, (fence_id, s) in starts.items()}
        names = cls({i: row.id for i, row in rows.items() if row is not None}, starts, set())
        for revision in revisions:
            names._adopt(revision, {i: row for i, row in rows.items() if row is not None})
        return names

    def _adopt(self, revision: Revision, rows: dict[str, _Row]) -> None:
        ends = {t.visit_id: t.ended_s for t in revision.told if t.ended_s is not None}
        gone = [rows[i] for i in revision.retracted_visits if i in rows]
        for t in revision.told:
            if t.kind is not TransitionKind.ENTERED or t.visit_id in self.known:
                continue
            end_s = ends.get(t.visit_id, inf)
            for row in gone:
                if row.fence_id == t.fence_id and t.started_s <= row.ended_s and row.started_s <= end_s:
                    self.known[t.visit_id] = row.id
                    self.adopted.add(row.id)
                    gone.remove(row)
                    break

    def name(self, visit_id: str) -> str:
        return self.known.get(visit_id, visit_id)

    def named(self, t: Transition) -> Transition:
        return replace(t, visit_id=self.name(t.visit_id), parent_id=self.name(t.parent_id))

    def gone(self, visit_ids: Sequence[str]) -> list[str]:
        """Rows of retracted visits that no other visit goes on as."""
        return [row_id for row_id in map(self.name, visit_ids) if row_id not in self.adopted]

    def tell(self, revisions: Sequence[Revision]) -> None:
        """What the tracks remember goes by these names too."""
        for visit_id, told_as in self.known.items():
            if visit_id != told_as:
                for revision in revisions:
                    name(revision.state, *self.starts[visit_id], told_as)


def _rows(session: Session, shoppers: Collection[str], starts: Sequence[float]) -> dict[tuple[str, str, int], _Row]:
    """By shopper, fence and start in milliseconds."""
    found = session.execute(
        select(VisitRow.id, VisitRow.shopper_id, VisitRow.fence_id, VisitRow.started_at, VisitRow.ended_at).where(
            VisitRow.shopper_id.in_(listed(session, shoppers)),
            VisitRow.started_at >= from_epoch_s(min(starts) - 1),
            VisitRow.started_at <= from_epoch_s(max(starts) + 1),
        )
    )
    out: dict[tuple[str, str, int], _Row] = {}
    for row_id, shopper_id, fence_id, started_at, ended_at in found:
        started_s, ended_s = started_at.timestamp(), ended_at.timestamp() if ended_at is not None else inf
        out[shopper_id, fence_id, round(started_s * 1000)] = _Row(row_id, fence_id, started_s, ended_s)
    return out


def what(t: Transition) -> Told:
    """The moment a transition is; a return is no transition's."""
    if t.kind is TransitionKind.ENTERED:
        return t.visit_id, MomentKind.STORE_VISIT.value, 0
    if t.kind is TransitionKind.DWELLED:
        return t.visit_id, MomentKind.DWELL.value, t.dwell_s
    return t.visit_id, MomentKind.LEFT.value if t.kind is TransitionKind.EXITED else t.kind.value, 0


def told_of(session: Session, visit_ids: Collection[str]) -> dict[Told, str]:
    """The moments of these visits that stand, with their ids."""
    if not visit_ids:
        return {}
    found = select(MomentRow.id, MomentRow.visit_id, MomentRow.kind, MomentRow.dwell_s).where(
        MomentRow.visit_id.in_(listed(session, visit_ids))
    )
    return {
        (visit, kind, step if kind == MomentKind.DWELL.value else 0): i
        for i, visit, kind, step in session.execute(found)
    }
