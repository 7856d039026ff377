"""Late truth, written down: what a revision changes in visits and moments, and the events that say so.

Owns these statements; each takes the flush's session. Doing the same again changes nothing. Must not decide what is true:
`geofences.revision` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.clock import from_epoch_s
from app.kernel.db import prepared
from app.kernel.outbox import emit
from geofences import trust
from geofences.beacons.models import CorroborationRow
from geofences.contracts import MomentKind, MomentRetracted, TrustLevel
from geofences.index import FenceIndex
from geofences.models import MomentRetractedRow, MomentRow, VisitRow
from geofences.moments import Moment, moment_id, moments_of
from geofences.presence.early import shown_before
from geofences.revision import Case, History, Revision, revise_many
from geofences.revision_names import Names, Told, told_of, what
from geofences.track import Key, Sample, TrackRules, TrackState
from geofences.transitions import Transition, TransitionKind
from geofences.visit_store import HEARD_BY_BEACONS, move_left, record, record_moments
from geofences.visits import Visit, fold

_QUIETLY = {"synchronize_session": False}
Judge = Callable[[Sequence[Transition]], list[Transition]]


@dataclass(frozen=True, slots=True)
class Corrected:
    """`state` is the one to go on with, `wake_s` (event time) when to look at it again; `dropped` late fixes could not be used."""

    state: TrackState
    wake_s: float | None
    dropped: int = 0


def revise_keys(
    session: Session,
    cases: Sequence[tuple[Key, TrackState, Sequence[Sample], History]],
    *,
    watermark_s: float,
    fences: FenceIndex,
    rules: TrackRules,
    at: datetime,
    judge: Judge | None = None,
) -> list[Corrected]:
    """Work late fixes into tracks, each (key, state, late fixes, history), which have been advanced to `watermark_s` and whose
    transitions have been recorded; each key once.

    Late fixes must not have been taken in before; `history` (of that track; since_s -> samples or None) must reach back
    `rules.history_s`; `judge` adds the doubts of the ways to what is told. Visits and moments are corrected in the session, with an event for each moment told or taken back.
    """
    told = _told(session, {key for key, *_ in cases}, watermark_s - rules.history_s, rules)
    revisions = revise_many(
        [Case(key, state, late, history, lambda key=key: told.get(key, ())) for key, state, late, history in cases],
        watermark_s=watermark_s,
        fences=fences,
        rules=rules,
    )
    apply(session, revisions, fences, at=at, judge=judge)
    return [Corrected(r.state, r.wake_s, r.dropped) for r in revisions]


def revise_key(
    session: Session,
    key: Key,
    state: TrackState,
    late: Iterable[Sample],
    history: History,
    *,
    watermark_s: float,
    fences: FenceIndex,
    rules: TrackRules,
    at: datetime,
) -> Corrected:
    """`revise_keys` for one track."""
    case = (key, state, list(late), history)
    return revise_keys(session, [case], watermark_s=watermark_s, fences=fences, rules=rules, at=at)[0]


def _told(
    session: Session, keys: Collection[Key], since_s: float, rules: TrackRules
) -> dict[Key, list[tuple[float, float]]]:
    """Starts and newest decisions (seconds) of the devices' visits that may reach beyond `since_s`."""
    since = from_epoch_s(max(0.0, since_s))
    found = select(
        VisitRow.shopper_id, VisitRow.device_id, VisitRow.started_at, VisitRow.ended_at, VisitRow.decided_at
    ).where(
        VisitRow.shopper_id.in_(listed(session, {key.shopper_id for key in keys})),
        VisitRow.fence_id.not_like(HEARD_BY_BEACONS),
        or_(VisitRow.ended_at.is_(None), VisitRow.ended_at >= since, VisitRow.decided_at >= since),
    )
    out: dict[Key, list[tuple[float, float]]] = {}
    for shopper_id, device_id, started_at, ended_at, decided_at in session.execute(found):
        of_device = out.setdefault(Key(shopper_id, device_id), [])
        if ended_at is None:
            of_device.append((started_at.timestamp(), float("inf")))
        else:  # without a time of decision, the latest there may have been
            decided = decided_at or ended_at + timedelta(seconds=rules.presence.longest_s)
            of_device.append((started_at.timestamp(), decided.timestamp()))
    return out


def apply(
    session: Session, revisions: Sequence[Revision], fences: FenceIndex, *, at: datetime, judge: Judge | None = None
) -> tuple[int, int]:
    """Write what revisions say; returns how many moments were told and how many retracted."""
    if not any(r.changes for r in revisions):
        return 0, 0
    names = Names.of(session, revisions)
    told_now = [names.named(t) for r in revisions for t in r.told]
    if judge is not None:
        told_now = judge(told_now)
    not_so = [names.named(t) for r in revisions for t in r.retracted]
    places = {t.fence_id: fence.place_id for t in told_now if (fence := fences.get(t.fence_id)) is not None}
    changed = _Changed()
    standing = told_of(session, {t.visit_id for t in (*told_now, *not_so) if t.visit_id})
    retracted = _retract_moments(session, _untrue(standing, names, told_now, not_so), at)
    _retract_visits(session, names.gone([i for r in revisions for i in r.retracted_visits]), changed)
    kept = {of: i for of, i in standing.items() if of[0] in names.adopted}
    _move_adopted(session, [t for t in told_now if t.visit_id in names.adopted], kept, changed)
    told = record(session, [t for t in told_now if what(t) not in kept], places, at=at, shown=shown_before) if told_now else 0
    for t in told_now:
        if t.fence_id in places and t.kind is TransitionKind.ENTERED:
            changed.note(t.shopper_id, places[t.fence_id], from_epoch_s(t.started_s))
    for visit in (v for r in revisions for v in r.visits):
        _correct_visit(session, replace(visit, id=names.name(visit.id), parent_id=names.name(visit.parent_id)))
    for shopper_id, place_id, since in changed.all():
        more, fewer = _number_anew(session, shopper_id, place_id, since, at)
        told, retracted = told + more, retracted + fewer
    _forget_retractions(session, _ids_of(told_now))
    names.tell(revisions)
    return told, retracted


def _untrue(
    standing: Mapping[Told, str], names: Names, told: Sequence[Transition], not_so: Sequence[Transition]
) -> list[str]:
    """Ids of the moments that stand and are not so: what is retracted, all of visits that never were, what adopted ones have not."""
    gone = {what(t) for t in not_so if t.visit_id not in names.adopted}
    never = {visit_id for visit_id, kind, _ in gone if kind == MomentKind.STORE_VISIT.value}
    true = {what(t) for t in told}
    ids = {i for of, i in standing.items() if of in gone or of[0] in never}
    returns = MomentKind.RETURN_VISIT.value
    ids |= {i for of, i in standing.items() if of[0] in names.adopted and of not in true and of[1] != returns}
    ids |= {m.id for t in not_so if not t.visit_id for m in moments_of(t, place_id="", nth_visit=0)}
    return sorted(ids)


def _move_adopted(session: Session, told: Sequence[Transition], kept: Mapping[Told, str], changed: _Changed) -> None:
    """Visits that began at another time than was told, and the moments of theirs that stand."""
    for t in told:
        if (moment := kept.get(what(t))) is not None:
            moved_to = {"occurred_at": from_epoch_s(t.at_s), "dwell_s": t.dwell_s}
            session.execute(
                update(MomentRow).where(MomentRow.id == moment).values(**moved_to).execution_options(**_QUIETLY)
            )
        if t.kind is not TransitionKind.ENTERED:
            continue
        if (again := kept.get((t.visit_id, MomentKind.RETURN_VISIT.value, 0))) is not None:
            session.execute(
                update(MomentRow)
                .where(MomentRow.id == again)
                .values(occurred_at=from_epoch_s(t.at_s))
                .execution_options(**_QUIETLY)
            )
        row = session.execute(
            select(VisitRow.shopper_id, VisitRow.place_id, VisitRow.started_at).where(VisitRow.id == t.visit_id)
        ).one()
        changed.note(row.shopper_id, row.place_id, row.started_at)
        visit = fold({}, [o for o in told if o.visit_id == t.visit_id])[t.visit_id]
        session.execute(
            update(VisitRow)
            .where(VisitRow.id == t.visit_id)
            .values(started_at=from_epoch_s(t.started_s))
            .execution_options(**_QUIETLY)
        )
        _correct_visit(session, visit)


class _Changed:
    """Where visits have come or gone, and since when visits may have another number."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], datetime] = {}

    def note(self, shopper_id: str, place_id: str, started_at: datetime) -> None:
        here = (shopper_id, place_id)
        self._since[here] = min(started_at, self._since.get(here, started_at))

    def all(self) -> list[tuple[str, str, datetime]]:
        return sorted((*here, since) for here, since in self._since.items())


def _ids_of(transitions: Iterable[Transition]) -> list[str]:
    """Of every moment the transitions may have yielded, whatever the number of the visit."""
    return [m.id for t in transitions for m in moments_of(t, place_id="", nth_visit=2)]


def _retract_moments(session: Session, ids: Sequence[str], at: datetime) -> int:
    """Those that were told go to where retracted ones are kept, with an event each."""
    if not ids:
        return 0
    rows = session.scalars(select(MomentRow).where(MomentRow.id.in_(listed(session, ids)))).all()
    for m in sorted(rows, key=lambda m: (m.occurred_at, m.id)):
        event = MomentRetracted(
            moment_id=m.id,
            visit_id=m.visit_id,
            shopper_id=m.shopper_id,
            place_id=m.place_id,
            occurred_at=m.occurred_at,
        )
        emit(session, event, subject=m.shopper_id)
    kept = [(m.id, m.kind, m.shopper_id, m.place_id, m.visit_id, m.occurred_at, m.detected_at, at) for m in rows]
    for m in rows:
        session.expunge(m)
    gone = [row[0] for row in kept]
    _forget_retractions(session, gone)
    insert_many(session, MomentRetractedRow, _RETRACTED_COLUMNS, kept)
    if gone:
        session.execute(delete(MomentRow).where(MomentRow.id.in_(listed(session, gone))).execution_options(**_QUIETLY))
    return len(gone)


_RETRACTED_COLUMNS = (
    "id", "kind", "shopper_id", "place_id", "visit_id", "occurred_at", "detected_at", "retracted_at",
)  # fmt: skip


def _forget_retractions(session: Session, ids: Sequence[str]) -> None:
    """What is told again is not retracted any more."""
    if ids:
        session.execute(
            delete(MomentRetractedRow)
            .where(MomentRetractedRow.id.in_(listed(session, ids)))
            .execution_options(**_QUIETLY)
        )


def _retract_visits(session: Session, ids: Sequence[str], changed: _Changed) -> None:
    if not ids:
        return
    mine = VisitRow.id.in_(listed(session, ids))
    for shopper_id, place_id, started_at in session.execute(
        select(VisitRow.shopper_id, VisitRow.place_id, VisitRow.started_at).where(mine)
    ):
        changed.note(shopper_id, place_id, started_at)
    session.execute(delete(VisitRow).where(mine).execution_options(**_QUIETLY))
    # what confirmed a visit that never was may confirm the true one: a code counts once, and it has not counted
    session.execute(delete(CorroborationRow).where(CorroborationRow.visit_id.in_(listed(session, ids))).execution_options(**_QUIETLY))


def _correct_visit(session: Session, visit: Visit) -> None:
    """A visit that was told is otherwise: perhaps it ended at another time, perhaps it has not ended."""
    ended_at = from_epoch_s(visit.ended_s) if visit.ended_s is not None else None
    values: dict[str, Any] = {
        "ended_at": ended_at,
        "seen_at": from_epoch_s(visit.seen_s),
        "decided_at": from_epoch_s(visit.decided_s),
        "parent_id": visit.parent_id or None,
        "dwell_s": visit.dwell_s,
        "confidence": visit.confidence,
        "doubts": list(visit.doubts),
    }
    if trust.MOCKED in visit.doubts:  # nothing that confirmed the visit holds against that
        values |= {"trust": str(TrustLevel.CLAIMED)}
    prepared(session, _correction(tuple(values)), {f"new_{name}": value for name, value in values.items()} | {"of": visit.id})
    if ended_at is not None:
        move_left(session, visit.id, ended_at, visit.dwell_s)


@cache
def _correction(columns: tuple[str, ...]) -> Update:
    """Built once: building costs several times what running it does."""
    visits = cast("Table", VisitRow.__table__)
    return update(visits).where(visits.c.id == bindparam("of")).values({name: bindparam(f"new_{name}") for name in columns})


def _number_anew(session: Session, shopper_id: str, place_id: str, since: datetime, at: datetime) -> tuple[int, int]:
    """A visit more or less before them: later visits of the place have another number, and are a return or none."""
    here = (VisitRow.shopper_id == shopper_id, VisitRow.place_id == place_id)
    base = session.scalar(select(func.max(VisitRow.nth_visit)).where(*here, VisitRow.started_at < since)) or 0
    rows = session.scalars(select(VisitRow).where(*here, VisitRow.started_at >= since)).all()
    standing = told_of(session, {row.id for row in rows})
    returns: list[Moment] = []
    firsts: list[str] = []
    for row in rows:
        nth = 1 + base + sum(other.started_at < row.started_at for other in rows)
        if nth == row.nth_visit:
            continue
        session.execute(
            update(VisitRow).where(VisitRow.id == row.id).values(nth_visit=nth).execution_options(**_QUIETLY)
        )
        session.execute(
            update(MomentRow).where(MomentRow.visit_id == row.id).values(nth_visit=nth).execution_options(**_QUIETLY)
        )
        again = standing.get((row.id, MomentKind.RETURN_VISIT.value, 0))
        if nth >= 2 and again is None:
            returns.append(_return_of(row, nth))
        elif nth == 1 and again is not None:
            firsts.append(again)
    for row in rows:
        session.expunge(row)
    told = record_moments(session, returns, at)
    _forget_retractions(session, [m.id for m in returns])
    return told, _retract_moments(session, firsts, at)


def _return_of(row: VisitRow, nth: int) -> Moment:
    started_s = row.started_at.timestamp()
    return Moment(
        id=moment_id(row.shopper_id, row.fence_id, started_s, MomentKind.RETURN_VISIT.value),
        kind=MomentKind.RETURN_VISIT,
        shopper_id=row.shopper_id,
        device_id=row.device_id,
        place_id=row.place_id,
        fence_id=row.fence_id,
        visit_id=row.id,
        at_s=started_s,
        dwell_s=0,
        nth_visit=nth,
        confidence=row.confidence,
        trust=TrustLevel(row.trust),
        doubts=tuple(row.doubts),
    )
